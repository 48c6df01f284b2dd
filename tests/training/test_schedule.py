"""The learning rate rises during the warm-up and never afterwards."""

from itertools import pairwise
from math import sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.recipe import TrainingOptions
from seq2seq.training.schedule import learning_rate_factor

SCHEDULES: list[Any] = ["constant", "inverse-square-root", "cosine", "plateau"]
each_schedule = pytest.mark.parametrize("schedule", SCHEDULES)


def rates(schedule: Any, warmup_updates: int, updates: int) -> list[float]:
    factor = learning_rate_factor(TrainingOptions(schedule=schedule, warmup_updates=warmup_updates), updates)
    return [factor(update) for update in range(updates)]


@each_schedule
@quick
@given(warmup_updates=st.integers(0, 20), after=st.integers(2, 30))
def test_rates_rise_in_a_line_to_1_and_never_afterwards(schedule: Any, warmup_updates: int, after: int) -> None:
    factors = rates(schedule, warmup_updates, warmup_updates + after)
    peak = max(warmup_updates, 1) - 1
    assert factors[: peak + 1] == pytest.approx([(update + 1) / (peak + 1) for update in range(peak + 1)])
    assert all(later <= earlier for earlier, later in pairwise(factors[peak:]))
    assert all(0 <= rate <= 1 for rate in factors)


@pytest.mark.parametrize("warmup_updates", [0, 1, 7])
def test_rates_after_the_warm_up(warmup_updates: int) -> None:
    updates = 101 + max(warmup_updates, 1) - 1
    peak = max(warmup_updates, 1) - 1
    cosine = rates("cosine", warmup_updates, updates)
    assert cosine[-1] == pytest.approx(0.0, abs=1e-12)
    assert cosine[peak + 50] == pytest.approx(0.5)
    assert cosine[peak + 25] == pytest.approx((1 + sqrt(0.5)) / 2)
    assert set(rates("constant", warmup_updates, updates)[peak:]) == {1.0}
    assert set(rates("plateau", warmup_updates, updates)[peak:]) == {1.0}
    root = rates("inverse-square-root", warmup_updates, updates)
    assert root[4 * (peak + 1) - 1] == pytest.approx(0.5)


@each_schedule
def test_a_rate_past_the_last_update_is_still_a_rate(schedule: Any) -> None:
    """Lightning also asks for the rate after the last update, and a training may end before its warm-up does."""
    for warmup_updates, updates in ((0, 1), (3, 10), (10, 3)):
        factor = learning_rate_factor(TrainingOptions(schedule=schedule, warmup_updates=warmup_updates), updates)
        assert all(0 <= factor(update) <= 1 for update in range(updates + 20))

"""What is minimised, how fast, and what the decoder is given to read."""

from itertools import pairwise
from math import sqrt
from typing import Any

import pytest
import torch
from examples import VOCABULARY, lengths, one, quick, random_batch, seeds, small_model
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.errors import UserError
from seq2seq.learning import TrainingOptions, learning_rate_factor, total_loss, with_own_guesses
from seq2seq.vocabulary import BOS

SCHEDULES: list[Any] = ["constant", "inverse-square-root", "cosine", "plateau"]
each_schedule = pytest.mark.parametrize("schedule", SCHEDULES)


def rates(schedule: Any, warm_up: int, updates: int) -> list[float]:
    factor = learning_rate_factor(TrainingOptions(schedule=schedule, warm_up=warm_up), updates)
    return [factor(update) for update in range(updates)]


@each_schedule
@quick
@given(warm_up=st.integers(0, 20), after=st.integers(2, 30))
def test_rates_rise_in_a_line_to_1_and_never_again(schedule: Any, warm_up: int, after: int) -> None:
    found = rates(schedule, warm_up, warm_up + after)
    peak = max(warm_up, 1) - 1
    assert found[: peak + 1] == pytest.approx([(update + 1) / (peak + 1) for update in range(peak + 1)])
    assert all(later <= earlier for earlier, later in pairwise(found[peak:]))
    assert all(0 <= rate <= 1 for rate in found)


@pytest.mark.parametrize("warm_up", [0, 1, 7])
def test_what_comes_after_the_warm_up(warm_up: int) -> None:
    updates = 101 + max(warm_up, 1) - 1
    peak = max(warm_up, 1) - 1
    cosine = rates("cosine", warm_up, updates)
    assert cosine[-1] == pytest.approx(0.0, abs=1e-12)
    assert cosine[peak + 50] == pytest.approx(0.5)
    assert cosine[peak + 25] == pytest.approx((1 + sqrt(0.5)) / 2)
    assert set(rates("constant", warm_up, updates)[peak:]) == {1.0}
    assert set(rates("plateau", warm_up, updates)[peak:]) == {1.0}
    root = rates("inverse-square-root", warm_up, updates)
    assert root[4 * (peak + 1) - 1] == pytest.approx(0.5)


@each_schedule
def test_a_rate_past_the_last_update_is_still_a_rate(schedule: Any) -> None:
    """Lightning asks for the rate after the last update, too; and an end may come sooner than the warm-up's."""
    for warm_up, updates in ((0, 1), (3, 10), (10, 3)):
        factor = learning_rate_factor(TrainingOptions(schedule=schedule, warm_up=warm_up), updates)
        assert all(0 <= factor(update) <= 1 for update in range(updates + 20))


@quick
@given(sizes=lengths, smoothing=st.floats(0, 0.9), seed=seeds)
def test_the_loss_is_the_sum_over_real_labels(sizes: list[int], smoothing: float, seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = small_model(), random_batch(sizes)
    expected = 0.0
    for row in range(len(sizes)):
        alone = one(batch, row)
        for logits, label in zip(model(alone), alone.labels[0].tolist(), strict=True):
            log_probabilities = logits.log_softmax(dim=-1)
            expected -= (1 - smoothing) * log_probabilities[label].item()
            expected -= sum(smoothing / VOCABULARY * log_probabilities[word].item() for word in range(VOCABULARY))
    assert total_loss(model, batch, smoothing).item() == pytest.approx(expected, rel=1e-4)


def test_without_smoothing_the_loss_is_what_the_model_says_of_the_labels() -> None:
    torch.manual_seed(0)
    model, batch = small_model(), random_batch([4, 2])
    torch.testing.assert_close(total_loss(model, batch), -model.log_probabilities(batch).sum())


@quick
@given(sizes=lengths, share=st.sampled_from([0.0, 0.5, 1.0]), seed=seeds)
def test_a_share_of_the_inputs_is_the_models_own(sizes: list[int], share: float, seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = small_model(), random_batch([*sizes, 20])
    mixed = with_own_guesses(model, batch, share, torch.Generator().manual_seed(seed))
    for name in ("source", "source_mask", "labels", "target_mask"):
        assert torch.equal(getattr(mixed, name), getattr(batch, name))
    assert (mixed.inputs[:, 0] == BOS).all()
    own = batch.inputs.clone()
    for row, real in enumerate(batch.target_mask.sum(dim=1).tolist()):
        said = model(one(batch, row)).argmax(dim=-1)
        own[row, 1:real] = said[: real - 1]  # what it would have said a step earlier
    if share == 0:
        assert torch.equal(mixed.inputs, batch.inputs)
    elif share == 1:
        assert torch.equal(mixed.inputs, own)
    else:
        assert ((mixed.inputs == batch.inputs) | (mixed.inputs == own)).all()
        assert not torch.equal(mixed.inputs, batch.inputs)
        assert not torch.equal(mixed.inputs, own)


def test_guesses_do_not_learn() -> None:
    torch.manual_seed(0)
    model, batch = small_model(), random_batch([4, 2])
    total_loss(model, with_own_guesses(model, batch, 0.5)).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert not with_own_guesses(model, batch, 0.5).inputs.requires_grad


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("batch_tokens", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("warm_up", -1),
        ("beta2", 1.0),
        ("label_smoothing", 1.0),
        ("label_smoothing", -0.1),
        ("scheduled_sampling", 1.1),
        ("average", 1.0),
        ("patience", -1),
        ("pool", 0),
        ("workers", -1),
    ],
)
def test_an_option_out_of_range_is_named(key: str, value: Any) -> None:
    with pytest.raises(UserError, match=rf"^training\.{key}: .*not {value}$"):
        TrainingOptions(**{key: value})

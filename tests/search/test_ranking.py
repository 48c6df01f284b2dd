"""The score of finished hypotheses."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_model import Memory, State, coverage, quick, seeds, toy

from seq2seq.search.ranking import Ranking, length_penalties


def ranking(length_penalty: float, coverage_penalty: float = 0.0) -> Ranking[Memory, State]:
    penalties = length_penalties(20, length_penalty, torch.device("cpu"))
    return Ranking(penalties, coverage_penalty, coverage if coverage_penalty else None)


def test_score_is_equation_14() -> None:
    memory, state = toy(0, batch=2)
    log_probability, origin = torch.tensor([[-3.0], [-4.0]]), torch.zeros(2, 1, dtype=torch.long)
    score = ranking(0.6, coverage_penalty=0.2).score(log_probability, 7, memory, state, origin)
    expected = log_probability / ((5 + 8) / 6) ** 0.6 + 0.2 * coverage(memory, state)
    assert score.total == pytest.approx(expected)
    assert score.length_penalty.item() == pytest.approx(((5 + 8) / 6) ** 0.6)
    assert score.coverage == pytest.approx(0.2 * coverage(memory, state))


@quick
@given(seeds, st.sampled_from([-2.0, 0.0, 0.6, 1.0, 3.0]), st.integers(0, 10), st.integers(1, 9))
def test_no_later_score_is_above_the_best_reachable_one(
    seed: int, length_penalty: float, length: int, steps: int
) -> None:
    memory, state = toy(seed)
    generator = torch.Generator().manual_seed(seed)
    now = -3 * torch.rand(1, 1, generator=generator)
    rank = ranking(length_penalty)
    bound = rank.best_reachable_score(now, length, rank.length_penalties[[length + steps]])
    for later in range(length + 1, length + steps + 1):
        score = rank.score(now, later, memory, state, torch.zeros(1, 1, dtype=torch.long))
        assert score.total.item() <= bound.item()

"""Intervals of shares have the values of their papers' formulas, and hold the share."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.insight.intervals import over_sentences, wilson


@pytest.mark.parametrize(
    ("correct", "count", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (15, 30, 0.3315, 0.6685)],
)
def test_wilson_has_its_known_values(correct: int, count: int, low: float, high: float) -> None:
    assert wilson(correct, count) == pytest.approx((low, high), abs=1e-4)


@quick
@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_share(count: int, data: st.DataObject) -> None:
    correct = data.draw(st.integers(0, count))
    low, high = wilson(correct, count)
    assert 0 <= low <= correct / count
    assert correct / count <= high <= 1


def test_sentences_are_drawn_as_a_whole() -> None:
    """Ten sentences of which half are all right: as uncertain as ten guesses, not as a hundred."""
    correct, counts = torch.tensor([10.0] * 5 + [0.0] * 5), torch.full((10,), 10)
    low, high = over_sentences(correct, counts)
    assert low <= 0.3
    assert high >= 0.7
    assert over_sentences(correct, counts) == (low, high)
    assert over_sentences(counts.double(), counts) == (1.0, 1.0)

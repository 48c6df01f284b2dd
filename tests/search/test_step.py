"""Selecting sentences and reordering hypotheses moves the rows of every tensor of a state."""

from typing import NamedTuple

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seq2seq.search.step import reorder_hypotheses, select_sentences


class Leaves(NamedTuple):
    numbers: Tensor
    matrices: Tensor


def leaves(batch: int, beam: int) -> Leaves:
    return Leaves(torch.arange(batch * beam).view(batch, beam), torch.randn(batch, beam, 2, 3))


def test_select_picks_sentences_in_every_leaf() -> None:
    before = leaves(batch=4, beam=3)
    after = select_sentences(before, torch.tensor([2, 0, 0]))
    assert isinstance(after, Leaves)
    for old, new in zip(before, after, strict=True):
        assert new.equal(torch.stack([old[2], old[0], old[0]]))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 5))
def test_reorder_picks_inside_each_sentence(seed: int, beam: int, new_beam: int) -> None:
    before = leaves(batch=3, beam=beam)
    hypotheses = torch.randint(beam, (3, new_beam), generator=torch.Generator().manual_seed(seed))
    after = reorder_hypotheses(before, hypotheses)
    assert isinstance(after, Leaves)
    for old, new in zip(before, after, strict=True):
        assert new.shape == (3, new_beam, *old.shape[2:])
        for sentence in range(3):
            for slot in range(new_beam):
                assert new[sentence, slot].equal(old[sentence, hypotheses[sentence, slot]])


class Nested(NamedTuple):
    layers: tuple[Leaves, ...]
    nothing: tuple[Tensor, ...]
    last: Tensor


def test_tuples_inside_a_state_are_moved_too() -> None:
    parts = leaves(batch=2, beam=3), leaves(batch=2, beam=3)
    origin = torch.tensor([[2, 0], [1, 1]])
    after = reorder_hypotheses(Nested(parts, (), parts[0].matrices), origin)
    assert isinstance(after, Nested)
    assert after.nothing == ()
    assert after.last.equal(reorder_hypotheses(parts[0], origin).matrices)
    for part, moved in zip(parts, after.layers, strict=True):
        assert isinstance(moved, Leaves)
        for expected, actual in zip(reorder_hypotheses(part, origin), moved, strict=True):
            assert actual.equal(expected)

"""Masks, padding and picking rows."""

from typing import NamedTuple

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seq2seq.tensors import length_mask, masked_softmax, pad, reorder, select, top
from seq2seq.vocabulary import PAD

quick = settings(max_examples=50, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


class Leaves(NamedTuple):
    numbers: Tensor
    matrices: Tensor


def leaves(batch: int, width: int) -> Leaves:
    return Leaves(torch.arange(batch * width).view(batch, width), torch.randn(batch, width, 2, 3))


@quick
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 3))
def test_a_mask_is_true_as_often_as_the_row_is_long(lengths: list[int], room: int) -> None:
    longest = max(lengths)
    mask = length_mask(torch.tensor(lengths))
    assert mask.dtype == torch.bool
    assert mask.tolist() == [[place < length for place in range(longest)] for length in lengths]
    roomy = length_mask(torch.tensor(lengths), longest + room)
    assert roomy.shape == (len(lengths), longest + room)
    assert roomy[:, :longest].equal(mask)
    assert not roomy[:, longest:].any()


@quick
@given(seeds, st.floats(0.01, 100))
def test_masked_softmax_is_softmax_of_the_real_positions(seed: int, scale: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = scale * torch.randn(5, 6, generator=generator)
    mask = torch.rand(5, 6, generator=generator) < 0.6
    mask[0] = False
    weights = masked_softmax(scores, mask)
    for row, real, found in zip(scores, mask, weights, strict=True):
        assert torch.equal(found[~real], torch.zeros(int((~real).sum())))
        torch.testing.assert_close(found[real], row[real].softmax(dim=0))


@quick
@given(seeds, st.sampled_from([0.0, 1e4, -1e30, 1e30, float("inf"), float("-inf")]))
def test_masked_scores_do_not_matter(seed: int, junk: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(4, 2, 6, generator=generator)
    mask = torch.rand(4, 1, 6, generator=generator) < 0.6  # broadcast, as attention does over the width
    changed = scores.masked_fill(~mask, junk)
    assert masked_softmax(changed, mask).equal(masked_softmax(scores, mask))


def test_a_row_with_nothing_real_is_zeros_and_so_is_its_gradient() -> None:
    scores = torch.randn(2, 4, requires_grad=True)
    mask = torch.tensor([[False] * 4, [True, True, False, False]])
    weights = masked_softmax(scores, mask)
    assert weights[0].tolist() == [0.0] * 4
    [gradient] = torch.autograd.grad(weights[:, 0].sum(), scores)
    assert gradient[0].tolist() == [0.0] * 4
    assert gradient[1, :2].abs().min() > 0


@quick
@given(st.lists(st.lists(st.integers(1, 99), max_size=7), min_size=1, max_size=5))
def test_padding_comes_off_again(rows: list[list[int]]) -> None:
    ids, mask = pad(rows)
    assert ids.dtype == torch.int64
    assert ids.shape == mask.shape == (len(rows), max(map(len, rows)))
    assert [row[real].tolist() for row, real in zip(ids, mask, strict=True)] == rows
    assert (ids[~mask] == PAD).all()


def test_select_picks_sentences_in_every_leaf() -> None:
    before = leaves(batch=4, width=3)
    after = select(before, torch.tensor([2, 0, 0]))
    assert isinstance(after, Leaves)
    for old, new in zip(before, after, strict=True):
        assert new.equal(torch.stack([old[2], old[0], old[0]]))


@quick
@given(seeds, st.integers(1, 4), st.integers(1, 5))
def test_reorder_picks_inside_each_sentence(seed: int, width: int, new_width: int) -> None:
    before = leaves(batch=3, width=width)
    beams = torch.randint(width, (3, new_width), generator=torch.Generator().manual_seed(seed))
    after = reorder(before, beams)
    assert isinstance(after, Leaves)
    for old, new in zip(before, after, strict=True):
        assert new.shape == (3, new_width, *old.shape[2:])
        for sentence in range(3):
            for place in range(new_width):
                assert new[sentence, place].equal(old[sentence, beams[sentence, place]])


@quick
@given(st.integers(1, 700), st.integers(1, 6), st.integers(1, 70), seeds)
def test_top_is_topk(size: int, count: int, group: int, seed: int) -> None:
    torch.manual_seed(seed)
    values = torch.randn(2, 3, size)
    values[0, 0, torch.rand(size) < 0.5] = -torch.inf
    found, places = top(values, count, group)
    assert torch.equal(found, values.topk(min(count, size), dim=-1).values)
    assert torch.equal(values.gather(-1, places), found)
    finite = places.masked_select(found.isfinite())
    assert torch.equal(finite, values.topk(min(count, size), dim=-1).indices.masked_select(found.isfinite()))

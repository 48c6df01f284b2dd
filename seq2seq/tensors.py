"""Small tensor functions that every room uses: masks, padding, and picking rows of a NamedTuple."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from seq2seq.vocabulary import PAD

Leaves = TypeVar("Leaves", bound=NamedTuple)


def length_mask(lengths: Tensor, size: int | None = None) -> Tensor:
    """Mark the real positions: lengths (batch,) → bool (batch, size), True = real. `size` defaults to the longest."""
    size = int(lengths.max()) if size is None else size
    return torch.arange(size, device=lengths.device) < lengths.unsqueeze(1)


def masked_softmax(scores: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last dimension's real positions; the others weigh exactly zero.

    scores (…, n); mask broadcastable to it, True = real. A row without any real position is all zeros, not NaN.
    """
    lowest = torch.finfo(scores.dtype).min
    weights = scores.masked_fill(~mask, lowest).softmax(dim=-1)
    return weights.masked_fill(~mask, 0.0)


def top(values: Tensor, count: int, group: int = 64) -> tuple[Tensor, Tensor]:
    """The `count` greatest of the last dimension, greatest first, and their indices: torch's topk, but faster.

    The greatest are in the groups of neighbours whose greatest are the greatest, and torch is quick at finding those.
    """
    size = values.shape[-1]
    if size < 2 * count * group:
        found, positions = values.topk(min(count, size), dim=-1)
        return found, positions
    whole = size - size % group
    groups = values[..., :whole].reshape(*values.shape[:-1], -1, group)  # (…, groups, group)
    best = groups.amax(dim=-1).topk(count, dim=-1).indices.unsqueeze(-1)  # (…, count, 1)
    positions = (best * group + torch.arange(group, device=values.device)).flatten(-2)
    rest = torch.arange(whole, size, device=values.device).expand(*positions.shape[:-1], -1)
    positions = torch.cat([positions, rest], dim=-1)
    found, places = values.gather(-1, positions).topk(count, dim=-1)
    return found, positions.gather(-1, places)


def pad(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Stack rows of ids into ids (batch, longest), filled with PAD, and their mask (batch, longest), True = real."""
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.full((len(rows), int(lengths.max())), PAD)
    for into, row in zip(ids, rows, strict=True):
        into[: len(row)] = torch.tensor(row)
    return ids, length_mask(lengths)


def select(leaves: Leaves, rows: Tensor) -> Leaves:
    """Pick sentences: every leaf (batch, …) → (rows, …). rows: int64 (rows,)."""
    return type(leaves)(*(leaf.index_select(0, rows) for leaf in leaves))


def reorder(leaves: Leaves, beams: Tensor) -> Leaves:
    """Pick hypotheses inside each sentence: every leaf (batch, width, …) → (batch, new width, …).

    beams: int64 (batch, new width), indices into the leaf's own width: a hypothesis never leaves its sentence.
    """
    sentences = torch.arange(beams.shape[0], device=beams.device).unsqueeze(1)  # (batch, 1)
    return type(leaves)(*(leaf[sentences, beams] for leaf in leaves))

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

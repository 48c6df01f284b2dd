"""Sentence pairs as one batch of padded token ids. Every mask of the project is made in this file."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from seq2seq.text.special_tokens import BOS, PAD


class Batch(NamedTuple):
    """Sentence pairs, ready for the model. A mask is True at real tokens and False at padding."""

    source: Int[Tensor, "batch source"]  # the source's tokens, then EOS
    source_mask: Bool[Tensor, "batch source"]
    inputs: Int[Tensor, "batch target"]  # BOS, then the target's tokens: what the decoder reads under teacher forcing
    labels: Int[Tensor, "batch target"]  # the target's tokens, then EOS: what the decoder learns to predict
    target_mask: Bool[Tensor, "batch target"]  # for both inputs and labels

    @classmethod
    def from_ids(cls, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> "Batch":
        """Make a batch of rows of ids, each ending in EOS as the tokenizer returns them."""
        source, source_mask = pad(sources)
        labels, target_mask = pad(targets)
        inputs, _ = pad([[BOS, *row[:-1]] for row in targets])
        return cls(source, source_mask, inputs, labels, target_mask)


def pad(rows: Sequence[Sequence[int]]) -> tuple[Int[Tensor, "batch longest"], Bool[Tensor, "batch longest"]]:
    """Stack rows of ids, filled with PAD on the right. Return the ids and their mask, which is True at real tokens."""
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.full((len(rows), int(lengths.max())), PAD)
    for padded, row in zip(ids, rows, strict=True):
        padded[: len(row)] = torch.tensor(row)
    return ids, length_mask(lengths)


def length_mask(lengths: Int[Tensor, " batch"], size: int | None = None) -> Bool[Tensor, "batch size"]:
    """Return a mask that is True at the first `lengths` positions of each row. `size` defaults to the longest row."""
    size = int(lengths.max()) if size is None else size
    return torch.arange(size, device=lengths.device) < lengths.unsqueeze(1)

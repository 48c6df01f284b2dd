"""A batch: sentence pairs as padded ids with their masks. The masks are born here and nowhere else."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from seq2seq.tensors import pad
from seq2seq.vocabulary import BOS


class Batch(NamedTuple):
    """Sentence pairs, ready for the model. Masks: bool, True = a real word."""

    source: Tensor  # (batch, source): words, then EOS
    source_mask: Tensor  # (batch, source)
    inputs: Tensor  # (batch, target): BOS, then words: what the decoder has read
    labels: Tensor  # (batch, target): words, then EOS: what it is to say
    target_mask: Tensor  # (batch, target): of inputs and labels alike

    @classmethod
    def of(cls, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> "Batch":
        """Stack rows of ids, each ending in EOS as the tokenizer gives them."""
        source, source_mask = pad(sources)
        labels, target_mask = pad(targets)
        inputs, _ = pad([[BOS, *row[:-1]] for row in targets])
        return cls(source, source_mask, inputs, labels, target_mask)

"""The interface between a model and a search: one step of a decoder, and the hypotheses that a search returns.

`Memory` and `State` are the model's own NamedTuples of tensors, or of further tuples of tensors. A search never looks
inside them: it only selects sentences and reorders hypotheses.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Float, Int64
from torch import Tensor

Memory = TypeVar("Memory", bound=tuple[Any, ...])
MemoryIn = TypeVar("MemoryIn", bound=tuple[Any, ...], contravariant=True)
State = TypeVar("State", bound=tuple[Any, ...])
Leaves = TypeVar("Leaves", bound=tuple[Any, ...])


@runtime_checkable
class Step(Protocol[MemoryIn, State]):
    """One step of a model: read each hypothesis's last token, return the log-probability of every next token.

    Args:
        memory: what the model has read of each sentence; leaves (batch, …), shared by a sentence's hypotheses.
        state: the model's recurrent state of each hypothesis; leaves (batch, beam, …).
        tokens: the last token of each hypothesis.

    Returns:
        The log-probabilities, and the state after the tokens.
    """

    def __call__(
        self, memory: MemoryIn, state: State, tokens: Int64[Tensor, "batch beam"], /
    ) -> tuple[Float[Tensor, "batch beam vocabulary"], State]: ...


class Hypothesis(NamedTuple):
    """A finished translation in token ids."""

    tokens: tuple[int, ...]  # without BOS and EOS
    log_probability: float  # the model's log P of the tokens and the EOS
    score: float  # what hypotheses are ranked by


def select_sentences(leaves: Leaves, rows: Int64[Tensor, " rows"]) -> Leaves:
    """Select sentences of a batch: every leaf (batch, …) becomes (rows, …)."""
    return map_leaves(lambda leaf: leaf.index_select(0, rows), leaves)


def reorder_hypotheses(leaves: Leaves, origin: Int64[Tensor, "batch new_beam"]) -> Leaves:
    """Select hypotheses inside each sentence: every leaf (batch, beam, …) becomes (batch, new_beam, …).

    Args:
        leaves: tensors (batch, beam, …).
        origin: the index of each new hypothesis in the old beam of the same sentence.
    """
    sentences = torch.arange(origin.shape[0], device=origin.device).unsqueeze(1)  # (batch, 1)
    return map_leaves(lambda leaf: leaf[sentences, origin], leaves)


def map_leaves(function: Callable[[Tensor], Tensor], leaves: Leaves) -> Leaves:
    """Apply a function to every tensor of a tuple, and of the tuples inside it. Return a tuple of the same types."""
    mapped = (function(leaf) if isinstance(leaf, Tensor) else map_leaves(function, leaf) for leaf in leaves)
    is_plain = type(leaves) is tuple
    return type(leaves)(mapped) if is_plain else type(leaves)(*mapped)

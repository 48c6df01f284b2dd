"""How a decoder reads the memory: the contract of attention and of the bottlenecks.

All contexts have the same methods, so that a decoder never asks which class it holds:

    layer = context.gate_projection(cell)                     once, when the decoder is built
    keys = context.prepare(memory)                            once per sentence
    token_query = context.token_query(embedded)               once for all given tokens
    vector, weights = context(query, token_query, memory)     once per step
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from seq2seq.model.cells.cell import Cell, initialise_input_weight
from seq2seq.model.encoder import Memory


class Sizes(NamedTuple):
    """The sizes that a context has to fit."""

    memory: int  # of a memory state
    query: int  # of a query, the decoder's state
    embedding: int  # of a token's embedding


class Context(nn.Module, ABC):
    """Base class of attention and the bottlenecks: it reads the memory for the decoder.

    Attributes:
        vector_size: size of the context vector.
        attends: whether the weights are attention weights, which sum to 1.
        reads_after_step: whether the decoder steps first, and then reads with its new state (Luong et al. 2015), not
            the other way round (Bahdanau et al. 2015).
    """

    vector_size: int
    attends: bool
    reads_after_step: ClassVar[bool] = False

    def gate_projection(self, cell: Cell) -> nn.Module:
        """Return the layer that maps the context vector to its part of what a cell's `project` returns.

        A class whose vector has size 0 returns a `ZeroProjection` instead of a linear layer without inputs.
        """
        layer = nn.Linear(self.vector_size, cell.projected_size, bias=False)
        initialise_input_weight(layer.weight, cell.matrices)
        return layer

    def prepare(self, memory: Memory) -> Float[Tensor, "batch source key"]:
        """Return the keys: the part of the attention scores that depends on the source alone."""
        return memory.keys

    def token_query(self, embedded: Float[Tensor, "batch tokens embedding"]) -> Float[Tensor, "batch tokens part"]:
        """Return what each token adds to the next query. The tokens are a target, or the hypotheses' last ones."""
        return embedded[..., :0]

    @abstractmethod
    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam vector"], Float[Tensor, "batch beam source"]]:
        """Read the memory once for each hypothesis.

        Args:
            query: the decoder's state: s_{i−1}, or s_i if the decoder reads after its step.
            token_query: the result of `token_query` for this step.
            memory: the sentences' memory, with prepared keys.

        Returns:
            The context vectors c_i and the weights α_i. The weights sum to 1 over the real source tokens, or are all
            zero if the class does not attend. They are shown, and their sums are the coverage.
        """


ContextFactory = Callable[[Sizes], Context]


def attend(
    scores: Float[Tensor, "batch beam source"], memory: Memory
) -> tuple[Float[Tensor, "batch beam memory"], Float[Tensor, "batch beam source"]]:
    """Return the mean of the memory's values, weighted by the softmax of the scores, and the weights."""
    weights = masked_softmax(scores, memory.mask.unsqueeze(1))
    return weights @ memory.values, weights


def zero_weights(query: Float[Tensor, "batch beam query"], memory: Memory) -> Float[Tensor, "batch beam source"]:
    """Return the weights of a context that does not attend: all zero."""
    return query.new_zeros(query.shape[0], query.shape[1], memory.mask.shape[1])


def masked_softmax(
    scores: Float[Tensor, "*batch source"], mask: Bool[Tensor, "*#batch source"]
) -> Float[Tensor, "*batch source"]:
    """Return the softmax over the real positions of the last dimension. The other positions get a weight of exactly 0.

    Args:
        scores: of any shape.
        mask: True = a real position; broadcast to the scores. A row without any real position gets zeros, not NaN.
    """
    lowest = torch.finfo(scores.dtype).min
    weights = scores.masked_fill(~mask, lowest).softmax(dim=-1)
    return weights.masked_fill(~mask, 0.0)

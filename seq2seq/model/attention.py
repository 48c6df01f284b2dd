"""Read the memory: by attention, or through one of the two bottlenecks that attention is compared with.

All classes here have the same methods, so that the decoder never asks which class it holds:

    layer = context.gate_projection(hidden)                   once, when the decoder is built
    keys = context.prepare(memory)                            once per sentence
    token_query = context.token_query(embedded)               once for all given tokens
    vector, weights = context(query, token_query, memory)     once per step
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from seq2seq.errors import OptionError
from seq2seq.model.cells import initialise_input_weight
from seq2seq.model.encoder import Memory
from seq2seq.model.size import LARGEST_SIZE


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
    """

    vector_size: int
    attends: bool

    def gate_projection(self, hidden: int) -> nn.Module:
        """Return the layer that maps the context vector to its part of the gates of an LSTM with `hidden` units.

        A class whose vector has size 0 returns a `ZeroProjection` instead of a linear layer without inputs.
        """
        layer = nn.Linear(self.vector_size, 4 * hidden, bias=False)
        initialise_input_weight(layer.weight, gates=4)
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
            query: the decoder's state s_{i−1}.
            token_query: the result of `token_query` for this step.
            memory: the sentences' memory, with prepared keys.

        Returns:
            The context vectors c_i and the weights α_i. The weights sum to 1 over the real source tokens, or are all
            zero if the class does not attend.
        """


ContextFactory = Callable[[Sizes], Context]


class AdditiveAttention(Context):
    """Attention that scores with a small network (Bahdanau, Cho, Bengio 2015, section 3.1 and appendix A.1.2).

    e_ij = vᵀ tanh(W s_{i−1} + U h_j);  α_i = softmax over the real j;  c_i = Σ_j α_ij h_j

    Args:
        size: units of the scoring network, the length of v.
        sees_last_word: add the last token to the query: W s_{i−1} + V E y_{i−1}. This is not in the paper. The
            query then depends on the last token, as in a conditional decoder (Sennrich et al. 2017, Nematus), but
            costs only one product outside the loop.

    Raises:
        UserError: size is out of its range.
    """

    def __init__(self, sizes: Sizes, size: int = 256, sees_last_word: bool = False) -> None:
        super().__init__()
        if size < 1:
            raise OptionError(type(self), f"size: must be at least 1, not {size}")
        if size > LARGEST_SIZE:
            raise OptionError(type(self), f"size: must be at most {LARGEST_SIZE:,}, not {size}")
        self.vector_size, self.attends = sizes.memory, True
        self.query = nn.Linear(sizes.query, size)  # W
        self.key = nn.Linear(sizes.memory, size, bias=False)  # U
        self.word = nn.Linear(sizes.embedding, size, bias=False) if sees_last_word else None  # V
        self.score = nn.Linear(size, 1, bias=False)  # v

    def prepare(self, memory: Memory) -> Float[Tensor, "batch source key"]:
        return self.key(memory.values)

    def token_query(self, embedded: Float[Tensor, "batch tokens embedding"]) -> Float[Tensor, "batch tokens part"]:
        return embedded.new_zeros(*embedded.shape[:-1], 1) if self.word is None else self.word(embedded)

    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam memory"], Float[Tensor, "batch beam source"]]:
        queries = self.query(query) + token_query
        hidden = torch.tanh(queries.unsqueeze(2) + memory.keys.unsqueeze(1))  # (batch, beam, source, size)
        return attend(self.score(hidden).squeeze(-1), memory)


class DotAttention(Context):
    """Attention that scores with a product (Luong, Pham, Manning 2015, equation 8, "general"). The query is s_{i−1}.

    e_ij = s_{i−1}ᵀ W h_j;  α_i = softmax over the real j;  c_i = Σ_j α_ij h_j
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.vector_size, self.attends = sizes.memory, True
        self.key = nn.Linear(sizes.memory, sizes.query, bias=False)  # W

    def prepare(self, memory: Memory) -> Float[Tensor, "batch source key"]:
        return self.key(memory.values)

    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam memory"], Float[Tensor, "batch beam source"]]:
        return attend(query @ memory.keys.transpose(1, 2), memory)


class FixedContext(Context):
    """The bottleneck: every step reads the same vector, the encoder's last states (Cho et al. 2014, equation 3)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.vector_size, self.attends = sizes.memory, False

    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam memory"], Float[Tensor, "batch beam source"]]:
        return memory.summary.unsqueeze(1).expand(-1, query.shape[1], -1), zero_weights(query, memory)


class NoContext(Context):
    """The tighter bottleneck: the memory sets the decoder's first state and is not read again (Sutskever et al. 2014).

    The context vector has size 0.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.vector_size, self.attends = 0, False

    def gate_projection(self, hidden: int) -> nn.Module:
        return ZeroProjection()

    def forward(
        self, query: Float[Tensor, "batch beam query"], token_query: Float[Tensor, "batch beam part"], memory: Memory
    ) -> tuple[Float[Tensor, "batch beam 0"], Float[Tensor, "batch beam source"]]:
        return query[..., :0], zero_weights(query, memory)


class ZeroProjection(nn.Module):
    """A gate projection for a context vector of size 0. It has no parameters and adds zero to each gate."""

    def __init__(self) -> None:
        super().__init__()
        self.register_load_state_dict_pre_hook(drop_empty_weight)  # type: ignore[no-untyped-call]

    def forward(self, vector: Float[Tensor, "batch beam 0"]) -> Float[Tensor, "batch beam 1"]:
        """Return one zero for each hypothesis, which broadcasts over its gates."""
        return vector.new_zeros(*vector.shape[:-1], 1)


def drop_empty_weight(module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Ignore the weight of shape (4 · hidden, 0) that older runs stored, when a linear layer stood in this place."""
    weight = state_dict.get(f"{prefix}weight")
    if weight is not None and not weight.numel():
        del state_dict[f"{prefix}weight"]


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

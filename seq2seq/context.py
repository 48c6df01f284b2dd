"""How a decoder reads the memory: the switch between attention and the fixed context vector.

Every class here answers the same three calls, so that a decoder never asks which one it holds:

    keys   = context.prepare(memory)                 once a sentence
    shares = context.word_share(embedded)            once for all given words
    vector, weights = context(query, share, memory)  once a step
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from seq2seq.errors import UserError
from seq2seq.tensors import masked_softmax


class Memory(NamedTuple):
    """What the encoder leaves behind of a sentence: made once, read at every step. All leaves are batch first."""

    values: Tensor  # (batch, source, memory): a state for each source word, h_j
    mask: Tensor  # (batch, source): True = a real word
    summary: Tensor  # (batch, memory): the top layer's last states, all that a fixed context vector has
    hidden: Tensor  # (batch, layers, memory): every layer's last states, from which a decoder starts
    cell: Tensor  # (batch, layers, memory)
    keys: Tensor  # (batch, source, key): what queries are compared with; the values themselves until `prepare`


class Sizes(NamedTuple):
    """The sizes a context has to fit: of a memory state, of a query (a decoder state), of a word's embedding."""

    memory: int
    query: int
    word: int


class Context(nn.Module, ABC):
    """Base of the four ways to read memory.

    Attributes:
        vector_size: of the context vector it returns.
        attends: its weights mean something: they sum to 1.
    """

    vector_size: int
    attends: bool

    def prepare(self, memory: Memory) -> Tensor:
        """The part of the scores that depends on the source alone: keys (batch, source, key)."""
        return memory.keys

    def word_share(self, embedded: Tensor) -> Tensor:
        """The last words' share of the queries: embedded (batch, target, word) → (batch, target, share)."""
        return embedded[..., :0]

    @abstractmethod
    def forward(self, query: Tensor, share: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Read memory once for each hypothesis.

        Args:
            query: the decoder's state s_{i−1}, (batch, width, query).
            share: this step's `word_share`, (batch, width, share).
            memory: the sentence's memory, its `keys` prepared.

        Returns:
            the context vector c_i (batch, width, vector), and the weights α_i (batch, width, source): they sum to 1
            over the real words, or are all zero where nothing is attended to.
        """


ContextFactory = Callable[[Sizes], Context]


class AdditiveAttention(Context):
    """Attention by a small network (Bahdanau, Cho, Bengio 2015, section 3.1 and appendix A.1.2).

    e_ij = vᵀ tanh(W s_{i−1} + U h_j);  α_i = softmax over the real j;  c_i = Σ_j α_ij h_j

    Args:
        size: units of the scoring network, the length of v.
        sees_last_word: the query has seen the last word, too: W s_{i−1} + V E y_{i−1}. Not in the paper: it gives the
            query what a conditional decoder's would have (Sennrich et al. 2017, Nematus), for one product outside the
            loop.

    Raises:
        UserError: size is below 1.
    """

    def __init__(self, sizes: Sizes, size: int = 256, sees_last_word: bool = False) -> None:
        super().__init__()
        if size < 1:
            raise UserError(f"model.decoder.context.size: must be at least 1, not {size}")
        self.vector_size, self.attends = sizes.memory, True
        self.query = nn.Linear(sizes.query, size)  # W
        self.key = nn.Linear(sizes.memory, size, bias=False)  # U
        self.word = nn.Linear(sizes.word, size, bias=False) if sees_last_word else None  # V
        self.score = nn.Linear(size, 1, bias=False)  # v

    def prepare(self, memory: Memory) -> Tensor:
        keys: Tensor = self.key(memory.values)
        return keys

    def word_share(self, embedded: Tensor) -> Tensor:
        share: Tensor = embedded.new_zeros(*embedded.shape[:-1], 1) if self.word is None else self.word(embedded)
        return share

    def forward(self, query: Tensor, share: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        asked = self.query(query) + share  # (batch, width, size)
        compared = torch.tanh(asked.unsqueeze(2) + memory.keys.unsqueeze(1))  # (batch, width, source, size)
        return attend(self.score(compared).squeeze(-1), memory)


class DotAttention(Context):
    """Attention by a product (Luong, Pham, Manning 2015, equation 8, "general"), with s_{i−1} as the query.

    e_ij = s_{i−1}ᵀ W h_j;  α_i = softmax over the real j;  c_i = Σ_j α_ij h_j
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.vector_size, self.attends = sizes.memory, True
        self.key = nn.Linear(sizes.memory, sizes.query, bias=False)  # W

    def prepare(self, memory: Memory) -> Tensor:
        keys: Tensor = self.key(memory.values)
        return keys

    def forward(self, query: Tensor, share: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        return attend(query @ memory.keys.transpose(1, 2), memory)


class FixedContext(Context):
    """The bottleneck: one and the same vector at every step, the encoder's last states (Cho et al. 2014, eq. 3)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.vector_size, self.attends = sizes.memory, False

    def forward(self, query: Tensor, share: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        return memory.summary.unsqueeze(1).expand(-1, query.shape[1], -1), no_weights(query, memory)


class NoContext(Context):
    """The tighter bottleneck: memory only starts the decoder, and is not read again (Sutskever, Vinyals, Le 2014)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.vector_size, self.attends = 0, False

    def forward(self, query: Tensor, share: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        return query[..., :0], no_weights(query, memory)


def attend(scores: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
    """scores (batch, width, source) → the values' mean under their softmax (batch, width, memory), and weights."""
    weights = masked_softmax(scores, memory.mask.unsqueeze(1))
    return weights @ memory.values, weights


def no_weights(query: Tensor, memory: Memory) -> Tensor:
    """The weights (batch, width, source) of a context that looks nowhere: all zero."""
    return query.new_zeros(query.shape[0], query.shape[1], memory.mask.shape[1])

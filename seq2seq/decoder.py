"""The decoder: an LSTM that writes the target one word at a time, reading the memory at every step.

Step i (Bahdanau, Cho, Bengio 2015, section 3.1, with an LSTM in the GRU's place):

    c_i = context(s_{i−1}, memory)
    s_i = LSTM([E y_{i−1} ; c_i], s_{i−1})
    p(y_i) = softmax(Eᵀ-or-O readout([s_i ; c_i ; E y_{i−1}]))

Only what depends on s_{i−1} is inside the loop. When the words are given (teacher forcing), the embeddings' share of
the gates and of the queries, the readout and the vocabulary projection are each one product for all steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from warnings import catch_warnings

import torch
from torch import Tensor, nn

from seq2seq.cells import LSTMCell, LSTMState
from seq2seq.context import AdditiveAttention, ContextFactory, Memory, Sizes
from seq2seq.embedding import Embedding
from seq2seq.errors import at_least_1, below_1, require


class State(NamedTuple):
    """What a hypothesis carries from step to step. Leaves (batch, width, …): width hypotheses of each sentence."""

    hidden: Tensor  # (batch, width, layers, hidden)
    cell: Tensor  # (batch, width, layers, hidden)
    coverage: Tensor  # (batch, width, source): attention each source word has had so far, Σ_i α_ij


@dataclass(frozen=True)
class DecoderOptions:
    """The decoder's shape.

    Args:
        hidden: units of each layer.
        layers: LSTMs, one on top of the other; the lowest reads the context, the highest asks for it.
        dropout: share of what goes between layers, and of the readout, that is zeroed in training.
        embedding_dropout: share of the embeddings that is zeroed in training.
        state_dropout: share of the recurrent state zeroed in training, the same units at every step of a sentence
            (variational dropout: Gal & Ghahramani 2016).
        context: how memory is read: AdditiveAttention, DotAttention, FixedContext or NoContext.

    Raises:
        UserError: a value is out of its range.
    """

    hidden: int = 512
    layers: int = 1
    dropout: float = 0.3
    embedding_dropout: float = 0.3
    state_dropout: float = 0.0
    context: ContextFactory = field(default=AdditiveAttention)

    def __post_init__(self) -> None:
        require("model.decoder", self, at_least_1(self, "hidden", "layers"))
        require("model.decoder", self, below_1(self, "dropout", "embedding_dropout", "state_dropout"))


class Bridge(nn.Module):
    """From the encoder's last states to a decoder layer's first: h = tanh(W [→h ; ←h] + b), c = V [→c ; ←c] + d."""

    def __init__(self, memory: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(memory, hidden)
        self.cell = nn.Linear(memory, hidden)

    def forward(self, hidden: Tensor, cell: Tensor) -> LSTMState:
        """hidden and cell (batch, memory) → a state with leaves (batch, 1, hidden)."""
        return LSTMState(torch.tanh(self.hidden(hidden)).unsqueeze(1), self.cell(cell).unsqueeze(1))


class Decoder(nn.Module):
    """An LSTM decoder that starts from the encoder's last states and reads memory through a `Context`.

    Args:
        embedding: the target embedding, owned by the caller: it may be shared with the encoder.
        memory: the size of a memory state.
        options: the shape.
        tied: the vocabulary projection is the embedding, transposed (Press & Wolf 2017), with a bias of its own.
    """

    cells: Sequence[LSTMCell]
    bridges: Sequence[Bridge]

    def __init__(self, embedding: Embedding, memory: int, options: DecoderOptions, tied: bool) -> None:
        super().__init__()
        word, hidden = embedding.embedding_dim, options.hidden
        self.embedding = embedding
        self.context = options.context(Sizes(memory=memory, query=hidden, word=word))
        sizes = [word] + [hidden] * (options.layers - 1)
        self.cells = nn.ModuleList(LSTMCell(size, hidden) for size in sizes)  # type: ignore[assignment]
        self.bridges = nn.ModuleList(Bridge(memory, hidden) for _ in sizes)  # type: ignore[assignment]
        with catch_warnings(action="ignore"):  # that there is nothing to initialise, where the context has no size
            self.context_gates = nn.Linear(self.context.vector_size, 4 * hidden, bias=False)
        for gate in self.context_gates.weight.data.chunk(4):
            nn.init.xavier_uniform_(gate)
        self.readout = nn.Linear(hidden + self.context.vector_size + word, word)
        self.vocabulary = nn.Linear(word, embedding.num_embeddings)
        if tied:
            self.vocabulary.weight = embedding.weight
        self.dropout = nn.Dropout(options.dropout)
        self.embedding_dropout = nn.Dropout(options.embedding_dropout)
        self.state_dropout = nn.Dropout(options.state_dropout)

    def start(self, memory: Memory) -> tuple[Memory, State]:
        """Prepare the memory's keys, and bridge to the first state, of width 1.

        A decoder layer starts from the encoder layer of its own height; those above the encoder's, from its top layer.
        Of an encoder with more layers, the uppermost are used.
        """
        top = memory.hidden.shape[1] - 1
        lowest = max(top + 1 - len(self.bridges), 0)
        heights = [min(lowest + layer, top) for layer in range(len(self.bridges))]
        layers = [
            bridge(memory.hidden[:, i], memory.cell[:, i]) for i, bridge in zip(heights, self.bridges, strict=True)
        ]
        coverage = memory.values.new_zeros(memory.mask.shape[0], 1, memory.mask.shape[1])
        return memory._replace(keys=self.context.prepare(memory)), stack(layers, coverage)

    def step(self, memory: Memory, state: State, words: Tensor) -> tuple[Tensor, State]:
        """One step of each hypothesis. memory: prepared by `start`; words: its last word, (batch, width).

        Returns the next word's logits (batch, width, vocabulary), and the state after the step.
        """
        embedded = self.embedding_dropout(self.embedding(words))  # (batch, width, word)
        gates, share = self.cells[0].project(embedded), self.context.word_share(embedded)
        layers, context, weights = self.advance(memory, unstack(state), gates, share)
        logits = self.vocabulary(self.read_out(layers[-1].hidden, context, embedded))
        return logits, stack(layers, state.coverage + weights)

    def forward(self, memory: Memory, state: State, words: Tensor) -> tuple[Tensor, Tensor]:
        """Unroll over given words (batch, target), from BOS to the last word but one. `state` is of width 1.

        Returns the readouts (batch, target, word), which `vocabulary` makes logits of, and the attention weights
        (batch, target, source).
        """
        embedded = self.embedding_dropout(self.embedding(words))  # (batch, target, word)
        gates = self.cells[0].project(embedded).unsqueeze(2).unbind(1)  # target × (batch, 1, 4 · hidden)
        shares = self.context.word_share(embedded).unsqueeze(2).unbind(1)
        layers = unstack(state)
        kept = self.state_dropout(torch.ones_like(layers[0].hidden))  # one mask for all steps
        hiddens, contexts, weights = [], [], []
        for step_gates, share in zip(gates, shares, strict=True):
            layers = (
                [LSTMState(layer.hidden * kept, layer.cell) for layer in layers] if self.state_dropout.p else layers
            )
            layers, context, weight = self.advance(memory, layers, step_gates, share)
            hiddens.append(layers[-1].hidden)
            contexts.append(context)
            weights.append(weight)
        readouts = self.read_out(torch.cat(hiddens, dim=1), torch.cat(contexts, dim=1), embedded)
        return readouts, torch.cat(weights, dim=1)

    def advance(
        self, memory: Memory, layers: list[LSTMState], gates: Tensor, share: Tensor
    ) -> tuple[list[LSTMState], Tensor, Tensor]:
        """The recurrence: all that depends on s_{i−1}, and nothing else.

        layers: each one's state, leaves (batch, width, hidden). gates (batch, width, 4 · hidden) and share: what the
        last word adds to the lowest layer's gates and to the query.
        """
        context, weights = self.context(layers[-1].hidden, share, memory)
        projected = gates + self.context_gates(context)
        after: list[LSTMState] = []
        for cell, layer in zip(self.cells, layers, strict=True):
            if after:
                projected = cell.project(self.dropout(after[-1].hidden))
            after.append(cell.step(projected, layer)[0])
        return after, context, weights

    def read_out(self, hidden: Tensor, context: Tensor, embedded: Tensor) -> Tensor:
        """[s_i ; c_i ; E y_{i−1}] through one layer: (batch, n, word) for n steps or n hypotheses."""
        readout: Tensor = self.dropout(torch.tanh(self.readout(torch.cat([hidden, context, embedded], dim=-1))))
        return readout


def stack(layers: list[LSTMState], coverage: Tensor) -> State:
    """Layers' states, leaves (batch, width, hidden), as one flat State."""
    hidden, cell = zip(*layers, strict=True)
    return State(torch.stack(hidden, dim=2), torch.stack(cell, dim=2), coverage)


def unstack(state: State) -> list[LSTMState]:
    """The inverse of `stack`, coverage left out."""
    return [LSTMState(h, c) for h, c in zip(state.hidden.unbind(2), state.cell.unbind(2), strict=True)]

"""The decoder: an LSTM that writes the target one token at a time and reads the memory at every step.

Step i (Bahdanau, Cho, Bengio 2015, section 3.1, with an LSTM in the place of the GRU):

    c_i = context(s_{i−1}, memory)
    s_i = LSTM([E y_{i−1} ; c_i], s_{i−1})
    p(y_i) = softmax(Eᵀ-or-O readout([s_i ; c_i ; E y_{i−1}]))

Only what depends on s_{i−1} is inside the loop. In teacher forcing all tokens are given. Four products are
therefore computed for all steps at once: the embeddings' part of the gates and of the queries, the readout and the
vocabulary projection.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from seq2seq.errors import at_least_1, at_most, below_1, check_options
from seq2seq.model.attention import AdditiveAttention, ContextFactory, Sizes
from seq2seq.model.cells import LSTMCell, LSTMState
from seq2seq.model.embedding import Embedding
from seq2seq.model.encoder import Memory
from seq2seq.model.size import LARGEST_SIZE, MOST_LAYERS


class State(NamedTuple):
    """The recurrent state of each hypothesis. `beam` counts the hypotheses of each sentence."""

    hidden: Float[Tensor, "batch beam layers hidden"]
    cell: Float[Tensor, "batch beam layers hidden"]
    coverage: Float[Tensor, "batch beam source"]  # Σ_i α_ij, the attention that each source token has had so far


@dataclass(frozen=True)
class DecoderOptions:
    """The decoder's sizes and dropout, and how it reads the memory.

    Args:
        hidden: units of each layer.
        layers: LSTMs, one on top of the other. The lowest reads the context; the highest is the query for it.
        dropout: fraction of the units between layers, and of the readout, that is zeroed in training.
        embedding_dropout: fraction of the embeddings that is zeroed in training.
        state_dropout: fraction of the recurrent state that is zeroed in training, the same units at every step of a
            sentence (variational dropout: Gal & Ghahramani 2016).
        context: how the decoder reads the memory: AdditiveAttention, DotAttention, FixedContext or NoContext.

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
        check_options(self, at_least_1(self, "hidden", "layers"))
        check_options(self, at_most(self, LARGEST_SIZE, "hidden"))
        check_options(self, at_most(self, MOST_LAYERS, "layers"))
        check_options(self, below_1(self, "dropout", "embedding_dropout", "state_dropout"))


class Bridge(nn.Module):
    """A layer that makes a decoder layer's first state: h = tanh(W [→h ; ←h] + b), c = V [→c ; ←c] + d."""

    def __init__(self, memory: int, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(memory, hidden)
        self.cell = nn.Linear(memory, hidden)

    def forward(self, hidden: Float[Tensor, "batch memory"], cell: Float[Tensor, "batch memory"]) -> LSTMState:
        """Return a state with leaves (batch, 1, hidden), from the last states of one encoder layer."""
        return LSTMState(torch.tanh(self.hidden(hidden)).unsqueeze(1), self.cell(cell).unsqueeze(1))


class Decoder(nn.Module):
    """An LSTM decoder that starts from the encoder's last states and reads the memory through a `Context`.

    Args:
        embedding: the target embedding. The caller owns it, because the encoder may share it.
        memory: size of a memory state.
        options: the sizes and dropout.
        tied: use the transposed embedding as the vocabulary projection (Press & Wolf 2017), with a bias of its own.
    """

    cells: Sequence[LSTMCell]
    bridges: Sequence[Bridge]

    def __init__(self, embedding: Embedding, memory: int, options: DecoderOptions, tied: bool) -> None:
        super().__init__()
        token, hidden = embedding.embedding_dim, options.hidden
        self.embedding = embedding
        self.context = options.context(Sizes(memory=memory, query=hidden, embedding=token))
        inputs = [token] + [hidden] * (options.layers - 1)
        self.cells = nn.ModuleList(LSTMCell(size, hidden) for size in inputs)  # type: ignore[assignment]
        self.bridges = nn.ModuleList(Bridge(memory, hidden) for _ in inputs)  # type: ignore[assignment]
        self.context_gates = self.context.gate_projection(hidden)
        self.readout = nn.Linear(hidden + self.context.vector_size + token, token)
        self.vocabulary = nn.Linear(token, embedding.num_embeddings)
        if tied:
            self.vocabulary.weight = embedding.weight
        self.dropout = nn.Dropout(options.dropout)
        self.embedding_dropout = nn.Dropout(options.embedding_dropout)
        self.state_dropout = nn.Dropout(options.state_dropout)

    def prepare(self, memory: Memory) -> Memory:
        """Return the memory with the keys that this decoder's context compares its queries with."""
        return memory._replace(keys=self.context.prepare(memory))

    def initial_state(self, memory: Memory) -> State:
        """Return the state before the first token. Each sentence has one hypothesis.

        A decoder layer starts from the encoder layer of the same height. Decoder layers above the encoder's top layer
        start from that top layer. If the encoder has more layers than the decoder, its uppermost layers are used.
        """
        encoder_layers = memory.hidden.shape[1]
        lowest = max(encoder_layers - len(self.bridges), 0)
        layers = []
        for height, bridge in enumerate(self.bridges, lowest):
            source_layer = min(height, encoder_layers - 1)
            layers.append(bridge(memory.hidden[:, source_layer], memory.cell[:, source_layer]))
        coverage = memory.values.new_zeros(memory.mask.shape[0], 1, memory.mask.shape[1])
        return stack_layers(layers, coverage)

    def step(
        self, memory: Memory, state: State, tokens: Int[Tensor, "batch beam"]
    ) -> tuple[Float[Tensor, "batch beam vocabulary"], State]:
        """Advance each hypothesis by one token.

        Args:
            memory: prepared by `prepare`.
            state: the state before the step.
            tokens: the last token of each hypothesis.

        Returns:
            The logits of the next token, and the state after the step.
        """
        embedded = self.embedding_dropout(self.embedding(tokens))
        token_gates, token_query = self.cells[0].project(embedded), self.context.token_query(embedded)
        layers, vector, weights = self.recurrent_step(memory, unstack_layers(state), token_gates, token_query)
        logits = self.vocabulary(self.compute_readout(layers[-1].hidden, vector, embedded))
        return logits, stack_layers(layers, state.coverage + weights)

    def forward(
        self, memory: Memory, state: State, tokens: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target embedding"], Float[Tensor, "batch target source"]]:
        """Run over given tokens (teacher forcing).

        Args:
            memory: prepared by `prepare`.
            state: the result of `initial_state`.
            tokens: BOS and the target without its last token.

        Returns:
            The readouts, from which `vocabulary` makes logits, and the attention weights.
        """
        embedded = self.embedding_dropout(self.embedding(tokens))
        token_gates = self.cells[0].project(embedded).unsqueeze(2).unbind(1)  # a tensor (batch, 1, gates) for each step
        token_queries = self.context.token_query(embedded).unsqueeze(2).unbind(1)
        layers = unstack_layers(state)
        state_mask = self.state_dropout(torch.ones_like(layers[0].hidden))  # the same mask for all steps
        hiddens, vectors, weights = [], [], []
        for step_gates, step_query in zip(token_gates, token_queries, strict=True):
            if self.state_dropout.p:
                layers = [LSTMState(layer.hidden * state_mask, layer.cell) for layer in layers]
            layers, vector, step_weights = self.recurrent_step(memory, layers, step_gates, step_query)
            hiddens.append(layers[-1].hidden)
            vectors.append(vector)
            weights.append(step_weights)
        readouts = self.compute_readout(torch.cat(hiddens, dim=1), torch.cat(vectors, dim=1), embedded)
        return readouts, torch.cat(weights, dim=1)

    def recurrent_step(
        self,
        memory: Memory,
        layers: list[LSTMState],
        token_gates: Float[Tensor, "batch beam gates"],
        token_query: Float[Tensor, "batch beam part"],
    ) -> tuple[list[LSTMState], Float[Tensor, "batch beam vector"], Float[Tensor, "batch beam source"]]:
        """Do the part of a step that depends on s_{i−1}, and nothing else.

        Args:
            memory: prepared by `prepare`.
            layers: the state of each layer, the lowest first, with leaves (batch, beam, hidden).
            token_gates: what the last token adds to the gates of the lowest layer.
            token_query: what the last token adds to the query.

        Returns:
            The new state of each layer, the context vectors and the attention weights.
        """
        vector, weights = self.context(layers[-1].hidden, token_query, memory)
        projected = token_gates + self.context_gates(vector)
        new_layers: list[LSTMState] = []
        for cell, layer in zip(self.cells, layers, strict=True):
            if new_layers:
                projected = cell.project(self.dropout(new_layers[-1].hidden))
            new_layers.append(cell.step(projected, layer)[0])
        return new_layers, vector, weights

    def compute_readout(
        self,
        hidden: Float[Tensor, "batch tokens hidden"],
        vector: Float[Tensor, "batch tokens vector"],
        embedded: Float[Tensor, "batch tokens embedding"],
    ) -> Float[Tensor, "batch tokens embedding"]:
        """Return [s_i ; c_i ; E y_{i−1}] after one layer, for all steps of a target or all hypotheses of a beam."""
        return self.dropout(torch.tanh(self.readout(torch.cat([hidden, vector, embedded], dim=-1))))


def stack_layers(layers: Sequence[LSTMState], coverage: Float[Tensor, "batch beam source"]) -> State:
    """Return the layers' states, with leaves (batch, beam, hidden), as one flat State."""
    hidden, cell = zip(*layers, strict=True)
    return State(torch.stack(hidden, dim=2), torch.stack(cell, dim=2), coverage)


def unstack_layers(state: State) -> list[LSTMState]:
    """Return the layers' states: the inverse of `stack_layers`, without the coverage."""
    return [LSTMState(hidden, cell) for hidden, cell in zip(state.hidden.unbind(2), state.cell.unbind(2), strict=True)]

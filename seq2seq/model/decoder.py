"""What all decoders have in common: their options, their state, and the loop over the target's tokens.

A decoder writes the target one token at a time, and reads the memory at every step. There are two classes, which differ
in the order of step and reading: read_then_step.py (Bahdanau et al. 2015) and luong.py (Luong et al. 2015).

Only what depends on the state is inside the loop. In teacher forcing all tokens are given. The embeddings' part of the
gates and of the queries, and the vocabulary projection, are therefore each one product for all steps at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from seq2seq.errors import at_least_1, at_most, below_1, check_options
from seq2seq.model.attention import AdditiveAttention
from seq2seq.model.bridge import Bridge
from seq2seq.model.cells.cell import Cell, CellFactory, CellState, stack_records
from seq2seq.model.cells.lstm import LSTMCell
from seq2seq.model.context import Context, ContextFactory
from seq2seq.model.embedding import Embedding
from seq2seq.model.encoder import Memory, check_residual
from seq2seq.model.recurrent_layer import Trace
from seq2seq.model.size import LARGEST_SIZE, MOST_LAYERS


class State(NamedTuple):
    """The recurrent state of each hypothesis. `beam` counts the hypotheses of each sentence."""

    layers: tuple[CellState, ...]  # of each layer, the lowest first; tensors (batch, beam, hidden)
    fed: tuple[
        Float[Tensor, "batch beam embedding"], ...
    ]  # what the last step hands on besides; most decoders: nothing
    coverage: Float[Tensor, "batch beam source"]  # Σ_i α_ij, the attention that each source token has had so far


class RecurrentStep(NamedTuple):
    """What one recurrent step of a decoder computes."""

    state: State  # after the step, its coverage unchanged
    outputs: tuple[Tensor, ...]  # what the readout needs of this step: tensors (batch, beam, …)
    weights: Float[Tensor, "batch beam source"]  # the attention weights
    gates: tuple[Any, ...]  # of each layer, the lowest first: the cells' own NamedTuples, tensors (batch, beam, hidden)


@dataclass(frozen=True)
class DecoderOptions:
    """The decoder's cells, sizes and dropout, and how it reads the memory.

    Args:
        hidden: units of each layer.
        layers: recurrent layers, one on top of the other. The lowest reads the context; the highest is the query for
            it.
        dropout: fraction of the units between layers, and of the readout, that is zeroed in training.
        embedding_dropout: fraction of the embeddings that is zeroed in training.
        state_dropout: fraction of the recurrent state that is zeroed in training, the same units in every layer and at
            every step of a sentence (variational dropout: Gal & Ghahramani 2016).
        context: how the decoder reads the memory: AdditiveAttention, MultiHeadAttention, DotAttention, LuongAttention,
            FixedContext or NoContext.
        cell: the recurrent cell: lstm, gru, rnn or peephole_lstm. Each takes layer_norm: true (Ba et al. 2016).
        residual: add each layer's input to its output, from the second layer on (He et al. 2016; Wu et al. 2016). The
            readout sees the sum, and the query of Luong's attention is the sum; other queries are the cell's own state.

    Raises:
        UserError: a value is out of its range.
    """

    hidden: int = 512
    layers: int = 1
    dropout: float = 0.3
    embedding_dropout: float = 0.3
    state_dropout: float = 0.0
    context: ContextFactory = field(default=AdditiveAttention)
    cell: CellFactory = field(default=LSTMCell)
    residual: bool = False

    def __post_init__(self) -> None:
        check_options(self, at_least_1(self, "hidden", "layers"))
        check_options(self, at_most(self, LARGEST_SIZE, "hidden"))
        check_options(self, at_most(self, MOST_LAYERS, "layers"))
        check_options(self, below_1(self, "dropout", "embedding_dropout", "state_dropout"))
        check_residual(self, self.residual, self.layers)


class Decoder(nn.Module, ABC):
    """A recurrent decoder that starts from the encoder's last states and reads the memory through a `Context`.

    Args:
        embedding: the target embedding. The caller owns it, because the encoder may share it.
        memory: size of a memory state.
        options: the cells, the sizes and dropout.
        context: what the decoder reads the memory through.
    """

    cells: Sequence[Cell]
    bridges: Sequence[Bridge]
    vocabulary: nn.Linear  # made by each class at its end: `make_vocabulary`

    def __init__(self, embedding: Embedding, memory: int, options: DecoderOptions, context: Context) -> None:
        super().__init__()
        self.embedding = embedding
        self.context = context
        inputs = [embedding.embedding_dim] + [options.hidden] * (options.layers - 1)
        self.cells = nn.ModuleList(options.cell(size, options.hidden) for size in inputs)  # type: ignore[assignment]
        self.bridges = nn.ModuleList(Bridge(memory, cell) for cell in self.cells)  # type: ignore[assignment]
        self.residual = options.residual
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
        encoder_layers = memory.last.hidden.shape[1]
        lowest = max(encoder_layers - len(self.bridges), 0)
        layers = []
        for height, bridge in enumerate(self.bridges, lowest):
            source_layer = min(height, encoder_layers - 1)
            layers.append(bridge(type(memory.last)(*(leaf[:, source_layer] for leaf in memory.last))))
        coverage = memory.values.new_zeros(memory.mask.shape[0], 1, memory.mask.shape[1])
        return State(tuple(layers), self.initial_fed(memory), coverage)

    def initial_fed(self, memory: Memory) -> tuple[Float[Tensor, "batch 1 embedding"], ...]:
        """Return what the first step is fed besides the layers' states."""
        return ()

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
        done = self.recurrent_step(memory, state, token_gates, token_query)
        logits = self.vocabulary(self.compute_readout(done.outputs, embedded))
        return logits, done.state._replace(coverage=state.coverage + done.weights)

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
        all_outputs, weights = [], []
        for done in self.recurrent_steps(memory, state, embedded):
            all_outputs.append(done.outputs)
            weights.append(done.weights)
        outputs = tuple(torch.cat(steps, dim=1) for steps in zip(*all_outputs, strict=True))
        return self.compute_readout(outputs, embedded), torch.cat(weights, dim=1)

    def trace(self, memory: Memory, state: State, tokens: Int[Tensor, "batch target"]) -> list[Trace]:
        """Return every state and gate while the decoder runs over given tokens: a `Trace` for each layer.

        See `forward` for the arguments. The tensors are (batch, target, hidden).
        """
        steps = list(self.recurrent_steps(memory, state, self.embedding(tokens)))
        traces = []
        for height in range(len(self.cells)):
            states = stack_records((done.state.layers[height] for done in steps), dim=2)
            gates = stack_records((done.gates[height] for done in steps), dim=2)
            traces.append(Trace(*(type(record)(*(leaf.squeeze(1) for leaf in record)) for record in (states, gates))))
        return traces

    def recurrent_steps(
        self, memory: Memory, state: State, embedded: Float[Tensor, "batch target embedding"]
    ) -> Iterator[RecurrentStep]:
        """Yield the recurrent step of each given token. The gates' products of all tokens are computed at once."""
        token_gates = self.cells[0].project(embedded).unsqueeze(2).unbind(1)  # a tensor (batch, 1, gates) for each step
        token_queries = self.context.token_query(embedded).unsqueeze(2).unbind(1)
        state_mask = self.state_dropout(torch.ones_like(state.layers[0].hidden))  # the same mask for all steps
        for step_gates, step_query in zip(token_gates, token_queries, strict=True):
            if self.state_dropout.p:
                layers = (layer._replace(hidden=layer.hidden * state_mask) for layer in state.layers)
                state = state._replace(layers=tuple(layers))
            done = self.recurrent_step(memory, state, step_gates, step_query)
            state = done.state
            yield done

    @abstractmethod
    def recurrent_step(
        self,
        memory: Memory,
        state: State,
        token_gates: Float[Tensor, "batch beam gates"],
        token_query: Float[Tensor, "batch beam part"],
    ) -> RecurrentStep:
        """Do the part of a step that depends on the state, and nothing else.

        Args:
            memory: prepared by `prepare`.
            state: the state before the step.
            token_gates: what the last token adds to the gates of the lowest layer.
            token_query: what the last token adds to the query.
        """

    @abstractmethod
    def compute_readout(
        self, outputs: tuple[Tensor, ...], embedded: Float[Tensor, "batch tokens embedding"]
    ) -> Float[Tensor, "batch tokens embedding"]:
        """Return what the vocabulary projection reads, for all steps of a target or all hypotheses of a beam.

        Args:
            outputs: those of `recurrent_step`, with `tokens` in the second dimension.
            embedded: the embedded last tokens.
        """

    def run_cells(
        self, projected: Float[Tensor, "batch beam gates"], layers: tuple[CellState, ...]
    ) -> tuple[tuple[CellState, ...], Float[Tensor, "batch beam hidden"], tuple[Any, ...]]:
        """Do one step of all layers.

        Args:
            projected: the input of the lowest layer, projected by its cell.
            layers: the state of each layer before the step.

        Returns:
            The state of each layer after the step, the output of the highest layer, and the gates of each layer.
        """
        (lowest, lowest_layer), *others = zip(self.cells, layers, strict=True)
        state, gates = lowest.step(projected, lowest_layer)
        new_layers, all_gates, output = [state], [gates], state.hidden
        for cell, layer in others:
            inputs = self.dropout(output)
            state, gates = cell.step(cell.project(inputs), layer)
            new_layers.append(state)
            all_gates.append(gates)
            output = state.hidden + inputs if self.residual else state.hidden
        return tuple(new_layers), output, tuple(all_gates)


def make_vocabulary(embedding: Embedding, tied: bool) -> nn.Linear:
    """Return the layer that maps a readout to logits.

    Args:
        embedding: the target embedding.
        tied: use its transposed weight (Press & Wolf 2017), with a bias of the layer's own.
    """
    vocabulary = nn.Linear(embedding.embedding_dim, embedding.num_embeddings)
    if tied:
        vocabulary.weight = embedding.weight
    return vocabulary

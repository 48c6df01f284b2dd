"""The encoder: stacked recurrent layers that turn source sentences into a memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from seq2seq.errors import OptionError, at_least_1, at_most, below_1, check_options
from seq2seq.model.cells.cell import CellFactory, CellState, stack_records
from seq2seq.model.cells.lstm import LSTMCell
from seq2seq.model.embedding import Embedding
from seq2seq.model.recurrent_layer import RecurrentLayer, Trace, make_layers, reading_orders, reorder
from seq2seq.model.size import LARGEST_SIZE, MOST_LAYERS


class Memory(NamedTuple):
    """The encoder's output. It is made once for each sentence, and the decoder reads it at every step."""

    values: Float[Tensor, "batch source memory"]  # h_j, a state for each source token
    mask: Bool[Tensor, "batch source"]  # True = a real token
    summary: Float[Tensor, "batch memory"]  # the top layer's last states: the fixed context vector
    last: CellState  # every layer's last states, from which the decoder starts: tensors (batch, layers, memory)
    keys: Float[Tensor, "batch source key"]  # what queries are compared with; the values until `Decoder.prepare`


@dataclass(frozen=True)
class EncoderOptions:
    """The encoder's cells, directions, sizes and dropout.

    Args:
        hidden: units in each direction; a memory state has twice as many if the encoder is bidirectional.
        layers: recurrent layers, one on top of the other.
        dropout: fraction of each layer's outputs, and so of the memory, that is zeroed in training.
        embedding_dropout: fraction of the embeddings that is zeroed in training.
        cell: the recurrent cell: lstm, gru, rnn or peephole_lstm. Each takes layer_norm: true (Ba et al. 2016).
        bidirectional: read each sentence in both directions (Schuster & Paliwal 1997), not only from its first token.
        reversed: read each sentence from its last token to its first, in this direction only (Sutskever et al. 2014).
        residual: add each layer's input to its output, from the second layer on (He et al. 2016; Wu et al. 2016). The
            sum goes to the next layer and to the memory; the last states, which start the decoder, are the cells' own.

    Raises:
        UserError: a value is out of its range, or two options exclude each other.
    """

    hidden: int = 256
    layers: int = 1
    dropout: float = 0.3
    embedding_dropout: float = 0.3
    cell: CellFactory = field(default=LSTMCell)
    bidirectional: bool = True
    reversed: bool = False
    residual: bool = False

    def __post_init__(self) -> None:
        check_options(self, at_least_1(self, "hidden", "layers"))
        check_options(self, at_most(self, LARGEST_SIZE, "hidden"))
        check_options(self, at_most(self, MOST_LAYERS, "layers"))
        check_options(self, below_1(self, "dropout", "embedding_dropout"))
        check_residual(self, self.residual, self.layers)
        if self.reversed and self.bidirectional:
            message = "reversed: a bidirectional encoder reads both ways already; set bidirectional to false, too"
            raise OptionError(type(self), message)

    @property
    def memory_size(self) -> int:
        """Return the size of a memory state: all directions together."""
        return self.hidden * (1 + self.bidirectional)


def check_residual(options: object, residual: bool, layers: int) -> None:
    """Check that residual connections have layers to connect.

    Raises:
        OptionError: there is only one layer.
    """
    if residual and layers < 2:
        raise OptionError(type(options), "residual: it connects layers, and there is only 1; set layers to 2 or more")


class Encoder(nn.Module):
    """Recurrent layers; as a rule a BiLSTM, h_j = [→h_j ; ←h_j] (Bahdanau, Cho, Bengio 2015, section 3.2).

    No state ever reads padding, and the last forward state belongs to the last real token.

    Args:
        embedding: the source embedding. The caller owns it, because the decoder may share it.
        options: the cells, the sizes and dropout.

    Attributes:
        directions: the names of the directions in which a layer reads: "forward", "backward", or both in this order.
    """

    layers: Sequence[RecurrentLayer]

    def __init__(self, embedding: Embedding, options: EncoderOptions) -> None:
        super().__init__()
        self.embedding = embedding
        self.dropout = nn.Dropout(options.dropout)
        self.embedding_dropout = nn.Dropout(options.embedding_dropout)
        self.size = options.memory_size
        self.reversed = options.reversed
        self.directions = ("backward",) if options.reversed else ("forward", "backward")[: 1 + options.bidirectional]
        self.residual = options.residual
        inputs = [embedding.embedding_dim] + [self.size] * (options.layers - 1)
        layers = make_layers(options.cell, inputs, options.hidden, options.bidirectional)
        self.layers = nn.ModuleList(layers)  # type: ignore[assignment]  # torch does not type a ModuleList's contents

    def forward(self, source: Int[Tensor, "batch source"], mask: Bool[Tensor, "batch source"]) -> Memory:
        """Return the memory of a batch of sentences. Its keys are not prepared yet."""
        lengths = mask.sum(dim=1).cpu()  # packing needs the lengths on the CPU
        values = self.read(source, lengths)
        last_states = []
        for height, layer in enumerate(self.layers):
            outputs, last_state = layer(values, lengths)
            values = self.connect(height, outputs, values)
            last_states.append(last_state)
        last = stack_records(last_states, dim=1)
        values = self.in_order(values, lengths)
        return Memory(values, mask, last.hidden[:, -1], last, keys=values)

    def trace(self, source: Int[Tensor, "batch source"], mask: Bool[Tensor, "batch source"]) -> list[tuple[Trace, ...]]:
        """Return every state and gate of every layer: for each layer, one `Trace` a direction, forward first.

        Our own cells compute them, with the same weights as `forward`. Each stands where its token stands, whatever the
        order of reading is.
        """
        lengths = mask.sum(dim=1).cpu()
        values = self.read(source, lengths)
        traces = []
        for height, layer in enumerate(self.layers):
            directions = layer.looped().trace(values, lengths)
            outputs = torch.cat([direction.states.hidden for direction in directions], dim=-1)
            values = self.connect(height, outputs, values)
            traces.append(tuple(self.trace_in_order(direction, lengths) for direction in directions))
        return traces

    def read(
        self, source: Int[Tensor, "batch source"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch source embedding"]:
        """Return the embeddings of the tokens in the order in which the lowest layer reads them."""
        return self.in_order(self.embedding_dropout(self.embedding(source)), lengths)

    def in_order(
        self, values: Float[Tensor, "batch source size"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch source size"]:
        """Return values in the order of reading, or back in the order of the tokens: h_j stands where its token is."""
        if not self.reversed:
            return values
        _, backward = reading_orders(values, lengths)
        return reorder(values, backward)

    def connect(
        self, height: int, outputs: Float[Tensor, "batch source memory"], inputs: Float[Tensor, "batch source input"]
    ) -> Float[Tensor, "batch source memory"]:
        """Return what the layer at a height hands to the next one, from its outputs and its inputs."""
        return self.dropout(outputs + inputs if self.residual and height else outputs)

    def trace_in_order(self, trace: Trace, lengths: Int[Tensor, " batch"]) -> Trace:
        """Return a trace whose tensors are in the order of the tokens."""
        return Trace(*(type(record)(*(self.in_order(values, lengths) for values in record)) for record in trace))

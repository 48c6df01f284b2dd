"""The encoder: stacked recurrent layers that turn source sentences into a memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from seq2seq.errors import OptionError, at_least_1, at_most, below_1, check_options
from seq2seq.model.cells.cell import CellFactory, CellState, stack_records
from seq2seq.model.cells.lstm import LSTMCell
from seq2seq.model.embedding import Embedding
from seq2seq.model.recurrent_layer import RecurrentLayer, make_layers, reading_orders, reorder
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
        residual: add each layer's input to its output, from the second layer on (He et al. 2016; Wu et al. 2016).

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
    """

    layers: Sequence[RecurrentLayer]

    def __init__(self, embedding: Embedding, options: EncoderOptions) -> None:
        super().__init__()
        self.embedding = embedding
        self.dropout = nn.Dropout(options.dropout)
        self.embedding_dropout = nn.Dropout(options.embedding_dropout)
        self.size = options.memory_size
        self.reversed = options.reversed
        self.residual = options.residual
        inputs = [embedding.embedding_dim] + [self.size] * (options.layers - 1)
        layers = make_layers(options.cell, inputs, options.hidden, options.bidirectional)
        self.layers = nn.ModuleList(layers)  # type: ignore[assignment]  # torch does not type a ModuleList's contents

    def forward(self, source: Int[Tensor, "batch source"], mask: Bool[Tensor, "batch source"]) -> Memory:
        """Return the memory of a batch of sentences. Its keys are not prepared yet."""
        lengths = mask.sum(dim=1).cpu()  # packing needs the lengths on the CPU
        values = self.embedding_dropout(self.embedding(source))
        if self.reversed:
            _, backward = reading_orders(values, lengths)
            values = reorder(values, backward)
        last_states = []
        for height, layer in enumerate(self.layers):
            outputs, last_state = layer(values, lengths)
            values = self.dropout(outputs + values if self.residual and height else outputs)
            last_states.append(last_state)
        if self.reversed:  # h_j stands where its token stands
            values = reorder(values, backward)
        last = stack_records(last_states, dim=1)
        return Memory(values, mask, last.hidden[:, -1], last, keys=values)

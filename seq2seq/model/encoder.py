"""The encoder: a stacked bidirectional LSTM that turns source sentences into a memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from seq2seq.errors import at_least_1, at_most, below_1, check_options
from seq2seq.model.cells import initialise_input_weight, initialise_recurrent_weight
from seq2seq.model.embedding import Embedding
from seq2seq.model.size import LARGEST_SIZE, MOST_LAYERS


class Memory(NamedTuple):
    """The encoder's output. It is made once for each sentence, and the decoder reads it at every step."""

    values: Float[Tensor, "batch source memory"]  # h_j, a state for each source token
    mask: Bool[Tensor, "batch source"]  # True = a real token
    summary: Float[Tensor, "batch memory"]  # the top layer's last states: the fixed context vector
    hidden: Float[Tensor, "batch layers memory"]  # every layer's last states, from which the decoder starts
    cell: Float[Tensor, "batch layers memory"]
    keys: Float[Tensor, "batch source key"]  # what queries are compared with; the values until `Decoder.prepare`


@dataclass(frozen=True)
class EncoderOptions:
    """The encoder's sizes and dropout.

    Args:
        hidden: units in each direction; a memory state has twice as many.
        layers: bidirectional LSTMs, one on top of the other.
        dropout: fraction of each layer's outputs, and so of the memory, that is zeroed in training.
        embedding_dropout: fraction of the embeddings that is zeroed in training.

    Raises:
        UserError: a value is out of its range.
    """

    hidden: int = 256
    layers: int = 1
    dropout: float = 0.3
    embedding_dropout: float = 0.3

    def __post_init__(self) -> None:
        check_options(self, at_least_1(self, "hidden", "layers"))
        check_options(self, at_most(self, LARGEST_SIZE, "hidden"))
        check_options(self, at_most(self, MOST_LAYERS, "layers"))
        check_options(self, below_1(self, "dropout", "embedding_dropout"))


class Encoder(nn.Module):
    """A BiLSTM: h_j = [→h_j ; ←h_j] (Bahdanau, Cho, Bengio 2015, section 3.2, with LSTMs in the place of GRUs).

    Sequences are packed: no state ever reads padding, and the last forward state belongs to the last real token.

    Args:
        embedding: the source embedding. The caller owns it, because the decoder may share it.
        options: the sizes and dropout.
    """

    layers: Sequence[nn.LSTM]

    def __init__(self, embedding: Embedding, options: EncoderOptions) -> None:
        super().__init__()
        self.embedding = embedding
        self.dropout = nn.Dropout(options.dropout)
        self.embedding_dropout = nn.Dropout(options.embedding_dropout)
        self.size = 2 * options.hidden
        inputs = [embedding.embedding_dim] + [self.size] * (options.layers - 1)
        self.layers = nn.ModuleList(  # type: ignore[assignment]  # torch does not type a ModuleList's contents
            nn.LSTM(size, options.hidden, batch_first=True, bidirectional=True) for size in inputs
        )
        for layer in self.layers:
            initialise_lstm(layer)

    def forward(self, source: Int[Tensor, "batch source"], mask: Bool[Tensor, "batch source"]) -> Memory:
        """Return the memory of a batch of sentences. Its keys are not prepared yet."""
        lengths = mask.sum(dim=1).cpu()  # packing needs the lengths on the CPU
        values = self.embedding_dropout(self.embedding(source))
        hiddens, cells = [], []
        for layer in self.layers:
            packed: PackedSequence = pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
            states, (hidden, cell) = layer(packed)
            values, _ = pad_packed_sequence(states, batch_first=True, total_length=source.shape[1])
            values = self.dropout(values)
            hiddens.append(join_directions(hidden))
            cells.append(join_directions(cell))
        hidden, cell = torch.stack(hiddens, dim=1), torch.stack(cells, dim=1)
        return Memory(values, mask, hidden[:, -1], hidden, cell, keys=values)


def join_directions(states: Float[Tensor, "2 batch hidden"]) -> Float[Tensor, "batch memory"]:
    """Concatenate the last forward state and the last backward state."""
    forward, backward = states
    return torch.cat([forward, backward], dim=-1)


def initialise_lstm(layer: nn.LSTM) -> None:
    """Initialise a torch LSTM as our own LSTMCell is initialised, with a forget bias of 1.

    torch keeps two biases for each gate and adds them. The gates are in the order of `LSTMCell`.
    """
    for name, parameter in layer.named_parameters():
        if name.startswith("weight_ih"):
            initialise_input_weight(parameter, gates=4)
        elif name.startswith("weight_hh"):
            initialise_recurrent_weight(parameter, gates=4)
        else:
            nn.init.zeros_(parameter)
            if name.startswith("bias_ih"):
                parameter.data.chunk(4)[1].fill_(1.0)

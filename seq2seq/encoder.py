"""The encoder: a stacked bidirectional LSTM reads the source into a memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from seq2seq.context import Memory
from seq2seq.embedding import Embedding
from seq2seq.errors import at_least_1, below_1, require


@dataclass(frozen=True)
class EncoderOptions:
    """The encoder's shape.

    Args:
        hidden: units in each direction; a memory state has twice as many.
        layers: bidirectional LSTMs, one on top of the other.
        dropout: share of each layer's outputs, so of the memory as well, that is zeroed in training.
        embedding_dropout: share of the embeddings that is zeroed in training.

    Raises:
        UserError: a value is out of its range.
    """

    hidden: int = 256
    layers: int = 1
    dropout: float = 0.3
    embedding_dropout: float = 0.3

    def __post_init__(self) -> None:
        require("model.encoder", self, at_least_1(self, "hidden", "layers"))
        require("model.encoder", self, below_1(self, "dropout", "embedding_dropout"))


class Encoder(nn.Module):
    """h_j = [→h_j ; ←h_j] (Bahdanau, Cho, Bengio 2015, section 3.2, with LSTMs in the GRUs' place).

    Sequences are packed: no state ever reads padding, and the last forward state is the last real word's.

    Args:
        embedding: the source embedding, owned by the caller: it may be shared with the decoder.
        options: the shape.
    """

    layers: Sequence[nn.LSTM]

    def __init__(self, embedding: Embedding, options: EncoderOptions) -> None:
        super().__init__()
        self.embedding = embedding
        self.dropout = nn.Dropout(options.dropout)
        self.embedding_dropout = nn.Dropout(options.embedding_dropout)
        self.size = 2 * options.hidden
        inputs = [embedding.embedding_dim] + [self.size] * (options.layers - 1)
        self.layers = nn.ModuleList(  # type: ignore[assignment]  # which torch does not say the contents of
            nn.LSTM(size, options.hidden, batch_first=True, bidirectional=True) for size in inputs
        )
        for layer in self.layers:
            initialise(layer)

    def forward(self, words: Tensor, mask: Tensor) -> Memory:
        """Read words (batch, source) with their mask (batch, source) into a Memory, its keys not yet prepared."""
        lengths = mask.sum(dim=1).cpu()  # (batch,): packing wants them on the CPU
        values = self.embedding_dropout(self.embedding(words))  # (batch, source, embedding)
        last: list[tuple[Tensor, Tensor]] = []
        for layer in self.layers:
            packed: PackedSequence = pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
            states, (hidden, cell) = layer(packed)
            values, _ = pad_packed_sequence(states, batch_first=True, total_length=words.shape[1])
            values = self.dropout(values)  # (batch, source, memory)
            last.append((both(hidden), both(cell)))
        hidden = torch.stack([h for h, _ in last], dim=1)  # (batch, layers, memory)
        cell = torch.stack([c for _, c in last], dim=1)
        return Memory(values, mask, hidden[:, -1], hidden, cell, keys=values)


def both(last: Tensor) -> Tensor:
    """Join the two directions' last states: (2, batch, hidden) → (batch, 2 · hidden)."""
    forward, backward = last
    return torch.cat([forward, backward], dim=-1)


def initialise(layer: nn.LSTM) -> None:
    """Glorot for what reads the input, orthogonal for what reads the state, and a forget gate that starts open.

    torch keeps two biases a gate, and adds them: one starts at zero. Its order of gates: input, forget, cell, output.
    """
    for name, parameter in layer.named_parameters():
        if name.startswith("weight_ih"):
            for gate in parameter.data.chunk(4):
                nn.init.xavier_uniform_(gate)
        elif name.startswith("weight_hh"):
            for gate in parameter.data.chunk(4):
                nn.init.orthogonal_(gate)
        else:
            nn.init.zeros_(parameter)
            if name.startswith("bias_ih"):
                parameter.data.chunk(4)[1].fill_(1.0)

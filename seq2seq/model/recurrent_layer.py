"""A layer that reads whole sequences with one cell, in one direction or in both: one definition, two computations.

`LoopedLayer` runs any cell, step by step, and can show its gates. `FusedLayer` is torch's fast computation of the
same, for the three cells that torch has. `FusedLayer.looped` returns the other computation of the same weights.

Both read the real tokens of each sequence only. The last state of a direction is the state after the last token that
this direction reads.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seq2seq.model.cells.cell import (
    Cell,
    CellFactory,
    CellState,
    initialise_input_weight,
    initialise_recurrent_weight,
    stack_records,
)
from seq2seq.model.cells.gru import GRUCell
from seq2seq.model.cells.lstm import LSTMCell
from seq2seq.model.cells.rnn import RNNCell


class Trace(NamedTuple):
    """All states and gates of one direction, with tensors (batch, source, hidden). Those at padding mean nothing."""

    states: CellState
    gates: Any  # the cell's own NamedTuple


class LoopedLayer(nn.Module):
    """A layer that calls its cells in a loop over the tokens.

    Args:
        cell: makes the cell of each direction.
        inputs: size of an input.
        hidden: units of each direction.
        bidirectional: whether a second cell reads each sequence from its end.
    """

    cells: Sequence[Cell]

    def __init__(self, cell: CellFactory, inputs: int, hidden: int, bidirectional: bool) -> None:
        super().__init__()
        self.cells = nn.ModuleList(cell(inputs, hidden) for _ in range(1 + bidirectional))  # type: ignore[assignment]

    def forward(
        self, values: Float[Tensor, "batch source input"], lengths: Int[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch source memory"], CellState]:
        """Read a batch of sequences.

        Args:
            values: the inputs.
            lengths: the number of real tokens of each sequence, at least 1.

        Returns:
            h of each real token, and zero at padding; and the last state, with tensors (batch, memory). Both have the
            directions side by side.
        """
        padding = (torch.arange(values.shape[1]) >= lengths.cpu().unsqueeze(1)).to(values.device)
        outputs, last_states = [], []
        for cell, order in zip(self.cells, reading_orders(values, lengths), strict=False):
            states = stack_records((state for state, _ in unroll(cell, reorder(values, order))), dim=1)
            last = (lengths - 1).to(values.device)[:, None]
            last_states.append(type(states)(*(reorder(tensor, last).squeeze(1) for tensor in states)))
            outputs.append(reorder(states.hidden, order))
        joined = type(last_states[0])(*(torch.cat(tensors, dim=-1) for tensors in zip(*last_states, strict=True)))
        return torch.cat(outputs, dim=-1).masked_fill(padding.unsqueeze(2), 0.0), joined

    def looped(self) -> "LoopedLayer":
        """Return this layer: it calls its cells already. See `FusedLayer.looped`."""
        return self

    def trace(self, values: Float[Tensor, "batch source input"], lengths: Int[Tensor, " batch"]) -> list[Trace]:
        """Return all states and gates of each direction, in the order of the tokens. See `forward`."""
        traces = []
        for cell, order in zip(self.cells, reading_orders(values, lengths), strict=False):
            records = zip(*unroll(cell, reorder(values, order)), strict=True)
            stacked = (stack_records(steps, dim=1) for steps in records)
            traces.append(Trace(*(type(part)(*(reorder(tensor, order) for tensor in part)) for part in stacked)))
        return traces


class FusedLayer(nn.RNNBase):
    """A layer that torch computes, over packed sequences: base class of torch's three cells.

    torch keeps two biases for each gate and adds them; our cells have one.

    Attributes:
        cell: our cell, which computes the same.
    """

    cell: ClassVar[type[Cell]]

    def __init__(self, inputs: int, hidden: int, bidirectional: bool) -> None:
        super().__init__(inputs, hidden, batch_first=True, bidirectional=bidirectional)  # type: ignore[call-arg, arg-type]

    def forward(
        self, values: Float[Tensor, "batch source input"], lengths: Int[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch source memory"], CellState]:
        """Read a batch of sequences. See `LoopedLayer.forward`; here the lengths have to be on the CPU."""
        packed = pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
        states, last = super().forward(packed)
        outputs, _ = pad_packed_sequence(states, batch_first=True, total_length=values.shape[1])
        leaves = last if isinstance(last, tuple) else (last,)  # each (directions, batch, hidden)
        return outputs, self.cell.state_type(*(torch.cat(leaf.unbind(), dim=-1) for leaf in leaves))

    def initialise(self) -> None:
        """Draw the weights as our cell draws them."""
        for name, parameter in self.named_parameters():
            if name.startswith("weight_ih"):
                initialise_input_weight(parameter, self.cell.matrices)
            elif name.startswith("weight_hh"):
                initialise_recurrent_weight(parameter, self.cell.matrices)
            else:
                nn.init.zeros_(parameter)

    @classmethod
    def count_parameters(cls, inputs: int, hidden: int) -> int:
        """Return the number of weights of one direction."""
        return cls.cell.matrices * hidden * (inputs + hidden + 2)

    def cell_parameters(self) -> dict[str, Tensor]:
        """Return the parameters of `looped`, by name, computed from this layer's. Gradients flow through them."""
        parameters = {}
        for index, suffix in enumerate(("_l0", "_l0_reverse")[: 1 + self.bidirectional]):
            parameters[f"cells.{index}.input.weight"] = getattr(self, f"weight_ih{suffix}")
            parameters[f"cells.{index}.recurrent.weight"] = getattr(self, f"weight_hh{suffix}")
            biases = self.cell_biases(getattr(self, f"bias_ih{suffix}"), getattr(self, f"bias_hh{suffix}"))
            parameters |= {f"cells.{index}.{name}": bias for name, bias in biases.items()}
        return parameters

    def cell_biases(self, inputs: Float[Tensor, " gates"], recurrent: Float[Tensor, " gates"]) -> dict[str, Tensor]:
        """Return the biases of our cell, by name, from torch's two."""
        return {"input.bias": inputs + recurrent}

    def looped(self) -> LoopedLayer:
        """Return our own computation of this layer: to be read, and to show its gates.

        It shares this layer's weights, except the biases, which are copied.
        """
        with torch.device("meta"):  # draws no random numbers
            layer = LoopedLayer(self.cell, self.input_size, self.hidden_size, self.bidirectional)
        layer.load_state_dict(self.cell_parameters(), assign=True)
        return layer


class FusedRNN(FusedLayer, nn.RNN):  # type: ignore[misc]  # the two `forward` take other arguments
    """torch's computation of `RNNCell`."""

    cell = RNNCell


class FusedLSTM(FusedLayer, nn.LSTM):  # type: ignore[misc]
    """torch's computation of `LSTMCell`."""

    cell = LSTMCell

    def initialise(self) -> None:
        """Draw the weights as our cell draws them, with a forget bias of 1."""
        super().initialise()
        for name, parameter in self.named_parameters():
            if name.startswith("bias_ih"):
                parameter.data.chunk(4)[1].fill_(1.0)


class FusedGRU(FusedLayer, nn.GRU):  # type: ignore[misc]
    """torch's computation of `GRUCell`."""

    cell = GRUCell

    def cell_biases(self, inputs: Float[Tensor, " gates"], recurrent: Float[Tensor, " gates"]) -> dict[str, Tensor]:
        """Return the biases of our cell. The candidate's second bias stays apart, because the reset gate scales it."""
        gates = 2 * self.hidden_size
        summed = torch.cat([inputs[:gates] + recurrent[:gates], inputs[gates:]])
        return {"input.bias": summed, "reset_bias": recurrent[gates:]}


RecurrentLayer = FusedLayer | LoopedLayer
FUSED: dict[type[Cell], type[FusedLayer]] = {layer.cell: layer for layer in (FusedRNN, FusedLSTM, FusedGRU)}


def fused_layer(cell: CellFactory) -> type[FusedLayer] | None:
    """Return torch's layer for the cells that a factory makes, or None if torch has none."""
    normalised = isinstance(cell, partial) and cell.keywords.get("layer_norm")
    return None if normalised else FUSED.get(cell_class(cell))


def cell_class(cell: CellFactory) -> Any:
    """Return the class of the cells that a factory makes: itself, or the one that a `partial` is of."""
    return cell.func if isinstance(cell, partial) else cell


def make_layers(cell: CellFactory, sizes: Sequence[int], hidden: int, bidirectional: bool) -> list[RecurrentLayer]:
    """Return new layers, torch's own where torch has the cell.

    Args:
        cell: makes cells.
        sizes: the size of each layer's input.
        hidden: units of each direction.
        bidirectional: whether each layer reads in both directions.
    """
    fused = fused_layer(cell)
    if fused is None:
        return [LoopedLayer(cell, size, hidden, bidirectional) for size in sizes]
    layers = [fused(size, hidden, bidirectional) for size in sizes]
    for layer in layers:
        layer.initialise()
    return list(layers)


def unroll(cell: Cell, values: Float[Tensor, "batch source input"]) -> Iterator[tuple[Any, Any]]:
    """Yield the state and the gates of a cell after each step, from the first column of the values to the last."""
    projected = cell.project(values)
    state = cell.zero_state(projected[:, 0])
    for step in projected.unbind(1):
        state, gates = cell.step(step, state)
        yield state, gates


def reading_orders(
    values: Float[Tensor, "batch source input"], lengths: Int[Tensor, " batch"]
) -> tuple[Int[Tensor, "batch source"], Int[Tensor, "batch source"]]:
    """Return, for each direction, which token is read in each step: forward, and backward.

    Backward, the last real token is read first, and padding is read last, so that no state of a real token has read
    padding. Reading a sequence backward twice gives the sequence again.
    """
    lengths = lengths.to(values.device).unsqueeze(1)
    forward = torch.arange(values.shape[1], device=values.device).expand(len(lengths), -1)
    return forward, torch.where(forward < lengths, lengths - 1 - forward, forward)


def reorder(
    values: Float[Tensor, "batch source size"], order: Int[Tensor, "batch new_source"]
) -> Float[Tensor, "batch new_source size"]:
    """Return the values of each sequence in another order."""
    return values.gather(1, order.unsqueeze(2).expand(-1, -1, values.shape[2]))

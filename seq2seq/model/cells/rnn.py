"""The simple recurrent cell."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seq2seq.model.cells.cell import Cell


class RNNState(NamedTuple):
    hidden: Float[Tensor, "*batch hidden"]  # in (-1, 1)


class RNNGates(NamedTuple):
    """A plain recurrent cell has no gates: it overwrites its whole state at every step."""


class RNNCell(Cell):
    """The simple recurrent cell (Elman 1990): h' = tanh(W x + U h + b).

    With layer normalisation (Ba, Kiros & Hinton 2016, equation 4): h' = tanh(LN(W x + U h)). LN subtracts the mean of
    the units, divides by their standard deviation, and then has a gain and a bias of its own for each unit.

    Args:
        inputs, hidden: see `Cell`.
        layer_norm: normalise the sum.
    """

    state_type = RNNState
    matrices = 1

    def __init__(self, inputs: int, hidden: int, layer_norm: bool = False) -> None:
        super().__init__(inputs, hidden, bias=not layer_norm)  # LN has the bias
        self.norm = nn.LayerNorm(hidden) if layer_norm else nn.Identity()

    def step(self, projected: Float[Tensor, "*batch hidden"], state: RNNState) -> tuple[RNNState, RNNGates]:
        """Return the next state, and no gates."""
        return RNNState(torch.tanh(self.norm(projected + self.recurrent(state.hidden)))), RNNGates()

"""Long short-term memory, plain and with peepholes."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seq2seq.model.cells.cell import Cell


class LSTMState(NamedTuple):
    hidden: Float[Tensor, "*batch hidden"]  # in (-1, 1)
    cell: Float[Tensor, "*batch hidden"]  # unbounded; the gates protect it


class LSTMGates(NamedTuple):
    input: Float[Tensor, "*batch hidden"]  # in (0, 1): how much of the candidate is written
    forget: Float[Tensor, "*batch hidden"]  # in (0, 1): how much of the old cell is kept (1 = all)
    candidate: Float[Tensor, "*batch hidden"]  # in (-1, 1): the new content for the cell
    output: Float[Tensor, "*batch hidden"]  # in (0, 1): how much of the cell is shown


class LSTMCell(Cell):
    """Long short-term memory (Hochreiter & Schmidhuber 1997) with a forget gate (Gers et al. 2000).

        i = sigmoid(W_i x + U_i h + b_i)    input gate
        f = sigmoid(W_f x + U_f h + b_f)    forget gate
        g = tanh(W_g x + U_g h + b_g)       candidate
        o = sigmoid(W_o x + U_o h + b_o)    output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    b_f starts at 1, so that a new cell remembers (Jozefowicz et al. 2015). The four W are the rows of one matrix, in
    this order (torch's order), and so are the four U.

    With layer normalisation (Ba, Kiros & Hinton 2016, appendix), W x, U h and c' are each normalised, W x and
    U h with the statistics of all four gates together. LN subtracts the mean, divides by the standard deviation, and
    then has a gain for each unit. The bias b is added after it; LN of c' has a bias, too.

        (i, f, g, o) before sigmoid and tanh = LN(W x) + LN(U h) + b
        h' = o ⊙ tanh(LN(c'))

    Args:
        inputs, hidden: see `Cell`.
        layer_norm: normalise W x, U h and c'.
    """

    state_type = LSTMState
    matrices = 4

    def __init__(self, inputs: int, hidden: int, layer_norm: bool = False) -> None:
        super().__init__(inputs, hidden, bias=not layer_norm)
        self.input_norm = nn.LayerNorm(4 * hidden) if layer_norm else nn.Identity()
        self.recurrent_norm = nn.LayerNorm(4 * hidden, bias=False) if layer_norm else nn.Identity()
        self.cell_norm = nn.LayerNorm(hidden) if layer_norm else nn.Identity()
        with torch.no_grad():
            getattr(self, "input_norm" if layer_norm else "input").bias[hidden : 2 * hidden] = 1.0  # b_f

    def step(self, projected: Float[Tensor, "*batch projected"], state: LSTMState) -> tuple[LSTMState, LSTMGates]:
        """Return the next state and the gates of one time step. `projected` comes from `project`."""
        i, f, g, o = self.sum_products(projected, state)
        gates = LSTMGates(torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o))
        cell = gates.forget * state.cell + gates.input * gates.candidate
        return LSTMState(gates.output * torch.tanh(self.cell_norm(cell)), cell), gates

    def sum_products(self, projected: Float[Tensor, "*batch projected"], state: LSTMState) -> tuple[Tensor, ...]:
        """Return W x + U h + b of each gate, normalised if the cell does so."""
        sums = self.input_norm(projected) + self.recurrent_norm(self.recurrent(state.hidden))
        return sums.chunk(4, dim=-1)


class PeepholeLSTMCell(LSTMCell):
    """An LSTM in which the gates of each unit also see its memory cell (Gers & Schmidhuber 2000).

        i = sigmoid(W_i x + U_i h + p_i ⊙ c + b_i)
        f = sigmoid(W_f x + U_f h + p_f ⊙ c + b_f)
        o = sigmoid(W_o x + U_o h + p_o ⊙ c' + b_o)    sees the new cell, not the old one

    In a plain LSTM, a closed output gate hides the cell from all gates. With peepholes, the gates still see it, so that
    they can count and measure time. The three p start at 0, where this cell equals the plain LSTM.

    Args:
        inputs, hidden, layer_norm: see `LSTMCell`. The peepholes see c and c' before normalisation.
    """

    def __init__(self, inputs: int, hidden: int, layer_norm: bool = False) -> None:
        super().__init__(inputs, hidden, layer_norm)
        self.peepholes = nn.Parameter(torch.zeros(3, hidden))  # p_i, p_f, p_o

    @classmethod
    def count_parameters(cls, inputs: int, hidden: int) -> int:
        """Return the number of weights, those of the peepholes included."""
        return super().count_parameters(inputs, hidden) + 3 * hidden

    def step(self, projected: Float[Tensor, "*batch projected"], state: LSTMState) -> tuple[LSTMState, LSTMGates]:
        """Return the next state and the gates of one time step. `projected` comes from `project`."""
        i, f, g, o = self.sum_products(projected, state)
        p_i, p_f, p_o = self.peepholes
        input_gate = torch.sigmoid(i + p_i * state.cell)
        forget_gate = torch.sigmoid(f + p_f * state.cell)
        candidate = torch.tanh(g)
        cell = forget_gate * state.cell + input_gate * candidate
        output_gate = torch.sigmoid(o + p_o * cell)
        gates = LSTMGates(input_gate, forget_gate, candidate, output_gate)
        return LSTMState(output_gate * torch.tanh(self.cell_norm(cell)), cell), gates

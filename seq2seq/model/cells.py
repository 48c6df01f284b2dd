"""Recurrent cells, written straight from their equations. Each returns its gates beside its new state, for inspection.

The decoder uses the LSTM cell. The other cells are here for comparison.

In the equations, x is the input, h the hidden state, c an LSTM's memory cell, and ⊙ the element-wise product.
Tensors may have any number of leading dimensions, `*batch`.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn


class RNNState(NamedTuple):
    hidden: Float[Tensor, "*batch hidden"]  # in (-1, 1)


class RNNGates(NamedTuple):
    """A plain recurrent cell has no gates: it overwrites its whole state at every step."""


class LSTMState(NamedTuple):
    hidden: Float[Tensor, "*batch hidden"]  # in (-1, 1)
    cell: Float[Tensor, "*batch hidden"]  # unbounded; the gates protect it


class LSTMGates(NamedTuple):
    input: Float[Tensor, "*batch hidden"]  # in (0, 1): how much of the candidate is written
    forget: Float[Tensor, "*batch hidden"]  # in (0, 1): how much of the old cell is kept (1 = all)
    candidate: Float[Tensor, "*batch hidden"]  # in (-1, 1): the new content for the cell
    output: Float[Tensor, "*batch hidden"]  # in (0, 1): how much of the cell is shown


class GRUState(NamedTuple):
    hidden: Float[Tensor, "*batch hidden"]  # in (-1, 1)


class GRUGates(NamedTuple):
    reset: Float[Tensor, "*batch hidden"]  # in (0, 1): how much of the old state the candidate sees
    update: Float[Tensor, "*batch hidden"]  # in (0, 1): how much of the old state is kept (1 = all)
    candidate: Float[Tensor, "*batch hidden"]  # in (-1, 1): it replaces the rest of the old state


class RNNCell(nn.Module):
    """The simple recurrent cell (Elman 1990): h' = tanh(W x + U h + b)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.input = nn.Linear(inputs, hidden)
        self.recurrent = nn.Linear(hidden, hidden, bias=False)
        _initialise(self.input, self.recurrent, gates=1)

    def forward(self, inputs: Float[Tensor, "*batch input"], state: RNNState) -> tuple[RNNState, RNNGates]:
        """Return the next state, and no gates."""
        hidden = torch.tanh(self.input(inputs) + self.recurrent(state.hidden))
        return RNNState(hidden), RNNGates()


class LSTMCell(nn.Module):
    """Long short-term memory (Hochreiter & Schmidhuber 1997) with a forget gate (Gers et al. 2000).

        i = sigmoid(W_i x + U_i h + b_i)    input gate
        f = sigmoid(W_f x + U_f h + b_f)    forget gate
        g = tanh(W_g x + U_g h + b_g)       candidate
        o = sigmoid(W_o x + U_o h + b_o)    output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    b_f starts at 1, so that a new cell remembers (Jozefowicz et al. 2015). The four W are the rows of one matrix, in
    this order (torch's order), and so are the four U. W x + b does not depend on the state. For a sequence, `project`
    computes it for all steps in one product, and `step` then does the rest, one step at a time.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.input = nn.Linear(inputs, 4 * hidden)
        self.recurrent = nn.Linear(hidden, 4 * hidden, bias=False)
        _initialise(self.input, self.recurrent, gates=4)
        with torch.no_grad():
            self.input.bias[hidden : 2 * hidden] = 1.0

    def project(self, inputs: Float[Tensor, "*batch input"]) -> Float[Tensor, "*batch gates"]:
        """Return W x + b, the input's part of the four gates; `gates` is 4 · hidden."""
        return self.input(inputs)

    def step(self, projected: Float[Tensor, "*batch gates"], state: LSTMState) -> tuple[LSTMState, LSTMGates]:
        """Return the next state and the gates of one time step. `projected` comes from `project`."""
        i, f, g, o = (projected + self.recurrent(state.hidden)).chunk(4, dim=-1)
        gates = LSTMGates(torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o))
        cell = gates.forget * state.cell + gates.input * gates.candidate
        return LSTMState(gates.output * torch.tanh(cell), cell), gates

    def forward(self, inputs: Float[Tensor, "*batch input"], state: LSTMState) -> tuple[LSTMState, LSTMGates]:
        """Return the next state and the gates."""
        return self.step(self.project(inputs), state)


class PeepholeLSTMCell(LSTMCell):
    """An LSTM in which the gates of each unit also see its memory cell (Gers & Schmidhuber 2000).

        i = sigmoid(W_i x + U_i h + p_i ⊙ c + b_i)
        f = sigmoid(W_f x + U_f h + p_f ⊙ c + b_f)
        o = sigmoid(W_o x + U_o h + p_o ⊙ c' + b_o)    sees the new cell, not the old one

    In a plain LSTM, a closed output gate hides the cell from all gates. With peepholes, the gates still
    see it, so that they can count and measure time. The three p start at 0, where this cell equals the plain LSTM.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.peepholes = nn.Parameter(torch.zeros(3, hidden))  # p_i, p_f, p_o

    def step(self, projected: Float[Tensor, "*batch gates"], state: LSTMState) -> tuple[LSTMState, LSTMGates]:
        """Return the next state and the gates of one time step. `projected` comes from `project`."""
        i, f, g, o = (projected + self.recurrent(state.hidden)).chunk(4, dim=-1)
        p_i, p_f, p_o = self.peepholes
        input_gate = torch.sigmoid(i + p_i * state.cell)
        forget_gate = torch.sigmoid(f + p_f * state.cell)
        candidate = torch.tanh(g)
        cell = forget_gate * state.cell + input_gate * candidate
        output_gate = torch.sigmoid(o + p_o * cell)
        gates = LSTMGates(input_gate, forget_gate, candidate, output_gate)
        return LSTMState(output_gate * torch.tanh(cell), cell), gates


class GRUCell(nn.Module):
    """The gated recurrent unit (Cho et al. 2014), in the variant of torch and cuDNN.

        r = sigmoid(W_r x + U_r h + b_r)             reset gate
        z = sigmoid(W_z x + U_z h + b_z)             update gate
        n = tanh(W_n x + b_n + r ⊙ (U_n h + d_n))    candidate
        h' = z ⊙ h + (1 - z) ⊙ n

    Cho et al. apply the reset gate before the product: U_n (r ⊙ h). Here it is applied after the product, so that the
    three U h are one product. Here z weights the old state; in Bahdanau et al. 2015, it weights the candidate.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.input = nn.Linear(inputs, 3 * hidden)
        self.recurrent = nn.Linear(hidden, 3 * hidden, bias=False)
        self.reset_bias = nn.Parameter(torch.zeros(hidden))  # d_n, the bias that the reset gate scales
        _initialise(self.input, self.recurrent, gates=3)

    def forward(self, inputs: Float[Tensor, "*batch input"], state: GRUState) -> tuple[GRUState, GRUGates]:
        """Return the next state and the gates."""
        input_r, input_z, input_n = self.input(inputs).chunk(3, dim=-1)
        hidden_r, hidden_z, hidden_n = self.recurrent(state.hidden).chunk(3, dim=-1)
        reset = torch.sigmoid(input_r + hidden_r)
        update = torch.sigmoid(input_z + hidden_z)
        candidate = torch.tanh(input_n + reset * (hidden_n + self.reset_bias))
        hidden = update * state.hidden + (1 - update) * candidate
        return GRUState(hidden), GRUGates(reset, update, candidate)


@torch.no_grad()
def initialise_input_weight(weight: Float[Tensor, "gates input"], gates: int) -> None:
    """Draw the weights that read an input, Glorot-uniform (Glorot & Bengio 2010).

    Each gate is drawn as a matrix of its own, because Glorot's range depends on the size of the output.

    Args:
        weight: the gates' matrices, one below the other. They are drawn from torch's global generator, like the
            weights of every torch module.
        gates: how many matrices there are.
    """
    for matrix in weight.chunk(gates):
        nn.init.xavier_uniform_(matrix)


@torch.no_grad()
def initialise_recurrent_weight(weight: Float[Tensor, "gates hidden"], gates: int) -> None:
    """Draw the weights that read the state, orthogonal, so that repeated steps keep its size (Saxe et al. 2014).

    See `initialise_input_weight` for the arguments.
    """
    for matrix in weight.chunk(gates):
        nn.init.orthogonal_(matrix)


def _initialise(input_layer: nn.Linear, recurrent_layer: nn.Linear, gates: int) -> None:
    initialise_input_weight(input_layer.weight, gates)
    initialise_recurrent_weight(recurrent_layer.weight, gates)
    nn.init.zeros_(input_layer.bias)

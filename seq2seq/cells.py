"""Recurrent cells, written straight from their equations. Each gives its gates beside its new state, to be looked at.

The decoder is made of the LSTM cell; the others are here to be read beside it.

In the equations, x is the input, h the hidden state, c an LSTM's memory cell, and ⊙ the product element by element.
Inputs may have any leading dimensions, (…, inputs); the state's leaves then are (…, hidden), and so are all gates.

Weights start orthogonal where the state is read, so that repeated steps neither blow it up nor wash it out (Saxe et al.
2014), and Glorot-uniform where the input is read (Glorot & Bengio 2010), gate by gate; biases start at 0, except an
LSTM's forget gate. They are drawn from torch's global generator, as every torch module's are: seed it first.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class RNNState(NamedTuple):
    hidden: Tensor  # (…, hidden), in (-1, 1)


class RNNGates(NamedTuple):
    """None: a plain recurrent cell overwrites its whole state at every step."""


class LSTMState(NamedTuple):
    hidden: Tensor  # (…, hidden), in (-1, 1)
    cell: Tensor  # (…, hidden), unbounded: what the gates protect


class LSTMGates(NamedTuple):
    input: Tensor  # (…, hidden), in (0, 1): how much of the candidate is written
    forget: Tensor  # in (0, 1): how much of the old cell is kept (1 = all)
    candidate: Tensor  # in (-1, 1): what could be written
    output: Tensor  # in (0, 1): how much of the cell is shown


class GRUState(NamedTuple):
    hidden: Tensor  # (…, hidden), in (-1, 1)


class GRUGates(NamedTuple):
    reset: Tensor  # (…, hidden), in (0, 1): how much of the old state the candidate sees
    update: Tensor  # in (0, 1): how much of the old state is kept (1 = all)
    candidate: Tensor  # in (-1, 1): what replaces the rest


class RNNCell(nn.Module):
    """The simple recurrent cell (Elman 1990): h' = tanh(W x + U h + b)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.input = nn.Linear(inputs, hidden)
        self.recurrent = nn.Linear(hidden, hidden, bias=False)
        _initialise(self.input, self.recurrent, gates=1)

    def forward(self, inputs: Tensor, state: RNNState) -> tuple[RNNState, RNNGates]:
        """inputs (…, inputs), state → next state, no gates."""
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

    b_f starts at 1, so that a new cell remembers (Jozefowicz et al. 2015). The four W are one matrix, in this order
    (torch's), and so are the four U. W x does not depend on the state: over a sequence, `project` all steps in one
    product, then `step` through them.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.input = nn.Linear(inputs, 4 * hidden)
        self.recurrent = nn.Linear(hidden, 4 * hidden, bias=False)
        _initialise(self.input, self.recurrent, gates=4)
        with torch.no_grad():
            self.input.bias[hidden : 2 * hidden] = 1.0

    def project(self, inputs: Tensor) -> Tensor:
        """The input's share of the gates, W x + b: inputs (…, inputs) → (…, 4 * hidden)."""
        projected: Tensor = self.input(inputs)
        return projected

    def step(self, projected: Tensor, state: LSTMState) -> tuple[LSTMState, LSTMGates]:
        """projected (…, 4 * hidden) as from `project`, for one time step; state → next state, gates."""
        i, f, g, o = (projected + self.recurrent(state.hidden)).chunk(4, dim=-1)  # (…, hidden) each
        gates = LSTMGates(torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o))
        cell = gates.forget * state.cell + gates.input * gates.candidate
        return LSTMState(gates.output * torch.tanh(cell), cell), gates

    def forward(self, inputs: Tensor, state: LSTMState) -> tuple[LSTMState, LSTMGates]:
        """inputs (…, inputs), state → next state, gates."""
        return self.step(self.project(inputs), state)


class PeepholeLSTMCell(LSTMCell):
    """An LSTM whose gates also see the cell itself, each unit its own (Gers & Schmidhuber 2000).

        i = sigmoid(W_i x + U_i h + p_i ⊙ c + b_i)
        f = sigmoid(W_f x + U_f h + p_f ⊙ c + b_f)
        o = sigmoid(W_o x + U_o h + p_o ⊙ c' + b_o)    the new cell, not the old

    An LSTM's output gate can hide a cell from all gates; peepholes let them count and time what is hidden. The three p
    start at 0, where this is the plain LSTM.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.peepholes = nn.Parameter(torch.zeros(3, hidden))  # of the input, forget and output gates

    def step(self, projected: Tensor, state: LSTMState) -> tuple[LSTMState, LSTMGates]:
        """As `LSTMCell.step`."""
        i, f, g, o = (projected + self.recurrent(state.hidden)).chunk(4, dim=-1)  # (…, hidden) each
        see_input, see_forget, see_output = self.peepholes
        input_gate = torch.sigmoid(i + see_input * state.cell)
        forget_gate = torch.sigmoid(f + see_forget * state.cell)
        candidate = torch.tanh(g)
        cell = forget_gate * state.cell + input_gate * candidate
        output_gate = torch.sigmoid(o + see_output * cell)
        gates = LSTMGates(input_gate, forget_gate, candidate, output_gate)
        return LSTMState(output_gate * torch.tanh(cell), cell), gates


class GRUCell(nn.Module):
    """Gated recurrent unit (Cho et al. 2014), in torch's and cuDNN's variant.

        r = sigmoid(W_r x + U_r h + b_r)             reset gate
        z = sigmoid(W_z x + U_z h + b_z)             update gate
        n = tanh(W_n x + b_n + r ⊙ (U_n h + d_n))    candidate
        h' = z ⊙ h + (1 - z) ⊙ n

    Cho et al. reset before the product, U_n (r ⊙ h); after it, the three U h are one product. Mind that Bahdanau et al.
    2015 write z for what is 1 - z here.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.input = nn.Linear(inputs, 3 * hidden)
        self.recurrent = nn.Linear(hidden, 3 * hidden, bias=False)
        self.reset_bias = nn.Parameter(torch.zeros(hidden))  # d_n, the one that the reset gate scales
        _initialise(self.input, self.recurrent, gates=3)

    def forward(self, inputs: Tensor, state: GRUState) -> tuple[GRUState, GRUGates]:
        """inputs (…, inputs), state → next state, gates."""
        input_r, input_z, input_n = self.input(inputs).chunk(3, dim=-1)  # (…, hidden) each
        hidden_r, hidden_z, hidden_n = self.recurrent(state.hidden).chunk(3, dim=-1)
        reset = torch.sigmoid(input_r + hidden_r)
        update = torch.sigmoid(input_z + hidden_z)
        candidate = torch.tanh(input_n + reset * (hidden_n + self.reset_bias))
        hidden = update * state.hidden + (1 - update) * candidate
        return GRUState(hidden), GRUGates(reset, update, candidate)


@torch.no_grad()
def _initialise(input_layer: nn.Linear, recurrent_layer: nn.Linear, gates: int) -> None:
    """Gate by gate, because each is a matrix of its own: stacked, they would look like one with a wider output."""
    for weight in input_layer.weight.chunk(gates):
        nn.init.xavier_uniform_(weight)
    for weight in recurrent_layer.weight.chunk(gates):
        nn.init.orthogonal_(weight)
    nn.init.zeros_(input_layer.bias)

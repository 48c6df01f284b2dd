"""The gated recurrent unit."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seq2seq.model.cells.cell import Cell


class GRUState(NamedTuple):
    hidden: Float[Tensor, "*batch hidden"]  # in (-1, 1)


class GRUGates(NamedTuple):
    reset: Float[Tensor, "*batch hidden"]  # in (0, 1): how much of the old state the candidate sees
    update: Float[Tensor, "*batch hidden"]  # in (0, 1): how much of the old state is kept (1 = all)
    candidate: Float[Tensor, "*batch hidden"]  # in (-1, 1): it replaces the rest of the old state


class GRUCell(Cell):
    """The gated recurrent unit (Cho et al. 2014), in the variant of torch and cuDNN.

        r = sigmoid(W_r x + U_r h + b_r)             reset gate
        z = sigmoid(W_z x + U_z h + b_z)             update gate
        n = tanh(W_n x + b_n + r ⊙ (U_n h + d_n))    candidate
        h' = z ⊙ h + (1 - z) ⊙ n

    Cho et al. apply the reset gate before the product: U_n (r ⊙ h). Here it is applied after the product, so that the
    three U h are one product. z weights the old state, as in Cho et al.; in Bahdanau et al. 2015, it weights the
    candidate. d_n, which cuDNN adds, is in neither paper.

    With layer normalisation (Ba, Kiros & Hinton 2016, appendix), W x and U h are normalised apart from each other. Each
    has one mean and one deviation over both gates, and another one over the candidate. The biases b are LN's own.

        (r, z) = sigmoid(LN(W_rz x) + LN(U_rz h))
        n = tanh(LN(W_n x) + r ⊙ (LN(U_n h) + d_n))

    Args:
        inputs, hidden: see `Cell`.
        layer_norm: normalise W x and U h.
    """

    state_type = GRUState
    matrices = 3

    def __init__(self, inputs: int, hidden: int, layer_norm: bool = False) -> None:
        super().__init__(inputs, hidden, bias=not layer_norm)
        self.reset_bias = nn.Parameter(torch.zeros(hidden))  # d_n, the bias that the reset gate scales
        self.input_gates_norm = nn.LayerNorm(2 * hidden) if layer_norm else nn.Identity()
        self.input_candidate_norm = nn.LayerNorm(hidden) if layer_norm else nn.Identity()
        self.recurrent_gates_norm = nn.LayerNorm(2 * hidden, bias=False) if layer_norm else nn.Identity()
        self.recurrent_candidate_norm = nn.LayerNorm(hidden, bias=False) if layer_norm else nn.Identity()

    @classmethod
    def count_parameters(cls, inputs: int, hidden: int) -> int:
        """Return the number of weights, those of `reset_bias` included."""
        return super().count_parameters(inputs, hidden) + hidden

    def step(self, projected: Float[Tensor, "*batch projected"], state: GRUState) -> tuple[GRUState, GRUGates]:
        """Return the next state and the gates of one time step. `projected` comes from `project`."""
        both, recurrent = 2 * self.hidden, self.recurrent(state.hidden)
        gates = self.input_gates_norm(projected[..., :both]) + self.recurrent_gates_norm(recurrent[..., :both])
        reset, update = torch.sigmoid(gates).chunk(2, dim=-1)
        from_state = reset * (self.recurrent_candidate_norm(recurrent[..., both:]) + self.reset_bias)
        candidate = torch.tanh(self.input_candidate_norm(projected[..., both:]) + from_state)
        hidden = update * state.hidden + (1 - update) * candidate
        return GRUState(hidden), GRUGates(reset, update, candidate)

"""The simple recurrent cell does what its equation says."""

from functools import partial

import torch
from cell_cases import HIDDEN, INPUTS, RNN, random_cell, random_state

from seq2seq.model.cells.rnn import RNNCell, RNNState


def test_a_textbooks_step() -> None:
    """W x = [0.95, 0.05, 0.35] and no state before give h = tanh(W x) = [0.74, 0.05, 0.34], rounded to two places."""
    projected = torch.tensor([0.95, 0.05, 0.35])
    after, _ = RNNCell(3, 3).step(projected, RNNState(torch.zeros(3)))
    torch.testing.assert_close(after.hidden.tolist(), [0.74, 0.05, 0.34], atol=0.005, rtol=0)


def test_layer_normalisation_is_its_equation() -> None:
    torch.manual_seed(9)
    cell = random_cell(RNN._replace(ours=partial(RNNCell, layer_norm=True)))
    x, state = torch.randn(INPUTS, dtype=torch.double), random_state(RNN, HIDDEN)
    total = cell.input.weight @ x + cell.recurrent.weight @ state.hidden
    normalised = (total - total.mean()) / (total.var(correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(cell(x, state)[0].hidden, (normalised * cell.norm.weight + cell.norm.bias).tanh())

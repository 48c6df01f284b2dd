"""The LSTM and its peepholes do what their equations and the names of their gates say."""

from functools import partial

import pytest
import torch
from cell_cases import HIDDEN, INPUTS, LSTM, PEEPHOLE, Case, random_cell, random_state
from torch import nn

from seq2seq.model.cells.lstm import LSTMCell, LSTMState, PeepholeLSTMCell


@pytest.mark.parametrize("case", [LSTM, PEEPHOLE])
def test_the_lstm_gates_do_what_their_names_say(case: Case) -> None:
    torch.manual_seed(4)
    state = random_state(case, 7, HIDDEN)
    after, gates = random_cell(case)(torch.randn(7, INPUTS, dtype=torch.double), state)
    torch.testing.assert_close(after.cell, gates.forget * state.cell + gates.input * gates.candidate)
    torch.testing.assert_close(after.hidden, gates.output * after.cell.tanh())


def test_peepholes_follow_the_equations_and_at_zero_the_lstm() -> None:
    torch.manual_seed(6)
    plain, peephole = LSTMCell(INPUTS, HIDDEN).double(), PeepholeLSTMCell(INPUTS, HIDDEN).double()
    peephole.load_state_dict(plain.state_dict(), strict=False)
    x, state = torch.randn(8, INPUTS, dtype=torch.double), random_state(LSTM, 8, HIDDEN)
    torch.testing.assert_close(peephole(x, state), plain(x, state))  # the initial peepholes are 0

    for index, name in enumerate(("input", "forget", "output")):  # each peephole changes its own gate only
        nn.init.zeros_(peephole.peepholes)
        nn.init.normal_(peephole.peepholes[index].detach())
        after, gates = peephole(x, state)
        _, plain_gates = plain(x, state)
        pairs = zip(gates._fields, gates, plain_gates, strict=True)
        changed = [field for field, gate, plain_gate in pairs if not torch.allclose(gate, plain_gate)]
        assert changed == [name]
        seen = after.cell if name == "output" else state.cell
        expected = torch.logit(getattr(plain_gates, name)) + peephole.peepholes[index] * seen
        torch.testing.assert_close(torch.logit(getattr(gates, name)), expected)


@pytest.mark.parametrize("case", [LSTM, PEEPHOLE])
@pytest.mark.parametrize("layer_norm", [False, True])
def test_a_new_lstms_forget_gate_starts_open(case: Case, layer_norm: bool) -> None:
    cell = case.ours(INPUTS, HIDDEN, layer_norm)
    zeros = LSTMState(torch.zeros(1, HIDDEN), torch.zeros(1, HIDDEN))
    _, gates = cell(torch.zeros(1, INPUTS), zeros)
    torch.testing.assert_close(gates.forget, torch.ones(1, HIDDEN).sigmoid())
    torch.testing.assert_close(gates.input, torch.full((1, HIDDEN), 0.5))


def test_layer_normalisation_is_its_equation() -> None:
    torch.manual_seed(9)
    cell = random_cell(LSTM._replace(ours=partial(LSTMCell, layer_norm=True)))
    x, state = torch.randn(INPUTS, dtype=torch.double), random_state(LSTM, HIDDEN)

    def normalise(values: torch.Tensor) -> torch.Tensor:
        return (values - values.mean()) / (values.var(correction=0) + 1e-5).sqrt()

    sums = normalise(cell.input.weight @ x) * cell.input_norm.weight + cell.input_norm.bias
    sums = sums + normalise(cell.recurrent.weight @ state.hidden) * cell.recurrent_norm.weight
    i, f, g, o = sums.chunk(4)
    after, _ = cell(x, state)
    torch.testing.assert_close(after.cell, f.sigmoid() * state.cell + i.sigmoid() * g.tanh())
    shown = normalise(after.cell) * cell.cell_norm.weight + cell.cell_norm.bias
    torch.testing.assert_close(after.hidden, o.sigmoid() * shown.tanh())


def identity_cell() -> LSTMCell:
    """Return a cell of 3 units that reads no input: `projected` alone decides its gates."""
    cell = LSTMCell(3, 3).double()
    nn.init.zeros_(cell.recurrent.weight)
    return cell


def test_a_textbooks_gates_follow_from_their_pre_activations() -> None:
    forget, write, candidate = [0.5, -0.2, 0.8], [1.2, 0.8, -0.5], [0.6, -0.3, 0.9]
    projected = torch.tensor([*write, *forget, *candidate, 0.0, 0.0, 0.0], dtype=torch.double)
    _, gates = identity_cell().step(projected, LSTMState(*torch.zeros(2, 3, dtype=torch.double)))
    expected = {"forget": [0.62, 0.45, 0.69], "input": [0.77, 0.69, 0.38], "candidate": [0.54, -0.29, 0.72]}
    for name, values in expected.items():  # the textbook rounds to two places
        torch.testing.assert_close(getattr(gates, name).tolist(), values, atol=0.005, rtol=0)


def test_a_textbooks_memory_is_kept_and_written() -> None:
    """The textbook's next step is output ⊙ c' = [0.64, 0.46, 0.77]: it leaves out the tanh of h' = o ⊙ tanh(c').

    0.9 · 0.85 is 0.765, which the textbook rounds up. With the tanh, h' is [0.55, 0.42, 0.62].
    """
    probabilities = torch.tensor([0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9], dtype=torch.double)
    write, forget, output = torch.logit(probabilities).chunk(3)
    candidate = torch.tensor([0.7, 0.5, 0.9], dtype=torch.double).atanh()
    memory = torch.tensor([0.8, 0.6, 0.4], dtype=torch.double)
    projected = torch.cat([write, forget, candidate, output])
    after, gates = identity_cell().step(projected, LSTMState(torch.zeros_like(memory), memory))
    torch.testing.assert_close(after.cell.tolist(), [0.71, 0.51, 0.85], atol=1e-9, rtol=0)
    torch.testing.assert_close((gates.output * after.cell).tolist(), [0.64, 0.46, 0.77], atol=0.005 + 1e-9, rtol=0)
    torch.testing.assert_close(after.hidden.tolist(), [0.55, 0.42, 0.62], atol=0.005, rtol=0)

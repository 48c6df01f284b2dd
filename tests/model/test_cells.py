"""Each cell equals torch's cell if torch has one. The peephole cell is compared with the LSTM and its equations."""

from typing import Any, NamedTuple, cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from seq2seq.model.cells import GRUCell, GRUState, LSTMCell, LSTMState, PeepholeLSTMCell, RNNCell, RNNState

INPUTS, HIDDEN = 3, 4


class Case(NamedTuple):
    ours: type[nn.Module]
    state: Any  # the state's NamedTuple
    gates: int


RNN = Case(RNNCell, RNNState, 1)
LSTM = Case(LSTMCell, LSTMState, 4)
PEEPHOLE = Case(PeepholeLSTMCell, LSTMState, 4)
GRU = Case(GRUCell, GRUState, 3)
CASES = [pytest.param(case, id=case.ours.__name__) for case in (RNN, LSTM, PEEPHOLE, GRU)]
WITH_TWIN = [
    pytest.param(case, twin, id=twin.__name__)
    for case, twin in ((RNN, nn.RNNCell), (LSTM, nn.LSTMCell), (GRU, nn.GRUCell))
]


def random_cell(case: Case, inputs: int = INPUTS, hidden: int = HIDDEN) -> Any:
    """Return a cell in double precision with random parameters, because the initial zeros would hide mistakes."""
    cell: nn.Module = case.ours(inputs, hidden).double()
    for parameter in cell.parameters():
        nn.init.normal_(parameter)
    return cell


def random_state(case: Case, *shape: int) -> Any:
    return case.state(*(torch.randn(*shape, dtype=torch.double, requires_grad=True) for _ in case.state._fields))


def copy_into(twin: Any, ours: Any) -> None:
    """Copy our weights into torch's cell. It has two biases for each of ours, except for the GRU's candidate."""
    with torch.no_grad():
        twin.weight_ih.copy_(ours.input.weight)
        twin.weight_hh.copy_(ours.recurrent.weight)
        twin.bias_ih.copy_(ours.input.bias)
        twin.bias_hh.zero_()
        if isinstance(ours, GRUCell):
            twin.bias_hh[-ours.reset_bias.numel() :] = ours.reset_bias


@pytest.mark.parametrize(("case", "twin"), WITH_TWIN)
@given(seed=st.integers(0, 2**31), batch=st.integers(1, 5), inputs=st.integers(1, 6), hidden=st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_values_and_gradients_equal_torchs(
    case: Case, twin: Any, seed: int, batch: int, inputs: int, hidden: int
) -> None:
    torch.manual_seed(seed)
    ours, theirs = random_cell(case, inputs, hidden), twin(inputs, hidden).double()
    copy_into(theirs, ours)
    x = torch.randn(batch, inputs, dtype=torch.double, requires_grad=True)
    state = random_state(case, batch, hidden)

    actual = tuple(ours(x, state)[0])
    expected = theirs(x, tuple(state) if case is LSTM else state.hidden)
    expected = expected if case is LSTM else (expected,)
    torch.testing.assert_close(actual, expected)

    outer_gradients = [torch.randn_like(leaf) for leaf in actual]
    ours_leaves = [x, *state, ours.input.weight, ours.recurrent.weight, ours.input.bias]
    twin_leaves = [x, *state, theirs.weight_ih, theirs.weight_hh, theirs.bias_ih]
    if case is GRU:
        ours_leaves.append(ours.reset_bias)
        twin_leaves.append(theirs.bias_hh)
    ours_gradients = torch.autograd.grad(actual, ours_leaves, outer_gradients)
    twin_gradients = list(torch.autograd.grad(expected, twin_leaves, outer_gradients))
    if case is GRU:
        twin_gradients[-1] = twin_gradients[-1][-hidden:]
    torch.testing.assert_close(ours_gradients, tuple(twin_gradients))


@pytest.mark.parametrize("case", CASES)
def test_gradients_equal_finite_differences(case: Case) -> None:
    torch.manual_seed(1)
    cell = random_cell(case)
    names, parameters = zip(*cell.named_parameters(), strict=True)
    x = torch.randn(2, INPUTS, dtype=torch.double, requires_grad=True)

    def call(x: Tensor, *leaves: Tensor) -> tuple[Tensor, ...]:
        state, weights = case.state(*leaves[: len(case.state._fields)]), leaves[len(case.state._fields) :]
        after, gates = torch.func.functional_call(cell, dict(zip(names, weights, strict=True)), (x, state))
        return (*after, *gates)

    assert torch.autograd.gradcheck(call, (x, *random_state(case, 2, HIDDEN), *parameters))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("leading", [(), (5,), (2, 3), (2, 3, 2)])
def test_leading_dimensions_are_free(case: Case, leading: tuple[int, ...]) -> None:
    torch.manual_seed(2)
    cell = random_cell(case)
    x, state = torch.randn(*leading, INPUTS, dtype=torch.double), random_state(case, *leading, HIDDEN)
    after, gates = cell(x, state)
    flat, flat_gates = cell(x.reshape(-1, INPUTS), case.state(*(leaf.reshape(-1, HIDDEN) for leaf in state)))
    assert type(after) is case.state
    for leaf, row in zip((*after, *gates), (*flat, *flat_gates), strict=True):
        assert leaf.shape == (*leading, HIDDEN)
        torch.testing.assert_close(leaf.reshape(-1, HIDDEN), row)


@pytest.mark.parametrize("case", CASES)
def test_gates_stay_in_their_ranges(case: Case) -> None:
    torch.manual_seed(3)
    _, gates = random_cell(case)(10 * torch.randn(50, INPUTS, dtype=torch.double), random_state(case, 50, HIDDEN))
    for name, values in gates._asdict().items():
        gate, low = values.detach(), -1 if name == "candidate" else 0
        assert low <= float(gate.min()) < (low + 1) / 2 < float(gate.max()) <= 1


@pytest.mark.parametrize("case", [LSTM, PEEPHOLE])
def test_the_lstm_gates_do_what_their_names_say(case: Case) -> None:
    torch.manual_seed(4)
    state = random_state(case, 7, HIDDEN)
    after, gates = random_cell(case)(torch.randn(7, INPUTS, dtype=torch.double), state)
    torch.testing.assert_close(after.cell, gates.forget * state.cell + gates.input * gates.candidate)
    torch.testing.assert_close(after.hidden, gates.output * after.cell.tanh())


def test_the_gru_gates_do_what_their_names_say() -> None:
    torch.manual_seed(4)
    state = random_state(GRU, 7, HIDDEN)
    after, gates = random_cell(GRU)(torch.randn(7, INPUTS, dtype=torch.double), state)
    torch.testing.assert_close(after.hidden, torch.lerp(gates.candidate, state.hidden, gates.update))


@pytest.mark.parametrize("case", [LSTM, PEEPHOLE])
def test_projecting_a_whole_sequence_first_changes_nothing(case: Case) -> None:
    torch.manual_seed(5)
    cell, steps = (
        cast(LSTMCell, random_cell(case)),
        torch.randn(2, 6, INPUTS, dtype=torch.double),
    )  # (batch, time, inputs)
    one_by_one = at_once = random_state(case, 2, HIDDEN)
    projected = cell.project(steps)
    assert projected.shape == (2, 6, 4 * HIDDEN)
    for time in range(6):
        one_by_one, _ = cell(steps[:, time], one_by_one)
        at_once, _ = cell.step(projected[:, time], at_once)
    torch.testing.assert_close(at_once, one_by_one)


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


@pytest.mark.parametrize("case", CASES)
def test_weights_start_as_stated(case: Case) -> None:
    torch.manual_seed(7)
    cell: Any = case.ours(40, 60)
    for block in cell.recurrent.weight.chunk(case.gates):
        torch.testing.assert_close(block @ block.T, torch.eye(60))
    limit = (6 / (40 + 60)) ** 0.5
    for block in cell.input.weight.chunk(case.gates):
        assert 0.95 * limit < float(block.detach().abs().max()) <= limit
    biases = cell.input.bias.chunk(case.gates)
    for gate, bias in enumerate(biases):
        assert bool((bias == (1 if case.gates == 4 and gate == 1 else 0)).all())
    torch.manual_seed(7)
    torch.testing.assert_close(case.ours(40, 60).state_dict(), cell.state_dict())


@pytest.mark.parametrize("case", [LSTM, PEEPHOLE])
def test_a_new_lstms_forget_gate_starts_open(case: Case) -> None:
    cell = case.ours(INPUTS, HIDDEN)
    zeros = LSTMState(torch.zeros(1, HIDDEN), torch.zeros(1, HIDDEN))
    _, gates = cell(torch.zeros(1, INPUTS), zeros)
    torch.testing.assert_close(gates.forget, torch.ones(1, HIDDEN).sigmoid())
    torch.testing.assert_close(gates.input, torch.full((1, HIDDEN), 0.5))

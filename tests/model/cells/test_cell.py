"""All cells keep one contract, and each equals torch's cell if torch has one."""

from typing import Any

import pytest
import torch
from cell_cases import CASES, GRU, HIDDEN, INPUTS, LSTM, NORMALISED, PLAIN, RNN, Case, random_cell, random_state
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from seq2seq.model.cells.cell import CellState, stack_records
from seq2seq.model.cells.gru import GRUCell
from seq2seq.model.cells.lstm import LSTMState
from seq2seq.model.encoder_decoder import count_parameters

WITH_TWIN = [
    pytest.param(case, twin, id=twin.__name__)
    for case, twin in ((RNN, nn.RNNCell), (LSTM, nn.LSTMCell), (GRU, nn.GRUCell))
]


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


@pytest.mark.parametrize("case", CASES)
def test_projecting_a_whole_sequence_first_changes_nothing(case: Case) -> None:
    torch.manual_seed(5)
    cell, steps = random_cell(case), torch.randn(2, 6, INPUTS, dtype=torch.double)  # (batch, time, inputs)
    one_by_one = at_once = random_state(case, 2, HIDDEN)
    projected = cell.project(steps)
    assert projected.shape == (2, 6, case.gates * HIDDEN) == (2, 6, cell.projected_size)
    for time in range(6):
        one_by_one, _ = cell(steps[:, time], one_by_one)
        at_once, _ = cell.step(projected[:, time], at_once)
    torch.testing.assert_close(at_once, one_by_one)


@pytest.mark.parametrize("case", PLAIN)
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


@pytest.mark.parametrize("case", CASES)
def test_a_state_is_what_the_contract_says(case: Case) -> None:
    torch.manual_seed(8)
    cell = random_cell(case)
    zeros = cell.zero_state(cell.project(torch.randn(2, 3, INPUTS, dtype=torch.double)))
    assert type(zeros) is cell.state_type is case.state
    assert isinstance(zeros, CellState)
    assert [leaf.shape for leaf in zeros] == [(2, 3, HIDDEN)] * len(zeros)
    assert not any(leaf.any() for leaf in zeros)


@pytest.mark.parametrize("case", PLAIN)
@given(st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=20, deadline=None)
def test_parameters_can_be_counted_before_a_cell_is_built(case: Case, inputs: int, hidden: int) -> None:
    assert case.ours.count_parameters(inputs, hidden) == count_parameters(case.ours(inputs, hidden))


@pytest.mark.parametrize("case", NORMALISED)
def test_layer_normalisation_only_adds_to_the_count(case: Case) -> None:
    assert case.ours.func.count_parameters(5, 7) <= count_parameters(case.ours(5, 7))


@pytest.mark.parametrize("case", NORMALISED)
@given(st.integers(0, 2**31), st.floats(0.1, 100))
@settings(max_examples=20, deadline=None)
def test_normalised_cells_do_not_depend_on_the_scale_of_their_weights(case: Case, seed: int, scale: float) -> None:
    """This is what layer normalisation is for: Ba et al. 2016, section 5.1."""
    torch.manual_seed(seed)
    cell = random_cell(case, hidden=8)
    x, state = 10 * torch.randn(5, INPUTS, dtype=torch.double), random_state(case, 5, 8)
    expected = cell(x, state)[0]
    with torch.no_grad():
        cell.input.weight.mul_(scale)
        cell.recurrent.weight.mul_(scale)
    for actual, leaf in zip(cell(x, state)[0], expected, strict=True):
        torch.testing.assert_close(actual, leaf, atol=2e-3, rtol=2e-3)  # LN adds 1e-5 to the variance


def test_stack_records_keeps_the_records_type() -> None:
    states = [LSTMState(torch.randn(2, 4), torch.randn(2, 4)) for _ in range(3)]
    stacked = stack_records(states, dim=1)
    assert isinstance(stacked, LSTMState)
    for step, state in enumerate(states):
        assert torch.equal(stacked.cell[:, step], state.cell)

"""A layer's two computations are equal: torch's and ours, in values and gradients, whatever the padding."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_models import CELLS, each_cell, quick, seeds
from torch import Tensor, nn

from seq2seq.model.cells.cell import CellFactory
from seq2seq.model.cells.gru import GRUCell
from seq2seq.model.cells.lstm import LSTMCell
from seq2seq.model.recurrent_layer import (
    FUSED,
    FusedLayer,
    FusedLSTM,
    LoopedLayer,
    fused_layer,
    make_layers,
    reading_orders,
    reorder,
)

INPUTS, HIDDEN = 3, 4
each_fused = pytest.mark.parametrize("fused", FUSED.values(), ids=[cell.__name__ for cell in FUSED])
real_lengths = st.lists(st.integers(1, 6), min_size=1, max_size=4)


def random_layer(fused: type[FusedLayer], bidirectional: bool) -> FusedLayer:
    layer = fused(INPUTS, HIDDEN, bidirectional).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    return layer


def values_and_gradients(call: Any, values: Tensor, lengths: Tensor, parameters: dict[str, Tensor]) -> list[Tensor]:
    """Return a layer's results, and their gradients with respect to its inputs and parameters."""
    outputs, last = call(values, lengths)
    results = [outputs, *last]
    generator = torch.Generator().manual_seed(0)
    weighted = sum((torch.randn(result.shape, generator=generator) * result).sum() for result in results)
    return [*results, *torch.autograd.grad(weighted, [values, *parameters.values()])]


@each_fused
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("extra", [0, 2], ids=["packed", "padded"])
def test_both_computations_have_equal_values_and_gradients(
    fused: type[FusedLayer], bidirectional: bool, extra: int
) -> None:
    """The gradients of our cells flow into torch's parameters, which are the same parameters."""

    @quick
    @given(real_lengths, seeds)
    def agree(sizes: list[int], seed: int) -> None:
        torch.manual_seed(seed)
        theirs, lengths = random_layer(fused, bidirectional), torch.tensor(sizes)
        values = torch.randn(len(sizes), max(sizes) + extra, INPUTS, dtype=torch.double, requires_grad=True)
        ours = LoopedLayer(theirs.cell, INPUTS, HIDDEN, bidirectional).double()

        def call(values: Tensor, lengths: Tensor) -> Any:
            return torch.func.functional_call(ours, theirs.cell_parameters(), (values, lengths))

        parameters = dict(theirs.named_parameters())
        actual = values_and_gradients(call, values, lengths, parameters)
        torch.testing.assert_close(actual, values_and_gradients(theirs, values, lengths, parameters))

    agree()


@each_fused
@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_stack_of_layers_agrees(fused: type[FusedLayer], bidirectional: bool) -> None:
    torch.manual_seed(0)
    size = HIDDEN * (1 + bidirectional)
    theirs = make_layers(fused.cell, [INPUTS, size, size], HIDDEN, bidirectional)
    values = expected = torch.randn(3, 5, INPUTS)
    for layer in theirs:
        assert isinstance(layer, FusedLayer)
        values, last = layer.looped()(values, torch.tensor([5, 2, 3]))
        expected, expected_last = layer(expected, torch.tensor([5, 2, 3]))
        torch.testing.assert_close((values, last), (expected, expected_last))


@each_fused
def test_the_looped_layer_shares_the_weights_and_draws_no_random_numbers(fused: type[FusedLayer]) -> None:
    layer = random_layer(fused, bidirectional=True)
    before = torch.get_rng_state()
    looped = layer.looped()
    assert torch.equal(torch.get_rng_state(), before)
    first, second = looped.cells
    assert first.input.weight is layer.weight_ih_l0
    assert second.recurrent.weight is layer.weight_hh_l0_reverse
    torch.testing.assert_close(
        second.input.bias[:HIDDEN], (layer.bias_ih_l0_reverse + layer.bias_hh_l0_reverse)[:HIDDEN]
    )


@each_cell
@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_sequence_alone_is_read_as_in_a_batch(cell: CellFactory, bidirectional: bool) -> None:
    @quick
    @given(real_lengths, seeds)
    def agree(sizes: list[int], seed: int) -> None:
        torch.manual_seed(seed)
        layer = LoopedLayer(cell, INPUTS, HIDDEN, bidirectional)
        values = torch.randn(len(sizes), max(sizes) + 1, INPUTS)
        outputs, last = layer(values, torch.tensor(sizes))
        for row, size in enumerate(sizes):
            alone, alone_last = layer(values[row : row + 1, :size], torch.tensor([size]))
            torch.testing.assert_close(outputs[row : row + 1, :size], alone)
            assert not outputs[row, size:].any()
            for batched, single in zip(last, alone_last, strict=True):
                torch.testing.assert_close(batched[row], single[0])

    agree()


@each_cell
def test_a_trace_has_the_states_of_the_outputs_and_gates_that_make_them(cell: CellFactory) -> None:
    torch.manual_seed(0)
    layer, values, lengths = LoopedLayer(cell, INPUTS, HIDDEN, True), torch.randn(2, 4, INPUTS), torch.tensor([4, 2])
    outputs, last = layer(values, lengths)
    forward, backward = layer.trace(values, lengths)
    for row, length in enumerate(lengths.tolist()):
        states = torch.cat([trace.states.hidden[row, :length] for trace in (forward, backward)], dim=-1)
        torch.testing.assert_close(states, outputs[row, :length])
        torch.testing.assert_close(last.hidden[row, :HIDDEN], forward.states.hidden[row, length - 1])
        torch.testing.assert_close(last.hidden[row, HIDDEN:], backward.states.hidden[row, 0])
    for trace, gate_cell in zip((forward, backward), layer.cells, strict=True):
        state = gate_cell.zero_state(gate_cell.project(values[:, 0]))
        first = slice(0, 1) if trace is forward else slice(3, 4)  # of the first sentence
        _, gates = gate_cell(values[:1, first].squeeze(1), type(state)(*(leaf[:1] for leaf in state)))
        for traced, gate in zip(trace.gates, gates, strict=True):
            torch.testing.assert_close(traced[0, first], gate)


@quick
@given(real_lengths, seeds)
def test_reading_backward_twice_gives_the_sequence_again(sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    values, lengths = torch.randn(len(sizes), max(sizes) + 1, 2), torch.tensor(sizes)
    forward, backward = reading_orders(values, lengths)
    assert torch.equal(reorder(values, forward), values)
    once = reorder(values, backward)
    assert torch.equal(reorder(once, backward), values)
    for row, size in enumerate(sizes):
        assert torch.equal(once[row, :size], values[row, :size].flip(0))
        assert torch.equal(once[row, size:], values[row, size:])


def test_torch_computes_the_cells_that_it_has_and_no_others() -> None:
    names = {name for name, cell in CELLS.items() if fused_layer(cell)}
    assert names == {"lstm", "gru", "rnn"}

    class MyLSTM(LSTMCell):
        pass

    assert fused_layer(MyLSTM) is None  # it may have another step
    assert isinstance(make_layers(GRUCell, [3], 4, True)[0], FUSED[GRUCell])


@each_fused
def test_torchs_layers_start_as_our_cells_do(fused: type[FusedLayer]) -> None:
    torch.manual_seed(0)
    layer = make_layers(fused.cell, [40], 60, True)[0]
    assert isinstance(layer, FusedLayer)
    limit = (6 / (40 + 60)) ** 0.5
    for cell in layer.looped().cells:
        for matrix in cell.recurrent.weight.chunk(cell.matrices):
            torch.testing.assert_close(matrix @ matrix.T, torch.eye(60))
        for matrix in cell.input.weight.chunk(cell.matrices):
            assert 0.95 * limit < float(matrix.detach().abs().max()) <= limit
        assert cell.input.bias.count_nonzero() == (60 if fused is FusedLSTM else 0)


@each_fused
@pytest.mark.parametrize("bidirectional", [True, False])
def test_parameters_can_be_counted_before_a_layer_is_built(fused: type[FusedLayer], bidirectional: bool) -> None:
    parameters = sum(parameter.numel() for parameter in fused(5, 7, bidirectional).parameters())
    assert parameters == (1 + bidirectional) * fused.count_parameters(5, 7)

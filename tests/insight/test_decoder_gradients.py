"""A decoder's gradients equal finite differences, for every cell and context, layer and distance."""

from functools import partial

import pytest
import torch
from nudged import slope
from random_models import CONTEXTS, each_cell, each_context, random_batch, small_model
from torch import Tensor
from torch.nn.functional import cross_entropy

from seq2seq.insight.decay import DecaySamples
from seq2seq.insight.decoder_gradients import decoder_gradients, evenly_spaced
from seq2seq.model.cells.cell import CellFactory
from seq2seq.model.cells.lstm import LSTMCell
from seq2seq.model.cells.rnn import RNNCell
from seq2seq.model.context import ContextFactory
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.text.batch import Batch

ALL = 10**6  # distances, or steps


def step_loss(model: EncoderDecoder, batch: Batch, row: int, step: int) -> Tensor:
    """Return the loss of one token of one sentence. It reads no later token."""
    readouts, _ = model.decoder(*model.encode(batch.source, batch.source_mask), batch.inputs[:, : step + 1])
    return cross_entropy(model.decoder.vocabulary(readouts[row, step]), batch.labels[row, step])


def check(model: EncoderDecoder, batch: Batch) -> None:
    """Compare the gradient of every loss, layer, tensor and distance with a finite difference in a random direction."""
    checked = 0
    for reached, layers in decoder_gradients(model, batch, ALL, ALL):
        for cell, layer in zip(model.decoder.cells, layers, strict=True):
            for leaf, gradients in layer.gradients._asdict().items():
                for row, distance in reached.nonzero().tolist():
                    step = int(reached[row].sum()) - 1
                    direction = torch.zeros(len(reached), 1, cell.hidden, dtype=torch.double)
                    direction[row] = torch.randn(cell.hidden)
                    expected = (gradients[row, distance] * direction[row]).sum().item()
                    loss = partial(step_loss, model, batch, row, step)
                    actual = slope(loss, cell, step - distance, leaf, direction)
                    assert actual == pytest.approx(expected, rel=1e-5, abs=1e-7)
                    checked += 1
    lengths, leaves = batch.target_mask.sum(dim=1), len(model.decoder.cells[0].state_type._fields)
    assert checked == len(model.decoder.cells) * leaves * (lengths * (lengths + 1) // 2).sum()


@each_cell
def test_gradients_of_every_cell_equal_finite_differences(cell: CellFactory) -> None:
    torch.manual_seed(0)
    check(small_model(cells=(LSTMCell, cell)).double(), random_batch([3, 2]))


@each_context
def test_gradients_through_every_context_equal_finite_differences(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    check(small_model(factory, (1, 2), residual=(False, True), state_dropout=0.5).double(), random_batch([2, 2]))


def test_gates_stand_with_the_last_step_first() -> None:
    torch.manual_seed(0)
    model, batch = small_model(layers=(1, 2)), random_batch([3, 5])
    traces = model.decoder.trace(*model.encode(batch.source, batch.source_mask), batch.inputs)
    for step, (reached, layers) in enumerate(decoder_gradients(model, batch, 2, ALL)):
        steps = range(step, max(-1, step - 3), -1)
        assert reached.tolist() == [[step <= 5] * len(steps), [step <= 3] * len(steps)]
        for layer, trace in zip(layers, traces, strict=True):
            for leaf, expected in zip(layer.gates, trace.gates, strict=True):
                for row in range(2 if step <= 3 else 1):
                    torch.testing.assert_close(leaf[row], expected[row, list(steps)])


def test_losses_are_taken_at_evenly_spaced_steps() -> None:
    steps = torch.stack(list(evenly_spaced(torch.tensor([3, 4, 40, 41]), 4)))
    assert steps.T.tolist() == [[0, 1, 2, -1], [0, 1, 2, 3], [9, 19, 29, 39], [9, 19, 29, 40]]


def curves(model: EncoderDecoder, batch: Batch) -> dict[str, list[float]]:
    """Return the means of the lowest layer's curves."""
    samples = DecaySamples()
    for reached, layers in decoder_gradients(model, batch, ALL, ALL):
        samples.add(layers[0], reached)
    return {curve.quantity: curve.means for curve in samples.curves()}


def test_an_rnn_without_recurrent_weights_keeps_nothing() -> None:
    torch.manual_seed(0)
    model = small_model(CONTEXTS["none"], cells=(LSTMCell, RNNCell))
    torch.nn.init.zeros_(model.decoder.cells[0].recurrent.weight)
    assert curves(model, random_batch([4, 6])) == {"h": [1.0] + [0.0] * 6}


def test_an_lstm_that_only_remembers_keeps_the_gradient_of_its_cell_whole() -> None:
    torch.manual_seed(0)
    model = small_model(CONTEXTS["none"])
    cell = model.decoder.cells[0]
    with torch.no_grad():
        for parameter in (cell.recurrent.weight, cell.input.weight):
            parameter[: 2 * cell.hidden] = 0.0
        cell.recurrent.weight[3 * cell.hidden :] = 0.0  # the output gate may read the token
        cell.input.bias[: cell.hidden] = -1000.0  # the input gate is 0
        cell.input.bias[cell.hidden : 2 * cell.hidden] = 1000.0  # the forget gate is 1
    means = curves(model, random_batch([4, 6]))
    assert means["forget"] == [1.0] * 7
    assert means["c"] == pytest.approx([1.0] * 7)
    assert means["h"] == [1.0] + [0.0] * 6  # h has no influence on later steps

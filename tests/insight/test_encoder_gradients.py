"""An encoder's gradients equal finite differences, for every cell and direction."""

import pytest
import torch
from nudged import STEP, slope
from random_models import CONTEXTS, each_cell, each_context, random_batch, small_model
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from seq2seq.insight.decay import DecaySamples
from seq2seq.insight.encoder_gradients import encoder_gradients, read_source
from seq2seq.insight.encoder_gradients import total_loss as loss_from_memory
from seq2seq.model.cells.cell import CellFactory
from seq2seq.model.cells.gru import GRUCell
from seq2seq.model.cells.lstm import LSTMCell
from seq2seq.model.cells.rnn import RNNCell
from seq2seq.model.context import ContextFactory
from seq2seq.model.encoder import Memory
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.model.loss import total_loss
from seq2seq.text.batch import Batch

ALL = 10**6  # distances
BOTH, FORWARD = {}, {"bidirectional": False}
REVERSED = {"bidirectional": False, "reversed": True}
each_direction = pytest.mark.parametrize("directions", [BOTH, FORWARD, REVERSED], ids=["both", "forward", "reversed"])


def loss_in_double(model: EncoderDecoder, memory: Memory, batch: Batch) -> Tensor:
    """Return the loss in double precision. The training's own loss is rounded to single precision."""
    readouts, _ = model.decoder(model.decoder.prepare(memory), model.decoder.initial_state(memory), batch.inputs)
    logits = model.decoder.vocabulary(readouts[batch.target_mask])
    return cross_entropy(logits, batch.labels[batch.target_mask], reduction="sum")


@each_cell
@each_direction
def test_gradients_equal_finite_differences(cell: CellFactory, directions: dict[str, bool]) -> None:
    """A decoder without a context reads the last states alone: every gradient comes from there."""
    torch.manual_seed(0)
    model, batch = small_model(CONTEXTS["none"], cells=(cell, LSTMCell), **directions).double(), random_batch([4, 2])
    lengths = batch.source_mask.sum(dim=1)
    [layer] = encoder_gradients(model, batch, ALL)
    looped = model.encoder.layers[0].looped()
    model.encoder.layers = nn.ModuleList([looped])  # type: ignore[assignment]  # its cells can be nudged

    def loss() -> Tensor:
        return loss_in_double(model, model.encoder(batch.source, batch.source_mask), batch)

    for own, backwards in zip(looped.cells, layer, strict=True):
        for leaf, gradients in backwards.gradients._asdict().items():
            for distance in range(int(lengths.min())):
                for row in range(len(lengths)):
                    direction = torch.zeros(len(lengths), own.hidden, dtype=torch.double)
                    direction[row] = torch.randn(own.hidden, dtype=torch.double)
                    step = int(lengths[row]) - 1 - distance
                    actual = slope(loss, own, step, leaf, direction)
                    expected = (gradients[row, distance] * direction[row]).sum().item()
                    assert actual == pytest.approx(expected, rel=1e-4, abs=1e-6)


@each_context
def test_what_arrives_at_the_last_state_equals_finite_differences(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory).double(), random_batch([4, 2])
    [[forward, backward]] = encoder_gradients(model, batch, ALL)
    with torch.no_grad():
        memory = model.encoder(batch.source, batch.source_mask)
    rows, last, units = torch.arange(2), batch.source_mask.sum(dim=1) - 1, forward.gradients.hidden.shape[-1]
    for gradients, places, part in (
        (forward, last, slice(units)),
        (backward, torch.zeros(2).long(), slice(units, None)),
    ):
        direction = torch.randn(2, units, dtype=torch.double)
        losses = []
        for sign in (1, -1):
            values, hidden = memory.values.clone(), memory.last.hidden.clone()
            values[rows, places, part] += sign * STEP * direction
            hidden[:, 0, part] += sign * STEP * direction
            changed = memory._replace(
                values=values, keys=values, summary=hidden[:, -1], last=memory.last._replace(hidden=hidden)
            )
            losses.append(loss_in_double(model, changed, batch).item())
        expected = (gradients.gradients.hidden[:, 0] * direction).sum().item()
        assert (losses[0] - losses[1]) / (2 * STEP) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("cell", [LSTMCell, GRUCell, RNNCell])
@each_direction
def test_our_own_cells_give_the_encoders_memory(cell: CellFactory, directions: dict[str, bool]) -> None:
    torch.manual_seed(0)
    model = small_model(layers=(2, 1), cells=(cell, LSTMCell), residual=(True, False), **directions)
    batch = random_batch([2, 5, 3])
    memory, layers = read_source(model.encoder, batch.source, batch.source_mask)
    torch.testing.assert_close(memory, model.encoder(batch.source, batch.source_mask))
    torch.testing.assert_close(loss_from_memory(model, memory, batch), total_loss(model, batch))
    assert [len(readings) for readings in layers] == [1 if directions else 2] * 2


def test_gates_stand_with_the_last_step_first() -> None:
    torch.manual_seed(0)
    model, batch = small_model(), random_batch([4, 2])
    [[forward, backward]] = encoder_gradients(model, batch, ALL)
    [[forward_trace, backward_trace]] = model.encoder.trace(batch.source, batch.source_mask)
    for row, length in enumerate(batch.source_mask.sum(dim=1)):
        for leaf, expected in zip(forward.gates, forward_trace.gates, strict=True):
            torch.testing.assert_close(leaf[row, :length], expected[row, :length].flip(0))
        for leaf, expected in zip(backward.gates, backward_trace.gates, strict=True):
            torch.testing.assert_close(leaf[row, :length], expected[row, :length])


def test_distances_are_limited() -> None:
    torch.manual_seed(0)
    model, batch = small_model(), random_batch([4, 2])
    for limited, whole in zip(
        encoder_gradients(model, batch, 2)[0], encoder_gradients(model, batch, ALL)[0], strict=True
    ):
        for leaf, expected in zip(limited.gradients, whole.gradients, strict=True):
            torch.testing.assert_close(leaf, expected[:, :3])


@pytest.mark.parametrize("gate", [0.0, 1.0])
def test_a_gru_without_recurrent_weights_keeps_what_its_update_gate_keeps(gate: float) -> None:
    torch.manual_seed(0)
    model, batch = small_model(CONTEXTS["none"], cells=(GRUCell, GRUCell), bidirectional=False), random_batch([4, 2])
    layer = model.encoder.layers[0]
    units = layer.hidden_size
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
        layer.bias_ih_l0[units : 2 * units] = 1000.0 if gate else -1000.0
    [[backwards]] = encoder_gradients(model, batch, ALL)
    samples = DecaySamples()
    samples.add(backwards, batch.source_mask)
    for curve in samples.curves():
        assert curve.means == pytest.approx([1.0] + [gate] * 4)

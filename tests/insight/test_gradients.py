"""The gradients of a translator's model, measured on sentence pairs."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import pytest
import torch
from conftest import SOURCES, TARGETS
from random_models import CELLS, CONTEXTS, random_batch, small_model

from seq2seq.errors import UserError
from seq2seq.insight import gradients
from seq2seq.insight.gradients import layer_decays, measure_gradients
from seq2seq.model.cells.cell import CellFactory
from seq2seq.text.batch import Batch
from seq2seq.translation.translator import Translator

PAIRS = list(zip(SOURCES, TARGETS, strict=True))


def test_a_report_has_every_layer_and_direction(translator: Translator) -> None:
    report = measure_gradients(translator, PAIRS, most_steps=100)
    assert [(layer.side, layer.layer, layer.direction) for layer in report.layers] == [
        ("encoder", 1, "forward"),
        ("encoder", 1, "backward"),
        ("decoder", 1, "forward"),
    ]
    assert (report.sentences, report.encoder_cell, report.decoder_cell) == (4, "LSTMCell", "LSTMCell")
    for layer in report.layers:
        assert [curve.quantity for curve in layer.curves] == ["h", "c", "forget"]
        for curve in layer.curves:
            assert curve.means[0] == curve.lows[0] == curve.highs[0] == 1.0
            assert len(curve.means) == len(curve.lows) == len(curve.highs) == len(curve.samples) > 5
            assert (curve.norm_at_zero is None) == (curve.quantity == "forget")
    assert report.layers[0].curves[0].samples[0] == 4  # one for each sentence
    assert report.layers[2].curves[0].samples[0] == report.target_tokens
    assert json.loads(json.dumps(asdict(report), allow_nan=False)) == asdict(report)


def test_a_model_without_attention_is_measured(blind_translator: Translator) -> None:
    assert len(measure_gradients(blind_translator, PAIRS).layers) == 3


def numbers(report: object) -> Iterator[float]:
    """Yield all numbers of a record."""
    values = asdict(report) if hasattr(report, "__dataclass_fields__") else report  # type: ignore[call-overload]
    if isinstance(values, dict):
        values = list(values.values())
    if isinstance(values, list):
        for value in values:
            yield from numbers(value)
    elif isinstance(values, float | int):
        yield float(values)


def test_batches_and_frozen_weights_do_not_change_the_numbers(
    translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = measure_gradients(translator, PAIRS)
    monkeypatch.setattr(gradients, "BATCH_SIZE", 1)
    translator.model.requires_grad_(False)
    single = measure_gradients(translator, PAIRS[::-1])
    translator.model.requires_grad_(True)
    assert list(numbers(single)) == pytest.approx(list(numbers(report)), rel=1e-3)
    assert all(parameter.grad is None for parameter in translator.model.parameters())


def test_distances_and_losses_are_limited(translator: Translator) -> None:
    report = measure_gradients(translator, PAIRS, furthest=3, most_steps=2)
    assert {len(curve.means) for layer in report.layers for curve in layer.curves} == {4}
    assert report.layers[2].curves[0].samples[0] < report.target_tokens


def test_blank_sentences_are_left_out(translator: Translator) -> None:
    report = measure_gradients(translator, [("", TARGETS[0]), *PAIRS, (SOURCES[0], " ")])
    assert report == measure_gradients(translator, PAIRS)
    for pairs in ([], [("", "a")]):
        with pytest.raises(UserError, match="no sentence pair has text on both sides"):
            measure_gradients(translator, pairs)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_every_cell_has_the_curves_of_its_states_and_gates(cell: CellFactory) -> None:
    torch.manual_seed(0)
    model = small_model(layers=(2, 2), cells=(cell, cell), bidirectional=False, reversed=True)
    layers = layer_decays(model, [random_batch([4, 2])], 100, 100)
    assert [(layer.side, layer.layer, layer.direction) for layer in layers] == [
        ("encoder", 1, "backward"),
        ("encoder", 2, "backward"),
        ("decoder", 1, "forward"),
        ("decoder", 2, "forward"),
    ]
    name = next(name for name in CELLS if CELLS[name] is cell)
    expected = {"gru": ["h", "update"], "rnn": ["h"]}.get(name, ["h", "c", "forget"])
    for layer in layers:
        assert [curve.quantity for curve in layer.curves] == expected


@pytest.mark.parametrize("encoder", CELLS)
@pytest.mark.parametrize("decoder", CELLS)
def test_the_sides_may_have_different_cells(encoder: str, decoder: str) -> None:
    torch.manual_seed(0)
    model = small_model(CONTEXTS["fixed"], cells=(CELLS[encoder], CELLS[decoder]))
    assert len(layer_decays(model, [random_batch([2])], 100, 100)) == 3


def test_sentences_of_one_token_have_curves_of_one_point() -> None:
    torch.manual_seed(0)
    batch = Batch.from_ids([[3]], [[3]])
    for layer in layer_decays(small_model(), [batch], 100, 100):
        assert {tuple(curve.means) for curve in layer.curves} == {(1.0,)}

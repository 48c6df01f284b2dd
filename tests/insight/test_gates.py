"""The gates and states of a sentence are those of the translation, summarised over the units."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_models import CELLS, quick, small_model

from seq2seq.errors import UserError
from seq2seq.insight.forced_reading import read_translation
from seq2seq.insight.gates import SentenceGates, layer_gates, measure_gates, quantity
from seq2seq.insight.traced_layers import trace_layers
from seq2seq.text.batch import Batch
from seq2seq.translation.translator import Translator

SOURCE, TARGET = "der Hund sieht die Katze", "the dog sees the cat"


def measure(translator: Translator, units: Sequence[int]) -> SentenceGates:
    pair = translator.sentences.given_pair(SOURCE, TARGET)
    return measure_gates(translator.model, read_translation(translator, pair), units)


@quick
@given(st.lists(st.lists(st.floats(-9, 9, width=32), min_size=3, max_size=3), min_size=1, max_size=5))
def test_a_band_is_in_order_and_inside_the_values(rows: list[list[float]]) -> None:
    summary = quantity("c", (None, None), torch.tensor(rows), [2])
    for row, mean, low, high in zip(rows, summary.means, summary.lows, summary.highs, strict=True):
        assert mean == pytest.approx(sum(row) / 3, abs=1e-5)
        assert min(row) <= low <= high <= max(row)
    assert summary.units[0].values == [row[2] for row in rows]


def test_the_band_goes_from_10_to_90_percent() -> None:
    summary = quantity("h", (-1.0, 1.0), torch.arange(101.0).expand(2, 101) / 100, [])
    assert summary.lows == pytest.approx([0.1, 0.1])
    assert summary.highs == pytest.approx([0.9, 0.9])


def test_values_are_those_of_the_traced_layers(translator: Translator) -> None:
    gates = measure(translator, [3])
    pair = translator.sentences.given_pair(SOURCE, TARGET)
    batch = Batch.from_ids([pair.source_ids], [pair.target_ids])
    with torch.no_grad():
        traced = trace_layers(translator.model, batch)
        log_probabilities = translator.model.log_probabilities(batch)[0]
    assert gates.log_probabilities == pytest.approx(log_probabilities.tolist(), abs=1e-6)
    assert (tuple(gates.source_tokens), tuple(gates.target_tokens)) == (pair.source_tokens, pair.target_tokens)
    assert len(gates.layers) == len(traced) == 3
    for layer, values in zip(gates.layers, traced, strict=True):
        assert (layer.side, layer.layer, layer.direction) == values[:3]
        assert [each.name for each in (*layer.gates, *layer.states)] == [
            *("input", "forget", "candidate", "output"),
            *("h", "c"),
        ]
        for summary, tensor in zip(
            [*layer.gates, *layer.states], [*values.trace.gates, *values.trace.states], strict=True
        ):
            assert summary.means == pytest.approx(tensor[0].mean(dim=-1).tolist())
            assert [(unit.unit, unit.values) for unit in summary.units] == [(3, tensor[0, :, 3].tolist())]


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("rnn", ([], ["h"])),
        ("gru", (["reset", "update", "candidate"], ["h"])),
        ("peephole_lstm", (["input", "forget", "candidate", "output"], ["h", "c"])),
    ],
)
def test_every_cell_has_its_own_gates(cell: str, names: tuple[list[str], list[str]]) -> None:
    model = small_model(cells=(CELLS[cell], CELLS[cell]))
    for layer in trace_layers(model, Batch.from_ids([[4, 5, 3]], [[6, 3]])):
        record = layer_gates(layer, [])
        assert ([each.name for each in record.gates], [each.name for each in record.states]) == names
        for each in (*record.gates, *record.states):
            if each.lowest is not None and each.highest is not None:
                assert all(each.lowest <= value <= each.highest for value in (*each.lows, *each.means, *each.highs))


def test_a_layer_without_a_unit_leaves_it_out(translator: Translator) -> None:
    model = small_model(vocabulary=translator.tokenizer.target_size)  # 4 units in the encoder, 7 in the decoder
    other = Translator(model, translator.tokenizer, translator.options)
    layers = measure(other, [5]).layers
    assert [len(layer.states[0].units) for layer in layers] == [0, 0, 1]
    for unit in (7, -1):
        with pytest.raises(UserError, match=f"there is no unit {unit}; the largest layer has units 0 to 6"):
            measure(other, [unit])


def test_a_record_is_plain_json(translator: Translator) -> None:
    record = asdict(measure(translator, [0]))
    assert json.loads(json.dumps(record)) == record

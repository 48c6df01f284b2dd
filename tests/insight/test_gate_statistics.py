"""The gates' statistics are those of the gates of real tokens, and measuring them changes nothing."""

from typing import Any, cast

import pytest
import torch
from hypothesis import given
from model_combinations import Combination, combinations
from random_models import CELLS, VOCABULARY, quick, random_batch, seeds, single_pair, small_model

from seq2seq.insight.gate_statistics import GateStatistics, gate_statistics, layer_statistics, make_sample
from seq2seq.model.cells.lstm import LSTMGates, LSTMState
from seq2seq.model.recurrent_layer import Trace
from seq2seq.text.special_tokens import BOS, EOS


def test_a_gate_is_saturated_near_the_ends_of_its_range() -> None:
    values = torch.tensor([[[0.05, 0.5, 0.95, 0.89]], [[-0.95, 0.95, 0.05, -0.5]]])
    forget, candidate = (values[row].expand(1, 2, 4) for row in range(2))
    gates = LSTMGates(forget, forget, candidate, forget)
    mask = torch.tensor([[True, False]])
    statistics = layer_statistics("decoder.1", Trace(LSTMState(forget, forget), gates), mask)
    assert list(statistics.gates) == ["input", "forget", "candidate", "output"]
    assert statistics.gates["forget"] == GateStatistics(pytest.approx(2.39 / 4), 0.5)
    assert statistics.gates["candidate"] == GateStatistics(pytest.approx(-0.45 / 4), 0.5)


def test_padding_does_not_count() -> None:
    torch.manual_seed(0)
    model, batch = small_model(layers=(2, 1)), random_batch([2, 5])
    together = gate_statistics(model, batch)
    alone = [gate_statistics(model, single_pair(batch, row)) for row in range(2)]
    for index, layer in enumerate(together):
        mask = batch.source_mask if layer.layer.startswith("encoder") else batch.target_mask
        weights = mask.sum(dim=1).tolist()
        for name, gate in layer.gates.items():
            parts = [statistics[index].gates[name] for statistics in alone]
            for field in ("mean", "saturated"):
                mean = sum(w * getattr(part, field) for w, part in zip(weights, parts, strict=True)) / sum(weights)
                assert getattr(gate, field) == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize(
    ("directions", "names"),
    [
        ({}, ["forward", "backward"]),
        ({"bidirectional": False}, ["forward"]),
        ({"bidirectional": False, "reversed": True}, ["backward"]),
    ],
)
def test_layers_are_named_after_their_height_and_direction(directions: dict[str, bool], names: list[str]) -> None:
    statistics = gate_statistics(small_model(layers=(2, 2), **directions), random_batch([3, 4]))
    encoder = [f"encoder.{number}.{name}" for number in (1, 2) for name in names]
    assert [layer.layer for layer in statistics] == [*encoder, "decoder.1", "decoder.2"]


def test_an_rnn_has_no_gates() -> None:
    statistics = gate_statistics(small_model(cells=(CELLS["rnn"], CELLS["gru"])), random_batch([3, 4]))
    assert [list(layer.gates) for layer in statistics] == [[], [], ["reset", "update", "candidate"]]


@given(combinations, seeds)
@quick
def test_every_model_is_measured_and_nothing_changes(combination: Combination, seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = combination.build(dropout=0.5), random_batch([2, 4])
    model(batch).sum().backward()
    weights, gradients = ({name: copy_of(each) for name, each in model.named_parameters()} for copy_of in COPIES)
    random = torch.get_rng_state()
    first = gate_statistics(model, batch)
    assert first == gate_statistics(model, batch)
    assert torch.equal(torch.get_rng_state(), random)
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, weights[name])
        assert parameter.requires_grad
        assert parameter.grad is None or torch.equal(parameter.grad, gradients[name])
    for layer in first:
        for name, gate in layer.gates.items():
            assert 0 <= gate.saturated <= 1
            assert -1 <= gate.mean <= 1
            assert name == "candidate" or gate.mean >= 0


COPIES: Any = (
    lambda parameter: parameter.detach().clone(),
    lambda parameter: None if parameter.grad is None else parameter.grad.clone(),
)


def test_long_sentences_are_cut() -> None:
    token = VOCABULARY - 1
    batch = make_sample([([token] * 9, [token, EOS]), ([token, EOS], [token] * 9)], 4)
    assert batch.source.shape == batch.labels.shape == (2, 4)
    assert cast(list[int], batch.inputs[1].tolist()) == [BOS, token, token, token]

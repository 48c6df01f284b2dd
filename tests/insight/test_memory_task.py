"""The memory task: its sequences, its training, and its gradients."""

import json
from dataclasses import asdict
from itertools import pairwise

import pytest
import torch

from seq2seq.errors import UserError
from seq2seq.insight.memory_task import (
    CELLS,
    DISTRACTORS,
    INPUTS,
    SYMBOLS,
    decay_curves,
    draw_sequences,
    new_network,
    run_memory_task,
    solved,
    train,
)
from seq2seq.model.cells.rnn import RNNCell

GAPS, HIDDEN, UPDATES = (2, 4), 8, 20


def test_the_same_seed_gives_the_same_report() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    reports = [run_memory_task(seed, GAPS, HIDDEN, UPDATES) for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), before)
    assert reports[0] == reports[1]
    assert reports[0].cells != reports[2].cells
    assert json.loads(json.dumps(asdict(reports[0]), allow_nan=False)) == asdict(reports[0])


def test_a_report_has_every_cell_and_gap() -> None:
    calls: list[tuple[int, int]] = []
    report = run_memory_task(1, GAPS, HIDDEN, UPDATES, lambda *call: calls.append(call))
    assert [cell.cell for cell in report.cells] == ["RNN", "GRU", "LSTM"]
    for cell in report.cells:
        assert len(cell.solved_mixed) == len(cell.solved_alone) == len(GAPS)
        for curves in (cell.at_start, cell.after_training):
            assert {len(curve.means) for curve in curves} == {max(GAPS) + 2}
            assert {curve.means[0] for curve in curves} == {1.0}
    quantities = [[curve.quantity for curve in cell.at_start] for cell in report.cells]
    assert quantities == [["h"], ["h", "update"], ["h", "c", "forget"]]
    assert len(calls) == 3 * 3 * UPDATES
    assert calls[-1][0] == calls[-1][1]
    assert all(first < second and total == calls[0][1] for (first, _), (second, total) in pairwise(calls))


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_must_be_in_its_range(seed: int) -> None:
    with pytest.raises(UserError, match="seed"):
        run_memory_task(seed, GAPS, HIDDEN, UPDATES)


def test_a_sequence_is_a_symbol_then_distractors_then_the_query() -> None:
    inputs, symbols = draw_sequences(5, 300, torch.Generator().manual_seed(0))
    assert inputs.shape == (300, 7, INPUTS)
    tokens = inputs.argmax(dim=2)
    assert torch.equal(inputs.sum(dim=2), torch.ones(300, 7))
    assert torch.equal(tokens[:, 0], symbols)
    assert set(symbols.tolist()) == set(range(SYMBOLS))
    assert set(tokens[:, 1:-1].flatten().tolist()) == set(range(SYMBOLS, SYMBOLS + DISTRACTORS))
    assert set(tokens[:, -1].tolist()) == {INPUTS - 1}


@pytest.mark.parametrize("cell", CELLS)
def test_a_short_gap_is_learned(cell: str) -> None:
    start = new_network(CELLS[cell], 16, seed=1)
    weights = [parameter.clone() for parameter in start.parameters()]
    network = train(start, [2], 300, 1, lambda steps: None)
    assert solved(network, 2, seed=1) > 0.95
    assert solved(start, 2, seed=1) < 0.5
    assert all(map(torch.equal, weights, start.parameters()))  # training works on a copy


def test_the_gradients_of_an_rnn_are_the_products_of_its_jacobians() -> None:
    """∂loss/∂h_{t−1} = Uᵀ ((1 − h_t²) ⊙ ∂loss/∂h_t)."""
    network, gap = new_network(RNNCell, 4, seed=3), 3
    [curve] = decay_curves(network, gap, seed=3)
    sums = torch.zeros(gap + 2, dtype=torch.double)
    inputs, symbols = sequences_of_the_curves(gap)
    network = network.double()
    cell = network.layer.looped().cells[0]
    with torch.no_grad():
        for row in range(len(inputs)):
            states = [torch.zeros(4, dtype=torch.double)]
            for step in inputs[row].double():
                states.append(torch.tanh(cell.input(step) + cell.recurrent(states[-1])))
            probabilities = network.output(states[-1]).softmax(dim=0)
            probabilities[symbols[row]] -= 1
            gradients = [network.output.weight.T @ probabilities]
            for state in states[:1:-1]:
                gradients.append(cell.recurrent.weight.T @ ((1 - state**2) * gradients[-1]))
            norms = torch.stack(gradients).norm(dim=1)
            sums += norms / norms[0]
    assert curve.means == pytest.approx((sums / len(inputs)).tolist())


def sequences_of_the_curves(gap: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the sequences that `decay_curves` draws with seed 3."""
    from seq2seq.insight.memory_task import GRADIENT_SIZE, mix_seeds

    return draw_sequences(gap, GRADIENT_SIZE, torch.Generator().manual_seed(mix_seeds(3, gap, 2)))

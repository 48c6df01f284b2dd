"""Samples of any length become curves: shares of each sample's own norm, with their mean and band."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from seq2seq.insight.decay import DecaySamples, gate_products
from seq2seq.insight.state_gradients import Backwards
from seq2seq.model.cells.gru import GRUState
from seq2seq.model.cells.lstm import LSTMState
from seq2seq.model.cells.rnn import RNNGates


class Gates(NamedTuple):
    forget: Tensor


def add(samples: DecaySamples, norms: list[list[float]], reached: list[list[bool]] | None = None) -> None:
    """Add gradients that have the given norms, with two units."""
    gradients = torch.tensor(norms).unsqueeze(2) * torch.tensor([0.6, -0.8])
    mask = torch.ones(gradients.shape[:2], dtype=torch.bool) if reached is None else torch.tensor(reached)
    samples.add(Backwards(GRUState(gradients), RNNGates()), mask)


def test_shares_are_relative_to_the_norm_at_zero() -> None:
    samples = DecaySamples()
    add(samples, [[2.0, 1.0], [4.0, 0.0]])
    [curve] = samples.curves()
    assert curve.quantity == "h"
    assert curve.means == pytest.approx([1.0, 0.25])
    assert curve.lows == pytest.approx([1.0, 0.05])
    assert curve.highs == pytest.approx([1.0, 0.45])
    assert curve.samples == [2, 2]
    assert curve.norm_at_zero == pytest.approx(3.0)


def test_batches_of_several_lengths_are_joined() -> None:
    samples = DecaySamples()
    add(samples, [[1.0, 0.5, 0.25]], [[True, True, True]])
    add(samples, [[1.0, 0.1], [9.0, 9.0]], [[True, True], [False, False]])
    [curve] = samples.curves()
    assert curve.samples == [2, 2, 1]
    assert curve.means == pytest.approx([1.0, 0.3, 0.25])


def test_samples_without_a_gradient_are_left_out() -> None:
    samples = DecaySamples()
    add(samples, [[0.0, 0.0]])
    [curve] = samples.curves()
    assert (curve.means, curve.lows, curve.highs, curve.samples, curve.norm_at_zero) == ([], [], [], [], 0.0)
    add(samples, [[1.0, 0.5]])
    [curve] = samples.curves()
    assert (curve.samples, curve.means) == ([1, 1], [1.0, 0.5])


def test_a_curve_ends_where_few_samples_reach() -> None:
    samples = DecaySamples()
    add(samples, [[1.0, 1.0, 1.0]] * 100, [[True, row < 5, row < 4] for row in range(100)])
    [curve] = samples.curves()
    assert curve.samples == [100, 5]


def test_norms_that_single_precision_cannot_square_are_measured() -> None:
    samples = DecaySamples()
    add(samples, [[1.0, 1e-30]])
    [curve] = samples.curves()
    assert curve.means[1] == pytest.approx(1e-30)


def test_a_product_of_gates_begins_with_the_last_step() -> None:
    gates = torch.tensor([[[0.5, 1.0], [0.5, 0.0], [0.1, 0.1]]])
    assert gate_products(gates)[0].tolist() == pytest.approx([1.0, 0.75, 0.125])


def test_an_lstm_has_three_curves() -> None:
    samples = DecaySamples()
    state = LSTMState(torch.ones(1, 2, 3), torch.ones(1, 2, 3))
    samples.add(Backwards(state, Gates(torch.full((1, 2, 3), 0.5))), torch.ones(1, 1, dtype=torch.bool))
    curves = samples.curves()
    assert [curve.quantity for curve in curves] == ["h", "c", "forget"]
    assert curves[2].means == [1.0, 0.5]
    assert curves[2].norm_at_zero is None

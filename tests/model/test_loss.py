"""The fused projection and loss equal torch's own, and the loss of a batch is a sum over its labels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_models import VOCABULARY, lengths, quick, random_batch, seeds, single_pair, small_model
from torch import Tensor
from torch.nn.functional import cross_entropy as torch_cross_entropy
from torch.nn.functional import linear

from seq2seq.model import loss as loss_module
from seq2seq.model.loss import cross_entropy, total_loss

smoothings = st.sampled_from([0.0, 0.1, 0.7])


def random_example(labels: int, vocabulary: int = 11, embedding: int = 3) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    sizes = ((labels, embedding), (vocabulary, embedding), (vocabulary,))
    readouts, weight, bias = (torch.randn(size, requires_grad=True) for size in sizes)
    return readouts, weight, bias, torch.randint(0, vocabulary, (labels,))


@quick
@given(labels=st.integers(1, 9), block=st.integers(1, 10), smoothing=smoothings, seed=seeds)
def test_loss_and_gradients_equal_torchs_for_every_block_size(
    labels: int, block: int, smoothing: float, seed: int
) -> None:
    torch.manual_seed(seed)
    *parameters, targets = random_example(labels)
    readouts, weight, bias = parameters
    expected = torch_cross_entropy(linear(readouts, weight, bias), targets, label_smoothing=smoothing, reduction="sum")
    gradients = torch.autograd.grad(3 * expected, parameters)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loss_module, "BLOCK", block)
        actual = cross_entropy(readouts, weight, bias, targets, smoothing)
        torch.testing.assert_close(actual, expected)
        for gradient, expected_gradient in zip(torch.autograd.grad(3 * actual, parameters), gradients, strict=True):
            torch.testing.assert_close(gradient, expected_gradient, atol=1e-5, rtol=1e-4)


def test_a_tied_weight_gets_the_gradients_of_both_its_uses() -> None:
    torch.manual_seed(0)
    _, weight, bias, labels = random_example(4)
    tokens = torch.tensor([1, 2, 3, 2])
    losses = (
        cross_entropy(weight[tokens], weight, bias, labels),
        torch_cross_entropy(linear(weight[tokens], weight, bias), labels, reduction="sum"),
    )
    actual, expected = (torch.autograd.grad(loss, weight)[0] for loss in losses)
    torch.testing.assert_close(actual, expected)


def test_the_loss_is_the_same_without_gradients() -> None:
    torch.manual_seed(0)
    readouts, weight, bias, labels = random_example(5)
    with_gradients = cross_entropy(readouts, weight, bias, labels, 0.1)
    with torch.no_grad():
        assert torch.equal(cross_entropy(readouts, weight, bias, labels, 0.1), with_gradients)


def test_under_autocast_the_loss_stays_in_full_precision() -> None:
    torch.manual_seed(0)
    readouts, weight, bias, labels = random_example(5)
    expected = cross_entropy(readouts, weight, bias, labels, 0.1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        actual = cross_entropy(readouts, weight, bias, labels, 0.1)
    assert actual.dtype == torch.float32
    torch.testing.assert_close(actual, expected, rtol=2e-2, atol=0)
    for gradient, expected_gradient in zip(
        *(torch.autograd.grad(loss, (readouts, weight, bias)) for loss in (actual, expected)), strict=True
    ):
        assert gradient.dtype == torch.float32
        torch.testing.assert_close(gradient, expected_gradient, rtol=0.1, atol=0.05)


@quick
@given(sizes=lengths, smoothing=st.floats(0, 0.9), seed=seeds)
def test_the_loss_is_the_sum_over_real_labels(sizes: list[int], smoothing: float, seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = small_model(), random_batch(sizes)
    expected = 0.0
    for row in range(len(sizes)):
        alone = single_pair(batch, row)
        for logits, label in zip(model(alone), alone.labels[0].tolist(), strict=True):
            log_probabilities = logits.log_softmax(dim=-1)
            expected -= (1 - smoothing) * log_probabilities[label].item()
            expected -= sum(smoothing / VOCABULARY * log_probabilities[token].item() for token in range(VOCABULARY))
    assert total_loss(model, batch, smoothing).item() == pytest.approx(expected, rel=1e-4)


def test_without_smoothing_the_loss_is_minus_the_log_probability_of_the_labels() -> None:
    torch.manual_seed(0)
    model, batch = small_model(), random_batch([4, 2])
    torch.testing.assert_close(total_loss(model, batch), -model.log_probabilities(batch).sum())

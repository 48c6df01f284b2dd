"""The fused projection and loss are torch's own, taken apart into blocks."""

import pytest
import torch
from examples import quick, seeds
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy as torch_cross_entropy
from torch.nn.functional import linear

from seq2seq import cross_entropy as room
from seq2seq.cross_entropy import cross_entropy

smoothings = st.sampled_from([0.0, 0.1, 0.7])


def example(labels: int, vocabulary: int = 11, word: int = 3) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    sizes = ((labels, word), (vocabulary, word), (vocabulary,))
    readouts, weight, bias = (torch.randn(size, requires_grad=True) for size in sizes)
    return readouts, weight, bias, torch.randint(0, vocabulary, (labels,))


@quick
@given(labels=st.integers(1, 9), block=st.integers(1, 10), smoothing=smoothings, seed=seeds)
def test_loss_and_gradients_are_torchs_however_it_is_cut(labels: int, block: int, smoothing: float, seed: int) -> None:
    torch.manual_seed(seed)
    *parameters, wanted = example(labels)
    readouts, weight, bias = parameters
    expected = torch_cross_entropy(linear(readouts, weight, bias), wanted, label_smoothing=smoothing, reduction="sum")
    gradients = torch.autograd.grad(3 * expected, parameters)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "BLOCK", block)
        found = cross_entropy(readouts, weight, bias, wanted, smoothing)
        torch.testing.assert_close(found, expected)
        for one, other in zip(torch.autograd.grad(3 * found, parameters), gradients, strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_a_tied_weight_gets_the_gradients_of_both_its_uses() -> None:
    torch.manual_seed(0)
    _, weight, bias, labels = example(4)
    words = torch.tensor([1, 2, 3, 2])
    losses = (
        cross_entropy(weight[words], weight, bias, labels),
        torch_cross_entropy(linear(weight[words], weight, bias), labels, reduction="sum"),
    )
    found, expected = (torch.autograd.grad(loss, weight)[0] for loss in losses)
    torch.testing.assert_close(found, expected)


def test_where_nothing_is_learned_the_loss_is_the_same() -> None:
    torch.manual_seed(0)
    readouts, weight, bias, labels = example(5)
    learned = cross_entropy(readouts, weight, bias, labels, 0.1)
    with torch.no_grad():
        assert torch.equal(cross_entropy(readouts, weight, bias, labels, 0.1), learned)


def test_under_autocast_the_loss_stays_in_full_precision() -> None:
    torch.manual_seed(0)
    readouts, weight, bias, labels = example(5)
    expected = cross_entropy(readouts, weight, bias, labels, 0.1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = cross_entropy(readouts, weight, bias, labels, 0.1)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=2e-2, atol=0)
    for one, other in zip(
        *(torch.autograd.grad(loss, (readouts, weight, bias)) for loss in (found, expected)), strict=True
    ):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, rtol=0.1, atol=0.05)

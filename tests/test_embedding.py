"""Embeddings: small as a projection, of unit variance when read."""

import pytest
import torch

from seq2seq.embedding import Embedding
from seq2seq.vocabulary import PAD


@pytest.mark.parametrize("width", [16, 64, 256])
def test_weights_are_small_and_vectors_of_unit_variance(width: int) -> None:
    torch.manual_seed(0)
    layer = Embedding(20_000 // width, width)
    words = torch.arange(PAD + 1, layer.num_embeddings)
    assert layer.weight[words].std().item() == pytest.approx(width**-0.5, rel=0.05)
    assert layer(words).std().item() == pytest.approx(1.0, rel=0.05)
    torch.testing.assert_close(layer(words), layer.weight[words] * width**0.5)


def test_padding_is_zero_and_stays_so() -> None:
    layer = Embedding(10, 4)
    vectors = layer(torch.tensor([[5, PAD]]))
    assert vectors.shape == (1, 2, 4)
    assert (vectors[0, 1] == 0).all()
    vectors.sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad[5].all()
    assert not layer.weight.grad[PAD].any()

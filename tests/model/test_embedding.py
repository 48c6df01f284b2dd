"""Embeddings: small weights for the vocabulary projection, and vectors of unit variance for the cells."""

import pytest
import torch

from seq2seq.model.embedding import Embedding
from seq2seq.text.special_tokens import PAD


@pytest.mark.parametrize("size", [16, 64, 256])
def test_weights_are_small_and_vectors_have_unit_variance(size: int) -> None:
    torch.manual_seed(0)
    layer = Embedding(20_000 // size, size)
    tokens = torch.arange(PAD + 1, layer.num_embeddings)
    assert layer.weight[tokens].std().item() == pytest.approx(size**-0.5, rel=0.05)
    assert layer(tokens).std().item() == pytest.approx(1.0, rel=0.05)
    torch.testing.assert_close(layer(tokens), layer.weight[tokens] * size**0.5)


def test_padding_is_zero_and_stays_zero() -> None:
    layer = Embedding(10, 4)
    vectors = layer(torch.tensor([[5, PAD]]))
    assert vectors.shape == (1, 2, 4)
    assert (vectors[0, 1] == 0).all()
    vectors.sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad[5].all()
    assert not layer.weight.grad[PAD].any()

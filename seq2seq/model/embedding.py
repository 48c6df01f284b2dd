"""Token embeddings that serve both as the network's input and, transposed, as its vocabulary projection."""

from math import sqrt

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from seq2seq.text.special_tokens import PAD


class Embedding(nn.Embedding):
    """A table with a vector for each token id, multiplied by √embedding_size (Vaswani et al. 2017, section 3.4).

    The weights start normal with standard deviation embedding_size^−½: a vocabulary projection needs small weights.
    The factor gives the recurrent cells inputs of unit variance, from which they learn much faster.
    """

    def __init__(self, vocabulary_size: int, embedding_size: int) -> None:
        super().__init__(vocabulary_size, embedding_size, padding_idx=PAD)
        nn.init.normal_(self.weight, std=embedding_size**-0.5)
        with torch.no_grad():
            self.weight[PAD].zero_()

    def forward(self, tokens: Int[Tensor, "*batch"]) -> Float[Tensor, "*batch embedding"]:
        """Return the vector of each token; PAD's vector is zero."""
        return super().forward(tokens) * sqrt(self.embedding_dim)

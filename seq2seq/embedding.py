"""Word embeddings that are fit to be read and, transposed, to be a vocabulary projection."""

from math import sqrt

import torch
from torch import Tensor, nn

from seq2seq.vocabulary import PAD


class Embedding(nn.Embedding):
    """Ids (…) to vectors (…, width), times √width (Vaswani et al. 2017, section 3.4).

    The weights start small, normal with standard deviation width^−½, as a projection to the vocabulary needs them; the
    recurrent cells that read the vectors need unit variance, and learn much faster from it.
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__(size, width, padding_idx=PAD)
        nn.init.normal_(self.weight, std=width**-0.5)
        with torch.no_grad():
            self.weight[PAD].zero_()

    def forward(self, words: Tensor) -> Tensor:
        """words (…) → vectors (…, width)."""
        vectors: Tensor = super().forward(words)
        return vectors * sqrt(self.embedding_dim)

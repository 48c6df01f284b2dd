"""How a hypothesis goes on: in its most probable ways, or in one that is drawn at random. PAD, UNK and BOS never come.

A way to pick takes log-probabilities (batch, width, vocabulary), and gives those of the picked words and the words,
(batch, width, ways) both.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from seq2seq.tensors import top
from seq2seq.vocabulary import EOS

Pick = Callable[[Tensor], tuple[Tensor, Tensor]]


def most_probable(ways: int) -> Pick:
    """Greedy and beam search: each hypothesis goes on in its `ways` most probable ways; no beam can need more of it."""

    def pick(log_probabilities: Tensor) -> tuple[Tensor, Tensor]:
        values, indices = top(log_probabilities[..., EOS:], ways)  # the vocabulary begins with PAD, UNK and BOS
        return values, indices + EOS

    return pick


def sampler(temperature: float, top_k: int, top_p: float, generator: torch.Generator | None) -> Pick:
    """Sampling: each hypothesis goes on in one way, drawn after temperature, then top-k, then top-p.

    Args:
        temperature, top_k, top_p: as in `SearchOptions`.
        generator: what is drawn from, on the model's device.
    """

    def pick(log_probabilities: Tensor) -> tuple[Tensor, Tensor]:
        values = log_probabilities[..., EOS:].flatten(0, 1).float() / temperature  # (batch · width, allowed)
        size = min(top_k or values.shape[-1], values.shape[-1])
        if size < values.shape[-1] or top_p < 1:
            values, indices = values.topk(size, dim=-1)
        else:
            indices = torch.arange(size, device=values.device).expand_as(values)
        probabilities = values.softmax(dim=-1)
        if top_p < 1:
            above = probabilities.cumsum(dim=-1) - probabilities  # what the more probable words hold
            probabilities = probabilities.masked_fill(above >= top_p, 0.0)
        # torch.multinomial, ten times faster: the first word whose running sum reaches a uniform point in (0, its end].
        running = probabilities.cumsum(dim=-1)
        point = running[:, -1:] * (1 - torch.rand(len(running), 1, generator=generator, device=running.device))
        drawn = torch.searchsorted(running, point).clamp(max=size - 1)  # NaN would lie past the end
        words = indices.gather(1, drawn).view(*log_probabilities.shape[:2], 1) + EOS
        return log_probabilities.gather(2, words), words

    return pick

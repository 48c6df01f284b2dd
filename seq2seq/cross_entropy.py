"""The vocabulary projection and its cross-entropy in one, a block of labels at a time.

The logits of a whole batch are its largest tensor by far. Here only a block's are ever held, and they are not kept: the
gradients are worked out beside the loss, while the block is in the processor's cache. torch's `linear_cross_entropy`
does the same, but not with label smoothing.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

BLOCK = 512  # labels


def cross_entropy(readouts: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """−Σ_i Σ_k q_ik log softmax(W r_i + b)_k, in nats: a scalar.

    q_i puts 1 − smoothing on the label, and spreads smoothing over the vocabulary (Szegedy et al. 2016, section 7).

    Args:
        readouts: (labels, word).
        weight, bias: of the projection, (vocabulary, word) and (vocabulary,).
        labels: int64 (labels,).
        smoothing: from 0 to less than 1.
    """
    learning = torch.is_grad_enabled()  # which a Function cannot see
    loss: Tensor = _CrossEntropy.apply(readouts, weight, bias, labels, smoothing, learning)  # type: ignore[no-untyped-call]
    return loss


class _CrossEntropy(torch.autograd.Function):
    """The derivative by the logits is softmax − q."""

    @staticmethod
    def forward(
        ctx: Any, readouts: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, smoothing: float, learning: bool
    ) -> Tensor:
        loss = torch.zeros((), dtype=torch.float32, device=readouts.device)
        by_readouts, by_weight, by_bias = (torch.zeros_like(x) for x in (readouts, weight, bias))
        spread = smoothing / weight.shape[0]
        for start in range(0, len(labels), BLOCK):
            block, label = readouts[start : start + BLOCK], labels[start : start + BLOCK].unsqueeze(1)
            logits = linear(block, weight, bias)
            logs = logits.float().log_softmax(dim=-1)
            loss -= (1 - smoothing) * logs.gather(1, label).sum()
            if smoothing:
                loss -= spread * logs.sum()
            if learning:
                gradient = logs.exp_().sub_(spread)
                gradient.scatter_add_(1, label, gradient.new_full(label.shape, smoothing - 1))
                gradient = gradient.to(logits.dtype)  # of lower precision under autocast, as the product was
                by_readouts[start : start + BLOCK] = gradient @ weight.to(logits.dtype)
                by_weight += gradient.t() @ block.to(logits.dtype)
                by_bias += gradient.sum(dim=0)
        ctx.save_for_backward(by_readouts, by_weight, by_bias)
        return loss

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return *(gradients[0] * saved for saved in ctx.saved_tensors), None, None, None

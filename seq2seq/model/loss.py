"""The loss: the vocabulary projection and its cross-entropy, fused, for one block of labels at a time.

The logits of a whole batch would be its largest tensor by far. Here only one block's logits exist at a time. Their
gradients are computed together with the loss, while the block is in the processor's cache, and the logits are then
discarded. torch's `linear_cross_entropy` does the same, but without label smoothing.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import linear

from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.text.batch import Batch

BLOCK = 512  # labels


def total_loss(model: EncoderDecoder, batch: Batch, label_smoothing: float = 0.0) -> Float[Tensor, ""]:
    """Return the cross-entropy of a batch in nats: the sum over its real labels, not the mean."""
    projection = model.decoder.vocabulary
    labels = batch.labels[batch.target_mask]
    return cross_entropy(model.readouts(batch), projection.weight, projection.bias, labels, label_smoothing)


def cross_entropy(
    readouts: Float[Tensor, "labels embedding"],
    weight: Float[Tensor, "vocabulary embedding"],
    bias: Float[Tensor, " vocabulary"],
    labels: Int[Tensor, " labels"],
    smoothing: float = 0.0,
) -> Float[Tensor, ""]:
    """Return −Σ_i Σ_k q_ik log softmax(W r_i + b)_k in nats.

    q_i puts 1 − smoothing on the label and spreads smoothing over the vocabulary (Szegedy et al. 2016, section 7).

    Args:
        readouts: r.
        weight, bias: W and b, the vocabulary projection.
        labels: the token id of each label.
        smoothing: from 0 to less than 1.
    """
    with_gradients = torch.is_grad_enabled()  # inside a Function it is always False
    return _CrossEntropy.apply(readouts, weight, bias, labels, smoothing, with_gradients)  # type: ignore[no-untyped-call]


class _CrossEntropy(torch.autograd.Function):
    """The cross-entropy, whose derivative with respect to the logits is softmax − q."""

    @staticmethod
    def forward(
        ctx: Any,
        readouts: Float[Tensor, "labels embedding"],
        weight: Float[Tensor, "vocabulary embedding"],
        bias: Float[Tensor, " vocabulary"],
        labels: Int[Tensor, " labels"],
        smoothing: float,
        with_gradients: bool,
    ) -> Float[Tensor, ""]:
        loss = torch.zeros((), dtype=torch.float32, device=readouts.device)
        readouts_gradient, weight_gradient, bias_gradient = (torch.zeros_like(x) for x in (readouts, weight, bias))
        uniform = smoothing / weight.shape[0]
        for start in range(0, len(labels), BLOCK):
            rows = slice(start, start + BLOCK)
            block, label = readouts[rows], labels[rows].unsqueeze(1)
            logits = linear(block, weight, bias)
            log_probabilities = logits.float().log_softmax(dim=-1)
            loss -= (1 - smoothing) * log_probabilities.gather(1, label).sum()
            if smoothing:
                loss -= uniform * log_probabilities.sum()
            if with_gradients:
                gradient = log_probabilities.exp_().sub_(uniform)
                gradient.scatter_add_(1, label, gradient.new_full(label.shape, smoothing - 1))
                gradient = gradient.to(logits.dtype)  # under autocast, the precision of the logits' product
                readouts_gradient[rows] = gradient @ weight.to(logits.dtype)
                weight_gradient += gradient.t() @ block.to(logits.dtype)
                bias_gradient += gradient.sum(dim=0)
        ctx.save_for_backward(readouts_gradient, weight_gradient, bias_gradient)
        return loss

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        [loss_gradient] = gradients
        return *(loss_gradient * saved for saved in ctx.saved_tensors), None, None, None

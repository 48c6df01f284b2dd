"""Measure the gradients of a model's weights, layer by layer."""

from collections import defaultdict

import torch
from torch import Tensor, nn

STACKS = ("layers", "cells")  # what the encoder and the decoder call their recurrent layers


def gradient_norms(model: nn.Module) -> dict[str, float]:
    """Return the Euclidean norm of the gradients that each layer's weights have now, by the layer's name.

    The names are encoder.1, decoder.1, … for the recurrent layers (1 is the lowest; both directions together), and
    encoder.embedding, decoder.context, decoder.readout, … for the other parts. Tied weights count once, where they
    stand first. A part without gradients is left out.

    Args:
        model: an `EncoderDecoder`.
    """
    gradients: dict[str, list[Tensor]] = defaultdict(list)
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            gradients[layer_of(name)].append(parameter.grad)
    return {layer: float(torch.nn.utils.get_total_norm(tensors)) for layer, tensors in gradients.items()}


def layer_of(parameter: str) -> str:
    """Return the layer that a parameter belongs to: encoder.layers.0.weight_hh_l0 belongs to encoder.1."""
    side, part, *rest = parameter.split(".")
    return f"{side}.{int(rest[0]) + 1}" if part in STACKS else f"{side}.{part}"

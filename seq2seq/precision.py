"""Weights of lower precision, for translating on a CPU: small batches wait for their being read from memory."""

import warnings
from typing import Literal, get_args

from torch import nn

from seq2seq.errors import UserError
from seq2seq.model import Model

Weights = Literal["float32", "float16", "int8"]
WEIGHTS: tuple[Weights, ...] = get_args(Weights)


def reduced(model: Model, weights: Weights) -> Model:
    """The model with its linear layers' weights packed in `weights`; its LSTM encoder and embeddings stay as they are.

    float16 rounds the weights, and computes as before; int8 computes in whole numbers, too, each batch scaled to its
    range. By torch's dynamic quantisation, which every version that the project supports has, though as deprecated.

    Raises:
        UserError: the model is not on a CPU, or this processor has no such arithmetic.
    """
    if weights == "float32":
        return model
    if next(model.parameters()).device.type != "cpu":
        raise UserError(f"--weights {weights}: for the CPU only; leave --device out")
    from torch.ao import quantization  # slow, and seldom asked for

    way = quantization.float16_dynamic_qconfig if weights == "float16" else quantization.default_dynamic_qconfig
    # A layer that reads nothing, as a model's without context, would be packed to say anything.
    layers = {name: way for name, layer in model.named_modules() if isinstance(layer, nn.Linear) and layer.in_features}
    try:
        with warnings.catch_warnings(action="ignore"):
            packed: Model = quantization.quantize_dynamic(model, layers)  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise UserError(
            f"--weights {weights}: not to be had here ({str(error).splitlines()[0]}); leave it out"
        ) from error
    return packed

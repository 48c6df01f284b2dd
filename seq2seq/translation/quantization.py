"""Quantize a model's weights for faster translation on a CPU: small batches mostly wait for weights from memory."""

import warnings
from typing import Literal, get_args

from torch import nn

from seq2seq.errors import UserError
from seq2seq.model.encoder_decoder import EncoderDecoder

Weights = Literal["float32", "float16", "int8"]
WEIGHTS: tuple[Weights, ...] = get_args(Weights)


def quantize(model: EncoderDecoder, weights: Weights) -> EncoderDecoder:
    """Return a copy of the model whose linear layers have quantized weights. "float32" returns the model itself.

    The layers of the encoder that torch computes as a whole, and the embeddings, are not quantized. float16 rounds the
    weights and computes in float32. int8 computes in integers, and scales the inputs of each batch to their range. Both
    use torch's dynamic quantization, which is deprecated, but available in every supported version of torch.

    Raises:
        UserError: the model is not on a CPU, or this CPU does not support the precision.
    """
    if weights == "float32":
        return model
    if next(model.parameters()).device.type != "cpu":
        raise UserError(f"--weights {weights}: for the CPU only; leave --device out")
    from torch.ao import quantization  # late: the import is slow, and few users quantize

    config = quantization.float16_dynamic_qconfig if weights == "float16" else quantization.default_dynamic_qconfig
    layers = {name: config for name, layer in model.named_modules() if isinstance(layer, nn.Linear)}
    try:
        with warnings.catch_warnings(action="ignore"):
            quantized: EncoderDecoder = quantization.quantize_dynamic(model, layers)  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise UserError(
            f"--weights {weights}: not available on this CPU ({str(error).splitlines()[0]}); leave it out"
        ) from error
    return quantized

"""Run a model's own cells over a batch, and list the states and gates of every layer and direction."""

from typing import Literal, NamedTuple

from jaxtyping import Bool
from torch import Tensor

from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.model.recurrent_layer import Trace
from seq2seq.text.batch import Batch

Side = Literal["encoder", "decoder"]


class TracedLayer(NamedTuple):
    """The states and gates of one layer in one direction.

    Attributes:
        side: "encoder" or "decoder".
        layer: counted from 1, the lowest.
        direction: "forward" or "backward". A decoder writes forward.
        cell: the cell's class name.
        trace: tensors (batch, tokens, hidden), in the order of the tokens.
        mask: (batch, tokens), True = a real token.
    """

    side: Side
    layer: int
    direction: str
    cell: str
    trace: Trace
    mask: Bool[Tensor, "batch tokens"]


def trace_layers(model: EncoderDecoder, batch: Batch) -> list[TracedLayer]:
    """Return every layer and direction, the encoder's first, while the decoder is given the target.

    Our own cells compute the values, one step at a time. They equal torch's fused computation up to rounding.

    Args:
        model: the model, in evaluation mode.
        batch: the sentence pairs, on the model's device.
    """
    layers: list[TracedLayer] = []
    traces = model.encoder.trace(batch.source, batch.source_mask)
    for number, (layer, directions) in enumerate(zip(model.encoder.layers, traces, strict=True), start=1):
        cell = type(layer.looped().cells[0]).__name__
        for direction, trace in zip(model.encoder.directions, directions, strict=True):
            layers.append(TracedLayer("encoder", number, direction, cell, trace, batch.source_mask))
    memory, state = model.encode(batch.source, batch.source_mask)
    for number, trace in enumerate(model.decoder.trace(memory, state, batch.inputs), start=1):
        cell = type(model.decoder.cells[number - 1]).__name__
        layers.append(TracedLayer("decoder", number, "forward", cell, trace, batch.target_mask))
    return layers

"""The gradients of a decoder: ∂loss_t/∂h_{t−k} and, for an LSTM, ∂loss_t/∂c_{t−k}.

loss_t is the cross-entropy of the token at step t under teacher forcing, without label smoothing. The derivatives are
total: they include every way from the state after step t−k to loss_t, through the cell, through the layers above, and
through what the decoder reads with its state. The state after the first step is the furthest one.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from seq2seq.insight.state_gradients import Backwards, state_gradients
from seq2seq.model.cells.cell import stack_records
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.text.batch import Batch


def decoder_gradients(
    model: EncoderDecoder, batch: Batch, furthest: int, most_steps: int
) -> Iterator[tuple[int, list[Backwards]]]:
    """Yield steps t, and for each of them the gradients of loss_t and the gates of each layer, from t back.

    All steps share one graph, and each t costs one pass back through it. Gradients of a sentence that ended before step
    t mean nothing.

    Args:
        model: in evaluation mode.
        batch: on the model's device.
        furthest: the largest k.
        most_steps: the number of steps t, evenly spaced from the last one back. Shorter targets have fewer.
    """
    decoder = model.decoder
    with torch.no_grad():
        memory, state = model.encode(batch.source, batch.source_mask)
        embedded = decoder.embedding(batch.inputs)
    with torch.enable_grad():
        embedded.requires_grad_()  # so that the states have gradients even if the weights are frozen
        steps = list(decoder.recurrent_steps(memory, state, embedded))
        outputs = (torch.cat(parts, dim=1) for parts in zip(*(step.outputs for step in steps), strict=True))
        readouts = decoder.compute_readout(tuple(outputs), embedded)
    for last in evenly_spaced(len(steps), most_steps):
        backwards = steps[max(0, last - furthest) : last + 1][::-1]
        with torch.enable_grad():
            logits = decoder.vocabulary(readouts[:, last]).float()
            loss = cross_entropy(logits, batch.labels[:, last], reduction="sum")  # sentences do not see each other
        gradients = state_gradients([loss], [layer for step in backwards for layer in step.state.layers])
        layers = len(decoder.cells)
        yield (
            last,
            [
                Backwards(
                    without_beam(stack_records(gradients[height::layers], dim=1)),
                    without_beam(stack_records((step.gates[height] for step in backwards), dim=1)),
                )
                for height in range(layers)
            ],
        )


def evenly_spaced(steps: int, most: int) -> list[int]:
    """Return at most `most` of the numbers from 0 to `steps` − 1, evenly spaced, the largest one among them."""
    count = min(steps, most)
    return [steps * (index + 1) // count - 1 for index in range(count)]


def without_beam(record: Any) -> Any:
    """Return a NamedTuple with tensors (batch, distance, 1, hidden) as one with tensors (batch, distance, hidden)."""
    return type(record)(*(leaf.detach().squeeze(2) for leaf in record))

"""The gradients of a decoder: ∂loss_t/∂h_{t−k} and, for an LSTM, ∂loss_t/∂c_{t−k}.

loss_t is the cross-entropy of the token at step t under teacher forcing, without label smoothing. The derivatives are
total: they include every way from the state after step t−k to loss_t, through the cell, through the layers above, and
through what the decoder reads with its state. The state after the first step is the furthest one.
"""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from seq2seq.insight.state_gradients import Backwards, state_gradients
from seq2seq.model.cells.cell import stack_records
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.model.recurrent_layer import reorder
from seq2seq.text.batch import Batch


def decoder_gradients(
    model: EncoderDecoder, batch: Batch, furthest: int, most_steps: int
) -> Iterator[tuple[Bool[Tensor, "batch distance"], list[Backwards]]]:
    """Yield the gradients of loss_t and the gates of each layer from t back, for one step t of each sentence at a time.

    All losses share one graph, and each item costs one pass back through it. With an item comes a mask: which of its
    steps exist. Those before a sentence's first step do not, and a sentence that has fewer steps t than others has none
    in the last items.

    Args:
        model: in evaluation mode.
        batch: on the model's device.
        furthest: the largest k.
        most_steps: the number of steps t of a sentence, evenly spaced. Shorter targets have fewer.
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
    heights = range(len(decoder.cells))
    gates = [stack_records((step.gates[height] for step in steps), dim=1) for height in heights]
    for last in evenly_spaced(batch.target_mask.sum(dim=1), most_steps):
        [rows] = torch.where(last >= 0)
        with torch.enable_grad():
            logits = decoder.vocabulary(readouts[rows, last[rows]]).float()
            loss = cross_entropy(logits, batch.labels[rows, last[rows]], reduction="sum")  # one term for each sentence
        end = int(last.max()) + 1
        gradients = state_gradients([loss], [layer for step in steps[:end] for layer in step.state.layers])
        order = last.unsqueeze(1) - torch.arange(min(end, furthest + 1), device=last.device)
        yield (
            order >= 0,
            [
                Backwards(
                    in_order(stack_records(gradients[height :: len(heights)], dim=1), order.clamp(min=0)),
                    in_order(gates[height], order.clamp(min=0)),
                )
                for height in heights
            ],
        )


def evenly_spaced(lengths: Int[Tensor, " batch"], most: int) -> Iterator[Int[Tensor, " batch"]]:
    """Yield one step of each sentence at a time: at most `most` steps each, evenly spaced, the last one among them.

    A sentence that has no step left gets −1.
    """
    counts = lengths.clamp(max=most)
    for index in range(int(counts.max())):
        yield torch.where(counts > index, lengths * (index + 1) // counts - 1, -1)


def in_order(record: Any, order: Int[Tensor, "batch distance"]) -> Any:
    """Return a NamedTuple with tensors (batch, target, 1, hidden) as one with tensors (batch, distance, hidden)."""
    return type(record)(*(reorder(leaf.detach().squeeze(2), order) for leaf in record))

"""The gradients of an encoder: how much of the gradient that arrives at the last state read arrives k steps earlier.

An encoder has no loss at each step. Let L be the loss of the whole sentence, the sum of the cross-entropies of its
tokens under teacher forcing, and T the last step of a layer in one direction. Then

    g_k = (∂h_T/∂h_{T−k})ᵀ ∂L/∂h_T

where ∂L/∂h_T is everything that arrives at h_T: from the decoder, which starts there, from attention, and from the
layers above. From there, g_k goes back through the recurrence of this layer and direction alone. It leaves out what
attention and the layers above send directly to the states before T. In an LSTM, (h, c) stands in the place of h, and
the parts of g_k that belong to h_{T−k} and to c_{T−k} are measured apart.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from seq2seq.insight.state_gradients import Backwards, state_gradients
from seq2seq.model.cells.cell import CellState, stack_records
from seq2seq.model.encoder import Encoder, Memory
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.model.loss import cross_entropy
from seq2seq.model.recurrent_layer import reading_orders, reorder, unroll
from seq2seq.text.batch import Batch


class Reading(NamedTuple):
    """How one cell read a batch, in the order of its steps."""

    steps: Sequence[CellState]  # the state after each step, tensors (batch, hidden): only the next step depends on it
    states: Any  # copies of them, tensors (batch, source, hidden): everything else depends on these
    gates: Any  # tensors (batch, source, hidden)


def encoder_gradients(model: EncoderDecoder, batch: Batch, furthest: int) -> list[list[Backwards]]:
    """Return g_k and the gates of each layer and direction, for k = 0, 1, …, up to `furthest`.

    Gradients further back than a sentence's first token mean nothing.

    Args:
        model: in evaluation mode.
        batch: on the model's device.
        furthest: the largest k.
    """
    lengths = batch.source_mask.sum(dim=1).cpu()
    with torch.enable_grad():
        memory, layers = read_source(model.encoder, batch.source, batch.source_mask)
        loss = total_loss(model, memory, batch)
    arrived = iter(state_gradients([loss], [reading.states for layer in layers for reading in layer]))
    return [[from_the_last(reading, next(arrived), lengths, furthest) for reading in layer] for layer in layers]


def from_the_last(reading: Reading, arrived: Any, lengths: Int[Tensor, " batch"], furthest: int) -> Backwards:
    """Return g_k and the gates of one cell, the last step first.

    Args:
        reading: of the cell.
        arrived: ∂L/∂h at every step, and ∂L/∂c of an LSTM, in the order of the steps. Only the last step's is used.
        lengths: the number of steps of each sentence.
        furthest: the largest k.
    """
    columns = torch.arange(arrived.hidden.shape[1])
    is_last = (columns == lengths.unsqueeze(1) - 1).unsqueeze(2).to(arrived.hidden.device)
    gradients = state_gradients(list(reading.states), reading.steps, [leaf * is_last for leaf in arrived])
    records = stack_records(gradients, dim=1), reading.gates
    _, backward = reading_orders(arrived.hidden, lengths)
    order = backward[:, : furthest + 1]
    return Backwards(*(type(record)(*(reorder(leaf.detach(), order) for leaf in record)) for record in records))


def read_source(
    encoder: Encoder, source: Int[Tensor, "batch source"], mask: Bool[Tensor, "batch source"]
) -> tuple[Memory, list[list[Reading]]]:
    """Return the memory that `Encoder.forward` returns, and how each layer's cells, our own ones, read the source."""
    lengths = mask.sum(dim=1).cpu()
    values = encoder.read(source, lengths).detach().requires_grad_()  # so that the states have gradients
    layers, last_states = [], []
    for height, layer in enumerate(encoder.layers):
        orders = reading_orders(values, lengths)
        readings = [read_once(*pair, values) for pair in zip(layer.looped().cells, orders, strict=False)]
        ordered = [reorder(reading.states.hidden, order) for reading, order in zip(readings, orders, strict=False)]
        outputs = torch.cat(ordered, dim=-1).masked_fill(~mask.unsqueeze(2), 0.0)
        values = encoder.connect(height, outputs, values)
        last_states.append(last_state(readings, lengths))
        layers.append(readings)
    last = stack_records(last_states, dim=1)
    values = encoder.in_order(values, lengths)
    return Memory(values, mask, last.hidden[:, -1], last, keys=values), layers


def read_once(cell: Any, order: Int[Tensor, "batch source"], values: Float[Tensor, "batch source size"]) -> Reading:
    """Return how a cell reads values in an order."""
    steps, gates = zip(*unroll(cell, reorder(values, order)), strict=True)
    return Reading(steps, stack_records(steps, dim=1), stack_records(gates, dim=1))


def last_state(readings: Sequence[Reading], lengths: Int[Tensor, " batch"]) -> Any:
    """Return the state after each sentence's last step, tensors (batch, memory), with the directions side by side."""
    last = (lengths - 1)[:, None].to(readings[0].states.hidden.device)
    leaves = zip(*(reading.states for reading in readings), strict=True)
    joined = (torch.cat([reorder(leaf, last).squeeze(1) for leaf in directions], dim=-1) for directions in leaves)
    return type(readings[0].states)(*joined)


def total_loss(model: EncoderDecoder, memory: Memory, batch: Batch) -> Float[Tensor, ""]:
    """Return the loss of a batch whose source is read already. See `seq2seq.model.loss.total_loss`."""
    decoder = model.decoder
    readouts, _ = decoder(decoder.prepare(memory), decoder.initial_state(memory), batch.inputs)
    labels = batch.labels[batch.target_mask]
    return cross_entropy(readouts[batch.target_mask], decoder.vocabulary.weight, decoder.vocabulary.bias, labels)

"""Measure the gates of every layer on a batch of sentence pairs: their means, and how many of them are saturated."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from seq2seq.insight.traced_layers import trace_layers
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.model.recurrent_layer import Trace
from seq2seq.text.batch import Batch

LOW, HIGH = 0.1, 0.9  # a gate s below or above is saturated: there, its derivative s (1 − s) is less than 0.09
CANDIDATE = "candidate"  # the gate that has tanh, with values in (-1, 1); all others have a sigmoid


@dataclass(frozen=True)
class GateStatistics:
    """A gate's values, over all units of a layer and all real tokens of a batch.

    Args:
        mean: the mean value.
        saturated: the share of values, from 0 to 1, that are below 0.1 or above 0.9; of a candidate, below −0.9 or
            above 0.9.
    """

    mean: float
    saturated: float


@dataclass(frozen=True)
class LayerStatistics:
    """The gates of one layer in one direction.

    Args:
        layer: encoder.1.forward, encoder.1.backward, …, decoder.1, …; layer 1 is the lowest.
        gates: by name, in the cell's order; empty for a cell without gates.
    """

    layer: str
    gates: dict[str, GateStatistics]


@torch.no_grad()
def gate_statistics(model: EncoderDecoder, batch: Batch) -> list[LayerStatistics]:
    """Return the statistics of every layer's gates, while the encoder reads and the decoder is given the target.

    No random numbers are drawn, and the model is not changed.

    Args:
        model: the model, in evaluation mode.
        batch: the sentence pairs, on the model's device.
    """
    statistics = []
    for layer in trace_layers(model, batch):
        direction = f".{layer.direction}" if layer.side == "encoder" else ""
        statistics.append(layer_statistics(f"{layer.side}.{layer.layer}{direction}", layer.trace, layer.mask))
    return statistics


def layer_statistics(layer: str, trace: Trace, mask: Tensor) -> LayerStatistics:
    """Return the statistics of a layer's gates.

    Args:
        layer: the layer's name.
        trace: tensors (batch, tokens, hidden).
        mask: (batch, tokens), True = a real token.
    """
    values = {name: gate[mask].float() for name, gate in trace.gates._asdict().items()}
    return LayerStatistics(
        layer, {name: GateStatistics(float(gate.mean()), saturated_share(name, gate)) for name, gate in values.items()}
    )


def saturated_share(name: str, values: Tensor) -> float:
    """Return the share of a gate's values that are near an end of its range."""
    saturated = values.abs() > HIGH if name == CANDIDATE else (values < LOW) | (values > HIGH)
    return float(saturated.float().mean())


def make_sample(pairs: Sequence[tuple[Sequence[int], Sequence[int]]], longest: int) -> Batch:
    """Return sentence pairs as a batch. Longer sentences are cut.

    Args:
        pairs: the ids of sources and targets.
        longest: the most tokens of a sentence.
    """
    return Batch.from_ids(*([ids[:longest] for ids in side] for side in zip(*pairs, strict=True)))

"""Measure the gates and states of every token, layer and direction while a model translates, or reads a translation.

The records have plain values, so that `dataclasses.asdict` gives the JSON.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.insight.forced_reading import ForcedReading
from seq2seq.insight.gate_statistics import CANDIDATE
from seq2seq.insight.traced_layers import Side, TracedLayer, trace_layers
from seq2seq.model.encoder_decoder import EncoderDecoder

LOW, HIGH = 0.1, 0.9  # the quantiles of a band
STATES = {"hidden": "h", "cell": "c"}  # the letters of the papers; a state of one's own keeps its field's name
Limits = tuple[float, float] | tuple[None, None]
SIGMOID: Limits = (0.0, 1.0)
TANH: Limits = (-1.0, 1.0)
NO_LIMITS: Limits = (None, None)


@dataclass(frozen=True)
class Unit:
    """One unit's value at each token.

    Args:
        unit: counted from 0, as the rows of the cell's weights are.
    """

    unit: int
    values: list[float]


@dataclass(frozen=True)
class Quantity:
    """A gate, or a part of the state, over all units of a layer. The lists have one value for each token.

    Args:
        name: the gate's name, or h or c for a state.
        lowest, highest: the limits of a value: 0 and 1 for a sigmoid, −1 and 1 for a tanh. None: it has no limits.
        means: the mean over the units.
        lows, highs: the 10th and the 90th percentile over the units.
        units: those that were asked for.
    """

    name: str
    lowest: float | None
    highest: float | None
    means: list[float]
    lows: list[float]
    highs: list[float]
    units: list[Unit]


@dataclass(frozen=True)
class LayerGates:
    """The gates and states of one layer in one direction.

    Args:
        side: "encoder" or "decoder".
        layer: counted from 1, the lowest.
        direction: "forward" or "backward".
        cell: the cell's class name.
        hidden: units.
        gates: in the cell's order. A cell without gates (an RNN) has an empty list.
        states: h, and c if the cell has it, after each token.
    """

    side: Side
    layer: int
    direction: str
    cell: str
    hidden: int
    gates: list[Quantity]
    states: list[Quantity]


@dataclass(frozen=True)
class SentenceGates:
    """The gates and states for one sentence and its translation.

    Args:
        source_tokens: what the encoder reads, with "</s>" at the end. Empty for a blank sentence, which is not read.
        target_tokens: what the decoder writes, with "</s>" at the end. The decoder's values at a token are those of the
            step that writes it: this step has read the token before.
        text: the translation.
        log_probabilities: of each target token, given those before it; natural logarithm.
        layers: the encoder's, then the decoder's, from the lowest to the highest, forward before backward.
    """

    source_tokens: list[str]
    target_tokens: list[str]
    text: str
    log_probabilities: list[float]
    layers: list[LayerGates]


BLANK = SentenceGates([], [], "", [], [])  # of a sentence that is not read


@torch.inference_mode()
def measure_gates(model: EncoderDecoder, reading: ForcedReading, units: Sequence[int] = ()) -> SentenceGates:
    """Return the gates and states while the model reads a sentence and writes a translation of it.

    Args:
        model: the trained model.
        reading: of the sentence and its translation.
        units: the units whose single values are wanted, counted from 0. A layer without such a unit leaves it out.

    Raises:
        UserError: no layer has one of the units.
    """
    translation, labels = reading.translation, reading.batch.labels[0]
    traced = trace_layers(model, reading.batch)
    check_units(units, traced)
    return SentenceGates(
        source_tokens=list(translation.source_tokens),
        target_tokens=list(translation.target_tokens),
        text=translation.text,
        log_probabilities=reading.log_probabilities.gather(-1, labels[:, None]).squeeze(-1).tolist(),
        layers=[layer_gates(layer, units) for layer in traced],
    )


def check_units(units: Sequence[int], layers: Sequence[TracedLayer]) -> None:
    """Raise UserError if there is a unit that no layer has."""
    most = max(layer.trace.states.hidden.shape[-1] for layer in layers)
    for unit in units:
        if not 0 <= unit < most:
            raise UserError(f"there is no unit {unit}; the largest layer has units 0 to {most - 1}")


def layer_gates(layer: TracedLayer, units: Sequence[int]) -> LayerGates:
    """Return the record of one layer for a batch of one sentence."""
    gates, states = layer.trace.gates._asdict(), layer.trace.states._asdict()
    return LayerGates(
        side=layer.side,
        layer=layer.layer,
        direction=layer.direction,
        cell=layer.cell,
        hidden=layer.trace.states.hidden.shape[-1],
        gates=[quantity(name, TANH if name == CANDIDATE else SIGMOID, gate[0], units) for name, gate in gates.items()],
        states=[
            quantity(STATES.get(name, name), TANH if name == "hidden" else NO_LIMITS, state[0], units)
            for name, state in states.items()
        ],
    )


def quantity(name: str, limits: Limits, values: Float[Tensor, "tokens hidden"], units: Sequence[int]) -> Quantity:
    """Return a gate or a state, summarised over its units."""
    values = values.float().cpu()
    lows, highs = torch.quantile(values, torch.tensor([LOW, HIGH]), dim=-1).tolist()
    return Quantity(
        name=name,
        lowest=limits[0],
        highest=limits[1],
        means=values.mean(dim=-1).tolist(),
        lows=lows,
        highs=highs,
        units=[Unit(unit, values[:, unit].tolist()) for unit in units if unit < values.shape[-1]],
    )

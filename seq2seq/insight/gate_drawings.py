"""Show the gates and states of sentences: as strips for a terminal, and as a figure."""

import math
from pathlib import Path

from seq2seq.insight.gates import LayerGates, Quantity, SentenceGates
from seq2seq.plotting.gate_figure import gate_figure
from seq2seq.plotting.gate_strips import Strip, StripPanel, draw_strips


def draw_gates(gates: SentenceGates, columns: int = 80) -> str:
    """Return the gates and states of a sentence as a drawing for a terminal. See `draw_strips`."""
    if not gates.layers:
        return "(a blank sentence is not read)"
    return draw_strips([strip_panel(layer, gates) for layer in gates.layers], columns)


def save_gates(path: Path, gates: SentenceGates) -> None:
    """Draw the gates and states of a sentence as a figure.

    Args:
        path: the suffix chooses PNG, SVG or PDF.

    Raises:
        UserError: the suffix is not a figure's, the sentence is blank, or the file cannot be written.
    """
    gate_figure(path, [strip_panel(layer, gates) for layer in gates.layers])


def strip_panel(layer: LayerGates, gates: SentenceGates) -> StripPanel:
    """Return a layer in the form that drawings take."""
    encodes = layer.side == "encoder"
    direction = f", {layer.direction}" if encodes else ""
    return StripPanel(
        title=f"{layer.side}, layer {layer.layer}{direction}",
        cell=f"{layer.cell}, {layer.hidden:,} units",
        tokens=gates.source_tokens if encodes else gates.target_tokens,
        probabilities=[] if encodes else [math.exp(value) for value in gates.log_probabilities],
        gates=[strip(quantity) for quantity in layer.gates],
        states=[strip(quantity) for quantity in layer.states],
    )


def strip(quantity: Quantity) -> Strip:
    """Return a gate or a state in the form that drawings take."""
    return Strip(
        quantity.name,
        quantity.lowest,
        quantity.highest,
        quantity.means,
        quantity.lows,
        quantity.highs,
        {unit.unit: unit.values for unit in quantity.units},
    )

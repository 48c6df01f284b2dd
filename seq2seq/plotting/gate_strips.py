"""Draw gates and states in a terminal, from characters alone: a strip for each gate, and a row for each token."""

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import NamedTuple

from rich.cells import set_cell_size

from seq2seq.plotting.terminal import clip

NARROWEST, WIDEST = 9, 20  # columns of a strip
TOKEN = 10  # columns for a token
PROBABILITY = 7  # columns for a token's probability
MOST_ROWS = 60  # tokens
BAND, MEAN = "░", "█"
UNIT_MARKS = "abcdefghijklmnopqrstuvwxyz"


class Strip(NamedTuple):
    """One gate, or one part of the state, of a layer. The lists have one value for each token.

    Attributes:
        name: of the gate or state.
        lowest, highest: the limits of a value; None: the strip ends at the largest absolute value, on both sides.
        means, lows, highs: over the units.
        units: the values of single units, by the unit's number.
    """

    name: str
    lowest: float | None
    highest: float | None
    means: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    units: dict[int, Sequence[float]]


class StripPanel(NamedTuple):
    """All strips of one layer and direction.

    Attributes:
        title: for example "encoder, layer 1, forward".
        cell: the cell and its size, for example "LSTMCell, 128 units".
        tokens: in the order of the sentence.
        probabilities: of the tokens, if the layer writes them; otherwise empty.
        gates: empty for a cell without gates.
        states: h, …
    """

    title: str
    cell: str
    tokens: Sequence[str]
    probabilities: Sequence[float]
    gates: Sequence[Strip]
    states: Sequence[Strip]


def limits(strip: Strip) -> tuple[float, float]:
    """Return the values at a strip's two ends."""
    if strip.lowest is not None and strip.highest is not None:
        return strip.lowest, strip.highest
    values = [*strip.means, *strip.lows, *strip.highs, *(value for unit in strip.units.values() for value in unit)]
    end = max((abs(value) for value in values if math.isfinite(value)), default=0.0) or 1.0
    return -end, end


def draw_strips(panels: Sequence[StripPanel], columns: int = 80) -> str:
    """Return the gates and states of all layers as a drawing.

    A strip goes from the lowest value at its left to the highest at its right. Strips that do not fit beside each other
    stand below. The token stands last in its row: text that is written from right to left would move strips after it.

    Args:
        panels: the layers and directions.
        columns: the terminal's width, 40 or more.
    """
    lines: list[str] = []
    marks = dict(zip(shown_units(panels), UNIT_MARKS, strict=False))
    for panel in panels:
        strips = [*panel.gates, *panel.states]
        lines += [clip(panel.title, columns), clip(panel.cell, columns), *([] if panel.gates else ["no gates"])]
        beside = TOKEN + (PROBABILITY if panel.probabilities else 0)
        fitting = max(1, (columns - beside) // (NARROWEST + 1))
        rows = -(-len(strips) // fitting)
        fitting = -(-len(strips) // rows)  # strips of about the same number in each row
        width = min(WIDEST, (columns - beside) // fitting - 1)
        for start in range(0, len(strips), fitting):
            lines += strip_rows(panel, strips[start : start + fitting], width, marks)
        if len(panel.tokens) > MOST_ROWS:
            lines.append(f"(cut: {MOST_ROWS} of {len(panel.tokens)} tokens)")
        lines.append("")
    lines.append(f"{MEAN} mean of the units   {BAND} 10 to 90 %")
    if marks:
        lines += wrap("  ".join(f"{mark}:{unit}" for unit, mark in marks.items()), columns)
        lines += wrap("A letter is a unit with this number; it covers what is under it.", columns)
    return "\n".join(line.rstrip() for line in lines)


def shown_units(panels: Sequence[StripPanel]) -> list[int]:
    """Return the units of all panels, each once."""
    strips = (strip for panel in panels for strip in (*panel.gates, *panel.states))
    return list(dict.fromkeys(unit for strip in strips for unit in strip.units))


def strip_rows(panel: StripPanel, strips: Sequence[Strip], width: int, marks: Mapping[int, str]) -> list[str]:
    """Return the heads of strips that stand beside each other, and a row for each token."""
    rows = [
        " ".join(set_cell_size(clip(strip.name, width), width) for strip in strips),
        " ".join(scale(strip, width) for strip in strips),
    ]
    for place, token in enumerate(panel.tokens[:MOST_ROWS]):
        probability = f"{panel.probabilities[place]:>6.1%} " if panel.probabilities else ""
        drawn = " ".join(draw_strip(strip, place, width, marks) for strip in strips)
        rows.append(f"{drawn} {probability}{clip(token, TOKEN - 1)}")
    return rows


def scale(strip: Strip, width: int) -> str:
    """Return the values at a strip's two ends as text."""
    low, high = (f"{value:.2g}" for value in limits(strip))
    return low + high.rjust(width - len(low))


def draw_strip(strip: Strip, place: int, width: int, marks: Mapping[int, str]) -> str:
    """Return a strip for one token: the band, the mean, and the marks of single units."""
    low, high = limits(strip)

    def column(value: float) -> int:
        if not math.isfinite(value):
            return 0
        return min(width - 1, max(0, int((value - low) / (high - low) * width)))

    cells = ["·"] * width
    for index in range(column(strip.lows[place]), column(strip.highs[place]) + 1):
        cells[index] = BAND
    cells[column(strip.means[place])] = MEAN
    for unit, values in strip.units.items():
        if unit in marks:
            cells[column(values[place])] = marks[unit]
    return "".join(cells)

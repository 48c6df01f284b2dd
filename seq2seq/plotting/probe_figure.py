"""Draw how well probes guess the tokens of a sentence, by position: panels for a few groups of sentence lengths."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seq2seq.errors import UserError
from seq2seq.plotting.canvas import check_figure_format, figure_fonts, label, save_figure, style_axes
from seq2seq.plotting.charts import STYLES, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REFERENCE_COLOUR = "#8a8a8a"  # of what the curves are compared with
REFERENCE_STYLES = ("--", ":", "-.")
CURVE_STYLES = tuple(style for style in STYLES if style[0] != REFERENCE_COLOUR)
PANEL_INCHES, LEGEND_INCHES = 1.75, 0.22  # heights
SMALL_FONT = 9.0  # points


class Curve(NamedTuple):
    """Shares from 0 to 1, by position."""

    positions: Sequence[int]  # counted from 1
    shares: Sequence[float]
    lows: Sequence[float] = ()  # of the band around the shares; empty: no band
    highs: Sequence[float] = ()


class Row(NamedTuple):
    """The two panels of one group of lengths. Both have the same names."""

    title: str
    from_start: Mapping[str, Curve]
    from_end: Mapping[str, Curve]


def probe_figure(path: Path, rows: Sequence[Row], references: Sequence[str], axis_label: str) -> None:
    """Draw the curves: at the left by the position from the start, at the right by the position from the end.

    The right panels count from right to left, so that the end of the sentence is at the right, as in the sentence.

    Args:
        path: the suffix chooses PNG, SVG or PDF.
        rows: the groups of lengths, from top to bottom.
        references: the names of the curves that the others are compared with. They are grey.
        axis_label: what the shares are.

    Raises:
        UserError: the suffix is not a figure's, nothing was measured, or the file cannot be written.
    """
    check_figure_format(path)
    if not any(curve.positions for row in rows for curve in row.from_start.values()):
        raise UserError(f"{path}: not drawn: no position was measured")
    names = list(rows[0].from_start)
    styles = choose_styles(names, references)
    with figure_fonts():
        from matplotlib.figure import Figure

        height = PANEL_INCHES * len(rows) + LEGEND_INCHES * len(names) + 0.5
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        panels = figure.subplots(len(rows), 2, sharey=True, squeeze=False)
        for row, (left, right) in zip(rows, panels, strict=True):
            draw_panel(left, row.from_start, styles)
            draw_panel(right, row.from_end, styles)
            right.invert_xaxis()
            left.set_title(row.title, loc="left", fontsize=SMALL_FONT, parse_math=False)
        panels[-1, 0].set_xlabel("position from the start", fontsize=SMALL_FONT)
        panels[-1, 1].set_xlabel("position from the end", fontsize=SMALL_FONT)
        figure.supylabel(axis_label, fontsize=SMALL_FONT)
        legend = figure.legend(
            handles=panels[0, 0].lines, labels=["curve"] * len(names), loc="outside upper left", frameon=False
        )
        for text, name in zip(legend.get_texts(), names, strict=True):
            text.set(parse_math=False, fontsize=SMALL_FONT)
            text.set_text(label(name))  # now, because matplotlib leaves a name that begins with "_" out of a legend
        save_figure(path, figure)


def choose_styles(names: Sequence[str], references: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return the colour, marker and line style of each curve."""
    curves, greys = cycle(CURVE_STYLES), cycle(REFERENCE_STYLES)
    styles: dict[str, dict[str, object]] = {}
    for name in names:
        if name in references:
            styles[name] = {"color": REFERENCE_COLOUR, "linestyle": next(greys)}
        else:
            colour, marker = next(curves)
            styles[name] = {"color": colour, "marker": marker, "markersize": 3}
    return styles


def draw_panel(axes: "Axes", curves: Mapping[str, Curve], styles: Mapping[str, Mapping[str, object]]) -> None:
    """Draw the curves of one panel, in percent, each inside its band."""
    for name, curve in curves.items():
        style = styles[name]
        axes.plot(curve.positions, percentages(curve.shares), linewidth=1.2, **style)  # type: ignore[arg-type]
        if curve.lows:
            band = percentages(curve.lows), percentages(curve.highs)
            axes.fill_between(curve.positions, *band, color=str(style["color"]), alpha=0.2, linewidth=0)
    axes.set_ylim(0, 104)  # markers at 100 % are whole
    axes.set_yticks(range(0, 101, 25))
    axes.set_xticks(position_ticks(max(max(curve.positions, default=1) for curve in curves.values())))
    axes.tick_params(labelsize=SMALL_FONT)
    style_axes(axes)


def position_ticks(last: int) -> list[int]:
    """Return the positions to name on an axis from 1 to the last one: 1, and then round numbers."""
    if last <= 12:
        return list(range(1, last + 1, 1 if last <= 6 else 2))
    step = next((step for step in (5, 10, 20, 50) if last <= 6 * step), 100)
    return [1, *range(step, last + 1, step)]


def percentages(shares: Sequence[float]) -> list[float]:
    """Return shares in percent."""
    return [100 * share for share in shares]

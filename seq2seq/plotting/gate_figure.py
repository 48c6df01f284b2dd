"""Draw the gates and states of a sentence as a figure: a column for each layer and direction, a row for each gate."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seq2seq.errors import UserError
from seq2seq.plotting.canvas import LARGEST_INCHES, check_figure_format, figure_fonts, label, save_figure, style_axes
from seq2seq.plotting.charts import STYLES
from seq2seq.plotting.figures import BLUE, CELL_INCHES, LARGEST_FONT, POINTS_PER_INCH
from seq2seq.plotting.gate_strips import Strip, StripPanel, limits, shown_units

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_INCHES = 1.15
NARROWEST_INCHES = 2.2  # of a panel
BAND = 0.18  # how much the band covers the page
NEAR_BLUE = ("#0072b2", "#56b4e9")  # styles that look like the mean's


def gate_figure(path: Path, panels: Sequence[StripPanel]) -> None:
    """Draw, over the tokens, the mean of the units as a line, 10 to 90 % of them as a band, and single units as lines.

    Args:
        path: the suffix chooses PNG, SVG or PDF.
        panels: one for each layer and direction; see `StripPanel`.

    Raises:
        UserError: the suffix is not a figure's, there is nothing to draw, or the file cannot be written.
    """
    check_figure_format(path)
    if not panels:
        raise UserError(f"{path}: not drawn: the sentence is blank")
    names = list(dict.fromkeys(strip.name for panel in panels for strip in [*panel.gates, *panel.states]))
    with figure_fonts():
        from matplotlib.figure import Figure

        tokens = sum(len(panel.tokens) for panel in panels)
        cell = min(CELL_INCHES, LARGEST_INCHES / tokens)
        widths = [max(NARROWEST_INCHES, cell * len(panel.tokens)) for panel in panels]
        height = min(LARGEST_INCHES, ROW_INCHES * len(names) + 1.2)
        figure = Figure(figsize=(min(LARGEST_INCHES, sum(widths) + 1), height), layout="constrained")
        grid = figure.subplots(len(names), len(panels), squeeze=False, sharex="col", width_ratios=widths)
        points = min(LARGEST_FONT, 0.6 * POINTS_PER_INCH * cell)
        units = shown_units(panels)
        for column, panel in enumerate(panels):
            strips = {strip.name: strip for strip in [*panel.gates, *panel.states]}
            grid[0][column].set_title(label(panel.title), fontsize=LARGEST_FONT, parse_math=False)
            for row, name in enumerate(names):
                draw_panel(grid[row][column], strips.get(name), units)
                if column == 0:
                    grid[row][0].set_ylabel(label(name), parse_math=False)
            bottom = grid[-1][column]
            ticks = range(len(panel.tokens))
            bottom.set_xticks(ticks, list(map(label, panel.tokens)), rotation=90, fontsize=points, parse_math=False)
        handles = [
            grid[0][0].plot([], [], color=BLUE, linewidth=1.6)[0],
            grid[0][0].fill_between([], [], color=BLUE, alpha=BAND, linewidth=0),
            *(grid[0][0].plot([], [], **unit_style(rank))[0] for rank in range(len(units))),
        ]
        names = ["mean of the units", "10 to 90 % of them", *(f"unit {unit}" for unit in units)]
        figure.legend(handles, names, loc="outside lower center", frameon=False, ncols=6)
        save_figure(path, figure)


def draw_panel(axes: "Axes", strip: Strip | None, units: Sequence[int]) -> None:
    """Draw one gate or state of one layer; nothing if the layer does not have it. `units` are those of all layers."""
    if strip is None:
        axes.set_axis_off()
        return
    ticks = range(len(strip.means))
    axes.fill_between(ticks, strip.lows, strip.highs, color=BLUE, alpha=BAND, linewidth=0)
    axes.plot(ticks, strip.means, color=BLUE, linewidth=1.6, marker="." if len(ticks) < 40 else "")
    for unit, values in strip.units.items():
        axes.plot(ticks, values, **unit_style(units.index(unit)))
    low, high = limits(strip)
    axes.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    ends = [low, 0.5 * (low + high), high]
    axes.set_yticks(ends, [f"{end:.2g}" for end in ends])
    style_axes(axes)


def unit_style(rank: int) -> dict[str, Any]:
    """Return the colour and the dashes of a unit's line. The blue of the mean is left out."""
    colours = [colour for colour, _ in STYLES if colour not in NEAR_BLUE]
    dashes = ("-", "--", ":", "-.")[rank // len(colours) % 4]
    return {"color": colours[rank % len(colours)], "linestyle": dashes, "linewidth": 1}

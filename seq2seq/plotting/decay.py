"""Draw how gradients decay over the steps of a recurrence, and what networks learn over a gap."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seq2seq.plotting.canvas import check_figure_format, figure_fonts, label, save_figure, style_axes
from seq2seq.plotting.charts import STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REFERENCES = (0.99, 0.9)  # the textbook's shares: what is left after one step
REFERENCE_GREY = "#8a8a8a"
LOWEST = 1e-6  # the lower end of the vertical axis; lines may go on below it
HIGHEST = 10.0  # its upper end, unless a mean is above it
DRAWN = (1e-9, 1e12)  # the shares that are drawn; others are drawn as the nearest one of these
PANEL_INCHES = 3.3
PANELS_IN_A_ROW = 3
MOST_PANELS = 24


class Line(NamedTuple):
    """One curve: the share that is left k steps earlier, for k = 0, 1, …, with its band."""

    name: str
    colour: int  # which of `STYLES`
    dotted: bool
    means: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]


class Panel(NamedTuple):
    """Curves in one pair of axes. Lines of the same name look the same in all panels."""

    title: str
    lines: Sequence[Line]


class Bars(NamedTuple):
    """The shares that the networks of one cell solved, for each gap."""

    colour: int  # which of `STYLES`
    mixed: Sequence[float]  # after training on all gaps
    alone: Sequence[float]  # after training on this gap alone


class BarChart(NamedTuple):
    """The shares solved by gap."""

    gaps: Sequence[int]
    bars: Sequence[Bars]  # for each cell
    chance: float  # the share that guessing solves


def decay_figure(path: Path, panels: Sequence[Panel], chart: BarChart | None = None) -> None:
    """Draw panels of decay curves on logarithmic axes, with the textbook's curves for comparison.

    Args:
        path: the suffix chooses PNG, SVG or PDF.
        panels: at least one. Those after the first `MOST_PANELS` are not drawn.
        chart: is drawn in the last place.

    Raises:
        UserError: the suffix is not a figure's, or the file cannot be written.
    """
    check_figure_format(path)
    panels = panels[:MOST_PANELS]
    with figure_fonts():
        from matplotlib.figure import Figure

        places = len(panels) + (chart is not None)
        columns = min(places, PANELS_IN_A_ROW)
        rows = -(-places // columns)
        figure = Figure(figsize=(PANEL_INCHES * max(columns, 2), 3.1 * rows + 0.6), layout="constrained")
        places_left = list(figure.subplots(rows, columns, squeeze=False).flat)
        for index, panel in enumerate(panels):
            axes = places_left.pop(0)
            draw_decay(axes, panel)
            if index % columns == 0:
                axes.set_ylabel("share left")
        if chart is not None:
            draw_bars(places_left.pop(0), chart)
        for axes in places_left:
            axes.set_axis_off()
        add_legend(figure, panels)
        save_figure(path, figure)


def draw_decay(axes: "Axes", panel: Panel) -> None:
    """Draw a panel's curves and the textbook's ones."""
    end = max([2, *(len(line.means) for line in panel.lines)]) - 1
    for share in REFERENCES:
        values = [share**step for step in range(end + 1)]
        axes.plot(range(end + 1), values, color=REFERENCE_GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.annotate(
            f"{share:g}^k",
            (end, values[-1]),
            (3, 0),
            textcoords="offset points",
            va="center",
            color=REFERENCE_GREY,
            fontsize=8,
            parse_math=False,
            annotation_clip=False,
        )
    top = HIGHEST
    for line in panel.lines:
        colour, _ = STYLES[line.colour % len(STYLES)]
        means, lows, highs = map(drawn, (line.means, line.lows, line.highs))
        axes.plot(range(len(means)), means, color=colour, linestyle=":" if line.dotted else "-", linewidth=1.7)
        axes.fill_between(range(len(lows)), lows, highs, color=colour, alpha=0.12, linewidth=0)
        top = max([top, *(2 * mean for mean in means)])
    axes.set_yscale("log")
    axes.set_ylim(LOWEST, top)
    axes.set_title(label(panel.title), fontsize=10, parse_math=False)
    axes.set_xlabel("k, steps back")
    style_axes(axes)
    axes.set_axisbelow(True)


def drawn(shares: Sequence[float]) -> list[float]:
    """Return shares inside the limits of a logarithmic axis: 0 has no place on it."""
    lowest, highest = DRAWN
    return [min(max(share, lowest), highest) for share in shares]


def draw_bars(axes: "Axes", chart: BarChart) -> None:
    """Draw the percentages solved by gap: filled after training on this gap alone, an outline after all gaps."""
    width = 0.84 / len(chart.bars)
    for index, bars in enumerate(chart.bars):
        colour, _ = STYLES[bars.colour % len(STYLES)]
        positions = [place + (index - (len(chart.bars) - 1) / 2) * width for place in range(len(chart.gaps))]
        axes.bar(positions, [100 * share for share in bars.alone], 0.8 * width, color=colour)
        axes.bar(positions, [100 * share for share in bars.mixed], 0.8 * width, fill=False, edgecolor=colour)
    axes.axhline(100 * chart.chance, color=REFERENCE_GREY, linewidth=0.9, linestyle=(0, (1, 2)))
    axes.annotate(
        "guessing", (1, 100 * chart.chance), (3, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        va="center", color=REFERENCE_GREY, fontsize=8, annotation_clip=False,
    )  # fmt: skip
    axes.set_xticks(range(len(chart.gaps)), [str(gap) for gap in chart.gaps])
    axes.set_xlabel("gap, distractors")
    axes.set_ylabel("solved, %")
    axes.set_ylim(0, 105)
    axes.set_title("trained on this gap alone (filled)\nor on all gaps (outline)", fontsize=10)
    style_axes(axes)
    axes.set_axisbelow(True)


def add_legend(figure: "Figure", panels: Sequence[Panel]) -> None:
    """Add one legend for all panels below them."""
    from matplotlib.lines import Line2D

    lines = {line.name: line for panel in panels for line in panel.lines}
    handles = [
        Line2D([], [], color=STYLES[line.colour % len(STYLES)][0], linestyle=":" if line.dotted else "-", linewidth=1.7)
        for line in lines.values()
    ]
    handles.append(Line2D([], [], color=REFERENCE_GREY, linewidth=0.9, linestyle=(0, (4, 3))))
    names = [*map(label, lines), "textbook, not measured"]
    legend = figure.legend(handles, ["line"] * len(names), loc="outside lower center", frameon=False, ncols=5)
    for text, name in zip(legend.get_texts(), names, strict=True):  # a name that begins with "_" would be left out
        text.set_parse_math(False)
        text.set_text(name)

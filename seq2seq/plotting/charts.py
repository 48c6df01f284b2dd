"""Draw the charts of a comparison: a line or a row of bars for each variant, with the spread over its seeds."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING

from seq2seq.plotting.canvas import INK, LARGEST_INCHES, figure_fonts, label, save_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind readers can tell apart, on light and dark pages: the page's ink stands for
# their black, and a grey for their yellow. The markers help in a grey print.
STYLES = (
    ("#d55e00", "o"),
    ("#0072b2", "s"),
    ("#009e73", "^"),
    ("#cc79a7", "D"),
    ("#e69f00", "v"),
    ("#56b4e9", "P"),
    (INK, "X"),
    ("#8a8a8a", "*"),
)
LONGEST_IN_COLUMNS = 16  # characters of a variant's name, for a legend of three columns
SUFFIXES = (".svg", ".png")

WIDTH = 5.6  # inches: on a telephone's screen, the text is still about 9 pixels high

Band = tuple[float, float]  # the lowest and the highest value
Series = Mapping[str, Sequence[Sequence[float]]]  # for each variant and each point: one value a seed


def lines(
    stem: Path,
    series: Series,
    positions: Mapping[str, Sequence[float]],
    axes_labels: tuple[str, str],
    labels: Sequence[str] | None = None,
    one_seed: Mapping[str, Sequence[Band]] | None = None,
) -> None:
    """Draw each variant's mean over its seeds as a line, inside a band of one standard deviation to each side.

    Args:
        stem: the file's path without its suffix. The chart is written once for each of `SUFFIXES`.
        series: the values to draw.
        positions: where each variant's points stand on the horizontal axis.
        axes_labels: the labels of the horizontal and the vertical axis.
        labels: the names of the positions 0, 1, … (not from outside). Without them, the axis shows numbers.
        one_seed: for each point, the band of a variant that has a single seed. Without it, there is no band.

    Raises:
        UserError: a file cannot be written.
    """
    with figure_fonts():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
        axes = figure.subplots()
        for (name, points), (colour, marker) in zip(series.items(), cycle(STYLES), strict=False):
            means, lows, highs = bands(points)
            if one_seed and all(len(values) == 1 for values in points):
                lows, highs = ([band[side] for band in one_seed[name]] for side in (0, 1))
            axes.plot(positions[name], means, color=colour, marker=marker, markersize=5, label="variant")
            axes.fill_between(positions[name], lows, highs, color=colour, alpha=0.2, linewidth=0)
        if labels:
            axes.set_xticks(range(len(labels)), labels, parse_math=False)
        axes.set_ylim(bottom=0)
        finish(stem, figure, axes_labels, list(series))


def bars(stem: Path, series: Series, labels: Sequence[str], axes_labels: tuple[str, str]) -> None:
    """Draw each variant's mean percentage over its seeds as a bar, with an error bar of one standard deviation.

    Args:
        stem: the file's path without its suffix. The chart is written once for each of `SUFFIXES`.
        series: the percentages to draw.
        labels: the names of the points, from top to bottom.
        axes_labels: the labels of the horizontal and the vertical axis.

    Raises:
        UserError: a file cannot be written.
    """
    with figure_fonts():
        from matplotlib.figure import Figure

        height = 0.8 / len(series)
        inches = 1.0 + 0.1 * len(series) + 0.12 * len(labels) * (len(series) + 1)
        figure = Figure(figsize=(WIDTH, min(inches, LARGEST_INCHES)), layout="constrained")
        axes = figure.subplots()
        for row, (points, (colour, _)) in enumerate(zip(series.values(), cycle(STYLES), strict=False)):
            means, lows, _ = bands(points)
            errors = [middle - low for middle, low in zip(means, lows, strict=True)]
            positions = [index + (row - (len(series) - 1) / 2) * height for index in range(len(labels))]
            drawn = axes.barh(positions, means, height, color=colour, xerr=errors, error_kw={"elinewidth": 0.8})
            drawn.set_label("variant")
        axes.set_yticks(range(len(labels)), list(map(label, labels)), parse_math=False)
        axes.set_xlim(0, 100)
        axes.set_ylim(len(labels) - 0.5, -0.5)
        finish(stem, figure, axes_labels, list(series))


def bands(points: Sequence[Sequence[float]]) -> tuple[list[float], list[float], list[float]]:
    """Return each point's mean, mean − deviation and mean + deviation.

    The deviation is the standard deviation of the point's values (n − 1 degrees of freedom; 0 for one value).
    """
    means = [mean(values) for values in points]
    deviations = [stdev(values) if len(values) > 1 else 0.0 for values in points]
    lows = [middle - deviation for middle, deviation in zip(means, deviations, strict=True)]
    return means, lows, [middle + deviation for middle, deviation in zip(means, deviations, strict=True)]


def finish(stem: Path, figure: "Figure", axes_labels: tuple[str, str], variants: Sequence[str]) -> None:
    """Add the parts that all charts share, and write the chart's files.

    The names of the variants are set after the legend is made, because matplotlib leaves a name that begins with "_"
    out of a legend.

    Raises:
        UserError: a file cannot be written.
    """
    [axes] = figure.axes
    axes.set_xlabel(axes_labels[0])
    axes.set_ylabel(axes_labels[1])
    style_axes(axes)
    axes.set_axisbelow(True)
    fits = all(len(variant) <= LONGEST_IN_COLUMNS for variant in variants)
    legend = axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3 if fits else 1)
    for text, variant in zip(legend.get_texts(), variants, strict=True):
        text.set_parse_math(False)
        text.set_text(label(variant))
    for suffix in SUFFIXES:
        save_figure(stem.with_name(stem.name + suffix), figure)

"""The figures of a comparison: a line or a bar for each variant, with the spread over its seeds."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING

from seq2seq.figures import lettering, plain, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which also the colour-blind tell apart; markers, for who prints in grey.
STYLES = (("#d55e00", "o"), ("#0072b2", "s"), ("#009e73", "^"), ("#cc79a7", "D"), ("#e69f00", "v"), ("#56b4e9", "P"))
SUFFIXES = (".svg", ".png")

Series = Mapping[str, Sequence[Sequence[float]]]  # for each variant and each point: the values of its seeds


def lines(
    stem: Path,
    series: Series,
    places: Mapping[str, Sequence[float]],
    axes_labels: tuple[str, str],
    labels: Sequence[str] | None = None,
) -> None:
    """Draw each variant's mean over its seeds as a line, and a band of one standard deviation on either side.

    Args:
        stem: the file's path; ".svg" and ".png" are added.
        series: values.
        places: of each variant's points on the horizontal axis.
        axes_labels: below and beside.
        labels: of the places 0, 1, …; without them the axis counts.

    Raises:
        UserError: a file cannot be written.
    """
    with lettering():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        axes = figure.subplots()
        for (name, points), (colour, marker) in zip(series.items(), cycle(STYLES), strict=False):
            middle, low, high = bands(points)
            axes.plot(places[name], middle, color=colour, marker=marker, markersize=5, label=name)
            axes.fill_between(places[name], low, high, color=colour, alpha=0.2, linewidth=0)
        if labels:
            axes.set_xticks(range(len(labels)), labels)
        axes.set_ylim(bottom=0)
        finish(stem, figure, axes_labels)


def bars(stem: Path, series: Series, labels: Sequence[str], axes_labels: tuple[str, str]) -> None:
    """Draw each variant's mean percentage over its seeds as a bar, with a stroke of one standard deviation.

    Args, errors: as `lines`.
    """
    with lettering():
        from matplotlib.figure import Figure

        height = 0.8 / len(series)
        figure = Figure(
            figsize=(6.4, 1.0 + 0.1 * len(series) + 0.12 * len(labels) * (len(series) + 1)), layout="constrained"
        )
        axes = figure.subplots()
        for row, ((name, points), (colour, _)) in enumerate(zip(series.items(), cycle(STYLES), strict=False)):
            middle, low, _ = bands(points)
            errors = [value - least for value, least in zip(middle, low, strict=True)]
            places = [index + (row - (len(series) - 1) / 2) * height for index in range(len(labels))]
            axes.barh(places, middle, height, color=colour, label=name, xerr=errors, error_kw={"elinewidth": 0.8})
        axes.set_yticks(range(len(labels)), labels)
        axes.set_xlim(0, 100)
        axes.set_ylim(len(labels) - 0.5, -0.5)
        finish(stem, figure, axes_labels)


def bands(points: Sequence[Sequence[float]]) -> tuple[list[float], list[float], list[float]]:
    """Of each point's values the mean, and the mean less and plus their standard deviation (n − 1; 0 for one value)."""
    middle = [mean(values) for values in points]
    spread = [stdev(values) if len(values) > 1 else 0.0 for values in points]
    low = [value - width for value, width in zip(middle, spread, strict=True)]
    return middle, low, [value + width for value, width in zip(middle, spread, strict=True)]


def finish(stem: Path, figure: "Figure", labels: tuple[str, str]) -> None:
    """What all charts have; then both files."""
    [axes] = figure.axes
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    plain(axes)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    for suffix in SUFFIXES:
        save(stem.with_name(stem.name + suffix), figure)

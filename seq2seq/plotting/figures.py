"""Draw a run's two figures: the alignment of a translation, and the learning curves."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.plotting.canvas import (
    GRID,
    LARGEST_INCHES,
    check_figure_format,
    figure_fonts,
    label,
    save_figure,
    style_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

CELL_INCHES = 0.28  # side of a matrix cell, while the figure is below its largest size
LARGEST_FONT = 10.0  # points
POINTS_PER_INCH = 72
SCALE_INCHES = 0.14  # width of the colour scale, and its distance from the matrix
WEIGHT_BLUE = (0.12, 0.44, 0.77)
BLUE, ORANGE, GREY = "#1f5fa8", "#c8541b", "#666666"

Point = tuple[float, float]  # (epoch, value)


def alignment_figure(path: Path, matrix: Tensor, source_words: Sequence[str], target_words: Sequence[str]) -> None:
    """Draw the attention weights over words as a matrix. A stronger blue is more weight; the scale is at the right.

    Source words stand above the matrix, the words of the translation to its left.

    Args:
        path: the suffix chooses PNG, SVG or PDF.
        matrix: (target words, source words), weights in [0, 1].

    Raises:
        UserError: the suffix is not a figure's, the matrix is empty, or the file cannot be written.
    """
    check_figure_format(path)
    if not matrix.numel():
        raise UserError(f"{path}: not drawn: the sentence or its translation has no words")
    with figure_fonts():
        from matplotlib.figure import Figure

        columns, rows = len(source_words), len(target_words)
        cell = min(CELL_INCHES, LARGEST_INCHES / max(columns, rows))
        figure = Figure(figsize=(cell * columns, cell * rows))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))  # the labels are outside: saving adds room for them
        axes.imshow(
            matrix.float().numpy(), cmap=weight_colours(), vmin=0.0, vmax=1.0, aspect="auto", interpolation="nearest"
        )
        points = min(LARGEST_FONT, 0.6 * POINTS_PER_INCH * cell)
        axes.set_xticks(range(columns), list(map(label, source_words)), rotation=90, fontsize=points, parse_math=False)
        axes.set_yticks(range(rows), list(map(label, target_words)), fontsize=points, parse_math=False)
        axes.tick_params(length=0, labeltop=True, labelbottom=False, pad=4)
        axes.set_xticks([edge - 0.5 for edge in range(1, columns)], minor=True)
        axes.set_yticks([edge - 0.5 for edge in range(1, rows)], minor=True)
        axes.grid(which="minor", color=GRID, linewidth=min(0.5, 0.05 * points))
        axes.tick_params(which="minor", length=0)
        axes.spines[:].set_color("#b0b0b0")
        axes.xaxis.set_label_position("top")
        axes.set_xlabel("source", fontsize=LARGEST_FONT, labelpad=6)
        axes.set_ylabel("translation", fontsize=LARGEST_FONT, labelpad=6)
        add_scale(figure, cell * columns, cell * rows)
        save_figure(path, figure)


def weight_colours() -> "Colormap":
    """Return the colours of weights from 0 to 1: a blue that covers the page more and more, whatever its colour is."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("weights", [(*WEIGHT_BLUE, 0.0), (*WEIGHT_BLUE, 1.0)])


def add_scale(figure: "Figure", width: float, height: float) -> None:
    """Add the colour scale of the attention weights at the right of a matrix.

    Args:
        figure: the figure, which the matrix fills.
        width, height: the matrix's size in inches.
    """
    axes = figure.add_axes((1 + SCALE_INCHES / width, 0.0, SCALE_INCHES / width, 1.0))
    shades = [[row / 255] for row in range(256)]
    axes.imshow(shades, cmap=weight_colours(), vmin=0.0, vmax=1.0, extent=(0, 1, 0, 1), origin="lower", aspect="auto")
    axes.set_xticks([])
    axes.set_yticks([0.0, 0.5, 1.0] if height > 3 * CELL_INCHES else [0.0, 1.0])
    axes.tick_params(labelsize=0.8 * LARGEST_FONT, labelright=True, labelleft=False, right=True, left=False)
    axes.yaxis.set_label_position("right")
    axes.set_ylabel("attention weight" if height > 5 * CELL_INCHES else "weight", fontsize=0.8 * LARGEST_FONT)
    axes.spines[:].set_color("#b0b0b0")


def learning_curves(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Draw the losses by epoch, and the validation BLEU below them.

    Circles mark the epoch with the lowest validation loss and the epoch with the highest BLEU.

    Args:
        path: the suffix chooses PNG, SVG or PDF.
        rows: the rows of a run's metrics.csv, with the columns epoch, training_loss, validation_loss and
            validation_bleu. A value is a number or its text. Missing, empty and infinite values are not drawn.

    Raises:
        UserError: the suffix is not a figure's, there are no rows, a value is not a number, or the file cannot be
            written.
    """
    check_figure_format(path)
    if not rows:
        raise UserError(f"{path}: not drawn: the run's metrics.csv has no epochs yet")
    with figure_fonts():
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        figure = Figure(figsize=(6.4, 5.6), layout="constrained")
        losses, bleu = figure.subplots(2, 1, sharex=True)
        losses.set_ylabel("loss")
        bleu.set_ylabel("validation BLEU")
        bleu.set_xlabel("epoch")
        bleu.xaxis.set_major_locator(MaxNLocator(integer=True))
        draw_curve(losses, rows, "training_loss", GREY)
        draw_curve(losses, rows, "validation_loss", BLUE, best=min)
        draw_curve(bleu, rows, "validation_bleu", ORANGE, best=max)
        if losses.lines:
            losses.legend(frameon=False)
        for axes in (losses, bleu):
            axes.margins(y=0.15)
            style_axes(axes)
        save_figure(path, figure)


def draw_curve(
    axes: "Axes",
    rows: Sequence[Mapping[str, object]],
    column: str,
    colour: str,
    best: Callable[[Sequence[float]], float] | None = None,
) -> None:
    """Draw one column by epoch, and mark the first epoch that has the best value.

    Args:
        best: `min` or `max`; None marks no epoch.
    """
    points = curve(rows, column)
    if not points:
        return
    epochs, values = zip(*points, strict=True)
    marker = "." if len(points) < 40 else ""
    axes.plot(epochs, values, color=colour, label=column.replace("_", " "), marker=marker)
    if best is not None:
        value = best(values)
        point = epochs[values.index(value)], value
        axes.plot(*point, "o", color=colour, fillstyle="none", markersize=9)
        axes.annotate(f"{value:.4g}", point, (0, 9), textcoords="offset points", ha="center", color=colour)


def curve(rows: Sequence[Mapping[str, object]], column: str) -> list[Point]:
    """Return (epoch, value) for each row that has a finite value in the column.

    Raises:
        UserError: the epoch or the value is not a number.
    """
    points = []
    for row in rows:
        value = row.get(column)
        if value in (None, ""):
            continue
        try:
            point = float(str(row["epoch"])), float(str(value))
        except (KeyError, ValueError) as error:
            raise UserError(f"metrics.csv: epoch and {column} must be numbers, but a row is {dict(row)}") from error
        if all(map(math.isfinite, point)):
            points.append(point)
    return points

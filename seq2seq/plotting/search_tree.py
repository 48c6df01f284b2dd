"""Draw a beam search as a tree over its steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len

from seq2seq.errors import UserError
from seq2seq.plotting.canvas import (
    INK,
    LARGEST_INCHES,
    PAPER,
    check_figure_format,
    figure_fonts,
    label,
    save_figure,
)
from seq2seq.plotting.search_steps import percent, shown_hypotheses
from seq2seq.search.trace import EMPTY, SearchStep, SearchTrace, State, TracedHypothesis
from seq2seq.text.special_tokens import BOS, SPECIAL_TOKENS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_INCHES = 0.45
CELL_INCHES = 0.075  # the width of a character
NARROWEST = 15  # characters between two steps: the numbers below a token need them
FONT, SMALL_FONT = 8.0, 6.0  # points
GREY = "#8a8a8a"

LineStyle = Literal["-", "--", ":"]
Look = tuple[str, LineStyle]  # the colour and the style of a line
LOOKS: dict[State, Look] = {
    "goes on": ("#56b4e9", "-"),
    "finished": ("#009e73", "-"),
    "dropped": ("#e69f00", "--"),
    "pruned": (GREY, ":"),
}
WINNER: Look = ("#d55e00", "-")
THIN, THICK = 1.0, 2.2  # points, of lines

Point = tuple[int, int]  # (step, row)


def search_figure(path: Path, trace: SearchTrace) -> None:
    """Draw a search as a tree: a column of tokens for each step, best first, and a line from each to its parent.

    Below a token stand its probability and the log-probability of all tokens so far, or the score if it has finished.
    Of each step, the figure shows the hypotheses that `draw_search` shows.

    Args:
        path: the suffix chooses PNG, SVG or PDF.
        trace: the search of one sentence.

    Raises:
        UserError: the suffix is not a figure's, the sentence is blank, or the file cannot be written.
    """
    check_figure_format(path)
    if trace.winner is None:
        raise UserError(f"{path}: not drawn: a blank sentence is not searched")
    winning = {EMPTY, *trace.path(trace.winner)}
    columns = [shown_hypotheses(step, winning) for step in trace.steps]
    rows = max(map(len, columns))
    widest = max(cell_len(label(hypothesis.token)) for column in columns for hypothesis in column)
    width = CELL_INCHES * max(NARROWEST, widest + 5) * (len(columns) + 1)
    scale = min(1.0, LARGEST_INCHES / width)
    with figure_fonts():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(scale * width, scale * ROW_INCHES * rows))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.set_xlim(-0.5, len(columns) + 0.5)
        axes.set_ylim(rows - 0.5, -0.5)
        draw_token(axes, (0, 0), SPECIAL_TOKENS[BOS], "", WINNER, scale)
        draw_step_numbers(axes, trace.steps, scale)
        draw_tree(axes, columns, winning, {hypothesis.id: hypothesis.score for hypothesis in trace.finished}, scale)
        add_legend(axes)
        save_figure(path, figure)


def draw_tree(
    axes: "Axes",
    columns: Sequence[Sequence[TracedHypothesis]],
    winning: set[int],
    scores: dict[int, float],
    scale: float,
) -> None:
    """Draw the hypotheses of each step, and a line from each to its parent if the parent is shown.

    Args:
        axes: where to draw: step 1 is at x = 1, the best row at y = 0.
        columns: the hypotheses to show of each step.
        winning: the ids of those that lead to the winner.
        scores: of the finished hypotheses, by id.
        scale: the size of the fonts and lines; 1 unless the figure is very wide.
    """
    points: dict[int, Point] = {EMPTY: (0, 0)}
    for step, column in enumerate(columns, start=1):
        own_points = {hypothesis.id: (step, row) for row, hypothesis in enumerate(column)}
        for hypothesis in column:
            wins = hypothesis.id in winning
            look = WINNER if wins else LOOKS[hypothesis.state]
            if hypothesis.parent in points:
                xs, ys = zip(points[hypothesis.parent], own_points[hypothesis.id], strict=True)
                axes.plot(
                    xs, ys, color=look[0], ls=look[1], linewidth=scale * (THICK if wins else THIN), zorder=2 + wins
                )
            score = scores.get(hypothesis.id)
            total = f"{hypothesis.log_probability:.2f}" if score is None else f"score {score:.3f}"
            numbers = f"{percent(hypothesis.token_probability)}  {total}"
            draw_token(axes, own_points[hypothesis.id], hypothesis.token, numbers, look, scale)
        points = own_points


def draw_token(axes: "Axes", point: Point, token: str, numbers: str, look: Look, scale: float) -> None:
    """Draw a token in a box, and its numbers below the box. Both hide the lines behind them."""
    colour, line = look
    ink = GREY if line == LOOKS["pruned"][1] else INK
    box = {"boxstyle": "round,pad=0.25", "facecolor": PAPER, "edgecolor": colour, "linestyle": line}
    text = axes.text(*point, label(token), fontsize=scale * FONT, bbox=box)
    below = axes.annotate(
        numbers,
        point,
        (0, -11 * scale),
        textcoords="offset points",
        fontsize=scale * SMALL_FONT,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": PAPER, "edgecolor": "none"},
    )
    for drawn in (below, text):
        drawn.set(ha="center", va="center", color=ink, parse_math=False, zorder=4)


def draw_step_numbers(axes: "Axes", steps: Sequence[SearchStep], scale: float) -> None:
    """Write the number of each step above its column, and whether its token was forced."""
    for number, step in enumerate(steps, start=1):
        name = f"{number} (forced)" if step.is_forced else f"{number}"
        axes.text(number, -0.5, name, fontsize=scale * SMALL_FONT, ha="center", va="bottom", color=GREY)


def add_legend(axes: "Axes") -> None:
    """Add a legend of the states above the tree."""
    from matplotlib.lines import Line2D

    entries = [("leads to the best translation", WINNER, THICK)]
    entries += [(state, look, THIN) for state, look in LOOKS.items()]
    lines = [Line2D([], [], color=colour, ls=line, linewidth=width) for _, (colour, line), width in entries]
    names = [name for name, *_ in entries]
    axes.legend(
        lines, names, frameon=False, fontsize=FONT, loc="lower left", bbox_to_anchor=(0, 1.05), ncols=len(names)
    )

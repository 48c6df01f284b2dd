"""Draw docs/figures/overview.svg: the architecture, an alignment, and BLEU by sentence length.

    python docs/figures/make_overview.py

The numbers are in alignment.json and bleu-by-length.json, which also say how they were measured.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

FOLDER = Path(__file__).parent
ATTENTION, BOTTLENECK, GREY, GRID = "#0072b2", "#d55e00", "#555555", "#e4e4e4"
STEP = 3  # the decoder step that the architecture shows: "ate"
STATES, CONTEXT, DECODER, WORDS = 1.0, 3.0, 4.4, 5.6  # heights of the rows of the architecture


def draw(path: Path) -> None:
    """Draw the three panels into an SVG file. The same numbers and the same matplotlib give the same bytes."""
    alignment = json.loads((FOLDER / "alignment.json").read_text(encoding="utf-8"))
    by_length = json.loads((FOLDER / "bleu-by-length.json").read_text(encoding="utf-8"))
    with matplotlib.rc_context({"svg.hashsalt": "seq2seq", "font.family": "DejaVu Sans", "font.size": 10}):
        figure = Figure(figsize=(13, 4.4), layout="constrained")
        panels = figure.subplots(1, 3, width_ratios=(1.35, 1, 1))
        draw_architecture(panels[0], alignment)
        draw_alignment(panels[1], alignment)
        draw_bleu(panels[2], by_length)
        figure.savefig(path, format="svg", metadata={"Date": None})


def draw_architecture(axes: Axes, alignment: dict[str, Any]) -> None:
    """Draw one decoder step over the encoder's states. The lines' widths are the attention weights of this step."""
    source, target, weights = alignment["source"], alignment["target"], alignment["weights"][STEP]
    last = len(source) - 1
    middle, fixed = last / 2, last + 1.2  # the columns of the context and of the fixed vector
    axes.set_title(f"What the decoder reads before it writes “{target[STEP]}”")
    for column, (word, weight) in enumerate(zip(source, weights, strict=True)):
        axes.text(column, STATES - 0.75, word, rotation=90, ha="center", va="top")
        axes.plot([column, middle], [STATES + 0.3, CONTEXT - 0.25], color=ATTENTION, linewidth=0.4 + 7 * weight)
        axes.add_patch(box((column, STATES), 0.5, 0.6, ATTENTION))
        if column < last:
            axes.add_patch(arrow((column + 0.25, STATES), (column + 0.75, STATES), GREY, style="<|-|>", shrink=0))
    below = STATES - 0.55  # the fixed vector is made of the last state of each direction
    axes.plot([0, 0, fixed, fixed], [STATES - 0.3, below, below, CONTEXT], "--", color=BOTTLENECK, linewidth=1.2)
    axes.plot([last, last], [STATES - 0.3, below], "--", color=BOTTLENECK, linewidth=1.2)
    label(axes, (middle, CONTEXT), "context $c_i$", ATTENTION)
    label(axes, (fixed, CONTEXT), "one fixed\nvector", BOTTLENECK)

    columns = [middle + 1.6 * (step - STEP) for step in range(STEP + 1)]
    for step, column in enumerate(columns):
        is_now = step == STEP
        colour = "black" if is_now else GREY
        label(axes, (column, DECODER), "$s_i$" if is_now else f"$s_{{i-{STEP - step}}}$", colour)
        axes.add_patch(arrow((column, DECODER + 0.3), (column, WORDS - 0.05), colour))
        axes.text(column, WORDS, target[step], ha="center", va="bottom", weight="bold" if is_now else "normal")
        if not is_now:
            axes.add_patch(arrow((column, DECODER), (columns[step + 1], DECODER), GREY, shrink=18))
    axes.add_patch(arrow((columns[-2], DECODER - 0.25), (middle - 0.3, CONTEXT + 0.3), GREY))  # the query s_{i−1}
    axes.add_patch(arrow((middle, CONTEXT + 0.3), (middle, DECODER - 0.3), ATTENTION))
    axes.add_patch(arrow((fixed, CONTEXT + 0.45), (middle, DECODER), BOTTLENECK, shrink=15, dashed=True))
    names = {"encoder $h_j$": STATES, r"attention $\alpha_{ij}$": 2.0, "decoder": DECODER}
    for name, height in names.items():
        axes.text(-1.7, height, name, color=GREY, ha="right", va="center")
    axes.set_xlim(-4.3, last + 2.2)
    axes.set_ylim(-1.3, WORDS + 0.4)
    axes.set_axis_off()


def draw_alignment(axes: Axes, alignment: dict[str, Any]) -> None:
    """Draw the attention weights of a whole translation."""
    source, target = alignment["source"], alignment["target"]
    axes.set_title("Where it looks for each word", pad=8)
    axes.imshow(alignment["weights"], cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto", interpolation="nearest")
    axes.set_xticks(range(len(source)), source, rotation=90)
    axes.set_yticks(range(len(target)), target)
    axes.set_xticks([edge - 0.5 for edge in range(1, len(source))], minor=True)
    axes.set_yticks([edge - 0.5 for edge in range(1, len(target))], minor=True)
    axes.grid(which="minor", color=GRID, linewidth=0.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_color("#b0b0b0")


def draw_bleu(axes: Axes, by_length: dict[str, Any]) -> None:
    """Draw each variant's mean BLEU by length, with a band of one standard deviation."""
    axes.set_title("BLEU by sentence length, three seeds")
    positions = range(len(by_length["words"]))
    for name, colour, marker in (("bahdanau", ATTENTION, "s"), ("bottleneck", BOTTLENECK, "o")):
        means, deviations = by_length["variants"][name]["mean"], by_length["variants"][name]["deviation"]
        low = [mean - deviation for mean, deviation in zip(means, deviations, strict=True)]
        high = [mean + deviation for mean, deviation in zip(means, deviations, strict=True)]
        axes.plot(positions, means, color=colour, marker=marker)
        axes.fill_between(positions, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.annotate(name, (2, means[2]), (4, 8), textcoords="offset points", color=colour)
        for position in (positions[0], positions[-1]):
            axes.annotate(
                f"{means[position]:.0f}", (position, means[position]), (0, -15), textcoords="offset points", ha="center"
            )
    axes.set_xticks(positions, by_length["words"])
    axes.set_ylim(-4, 104)
    axes.set_xlabel("words in the source sentence")
    axes.set_ylabel("BLEU")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=GRID, linewidth=0.5)


def box(centre: tuple[float, float], width: float, height: float, colour: str) -> FancyBboxPatch:
    """Return a rounded box."""
    corner = (centre[0] - width / 2, centre[1] - height / 2)
    style = "round,pad=0,rounding_size=0.12"
    return FancyBboxPatch(corner, width, height, boxstyle=style, facecolor="white", edgecolor=colour, zorder=3)


def label(axes: Axes, centre: tuple[float, float], text: str, colour: str) -> None:
    """Write a text in a box around it."""
    style = {"boxstyle": "round", "facecolor": "white", "edgecolor": colour}
    axes.text(*centre, text, ha="center", va="center", color=colour, bbox=style, zorder=3)


def arrow(
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    style: str = "-|>",
    shrink: float = 2.0,
    dashed: bool = False,
) -> FancyArrowPatch:
    """Return an arrow, whose ends stop `shrink` points before the two positions."""
    return FancyArrowPatch(
        start,
        end,
        color=colour,
        arrowstyle=style,
        mutation_scale=9,
        shrinkA=shrink,
        shrinkB=shrink,
        linestyle="dashed" if dashed else "solid",
    )


if __name__ == "__main__":
    draw(FOLDER / "overview.svg")

"""Figures: an alignment, and a run's learning curves. matplotlib, slow to import, is left alone until one is drawn."""

import logging
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from seq2seq.alignment import printable
from seq2seq.errors import UserError
from seq2seq.files import atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")

# Each character comes from the first of these that is installed and has it: DejaVu, and others for what it lacks.
FONTS = (
    "DejaVu Sans",
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR"),
    *("Source Han Sans SC", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Arial Unicode MS"),
    *("PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic"),
    *("Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Telugu"),
    *(
        "Noto Sans Thai",
        "Noto Sans Khmer",
        "Noto Sans Ethiopic",
        "Noto Sans Armenian",
        "Noto Sans Georgian",
        "Noto Sans Symbols 2",
    ),
    *("Nirmala UI", "Leelawadee UI", "Noto Emoji"),
)

CELL = 0.28  # inches: a cell of the matrix, while the figure may still grow
LARGEST = 40.0  # inches: a PNG of 6000 × 6000 pixels
POINTS = 10.0  # the largest lettering
LABEL = 30  # the most characters of a word that are written
BLUE, ORANGE, GREY = "#1f5fa8", "#c8541b", "#666666"


def alignment_figure(path: Path, matrix: Tensor, source_words: Sequence[str], target_words: Sequence[str]) -> None:
    """Draw attention over words: source words above, target words down the left side, the darker the more weight.

    Args:
        path: its suffix chooses PNG, SVG or PDF.
        matrix: (target words, source words), weights in [0, 1].

    Raises:
        UserError: another suffix, nothing to draw, or the file cannot be written.
    """
    require_format(path)
    if not matrix.numel():
        raise UserError(f"{path}: not drawn: the sentence or its translation has no words")
    with lettering():
        from matplotlib.figure import Figure

        columns, rows = len(source_words), len(target_words)
        cell = min(CELL, LARGEST / max(columns, rows))
        figure = Figure(figsize=(cell * columns, cell * rows))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))  # labels lie outside: savefig's tight box makes room for them
        axes.imshow(matrix.float().numpy(), cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto", interpolation="nearest")
        points = min(POINTS, 0.6 * 72 * cell)  # 72 points to the inch
        above, beside = [label(word) for word in source_words], [label(word) for word in target_words]
        axes.set_xticks(range(columns), above, rotation=90, fontsize=points, parse_math=False)
        axes.set_yticks(range(rows), beside, fontsize=points, parse_math=False)
        axes.tick_params(length=0, labeltop=True, labelbottom=False, pad=4)
        axes.set_xticks([edge - 0.5 for edge in range(1, columns)], minor=True)
        axes.set_yticks([edge - 0.5 for edge in range(1, rows)], minor=True)
        axes.grid(which="minor", color="#e4e4e4", linewidth=min(0.5, 0.05 * points))
        axes.tick_params(which="minor", length=0)
        axes.spines[:].set_color("#b0b0b0")
        save(path, figure)


def learning_curves(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Draw the losses of each epoch, and below them the BLEU. The best epoch by each of validation's two is marked.

    Args:
        path: its suffix chooses PNG, SVG or PDF.
        rows: of a run's metrics.csv, numbers or their text: epoch, training_loss, validation_loss, validation_bleu. A
            value that is missing or empty is left out.

    Raises:
        UserError: another suffix, no rows, a value that is no number, or the file cannot be written.
    """
    require_format(path)
    if not rows:
        raise UserError(f"{path}: not drawn: the run's metrics.csv has no epochs yet")
    with lettering():
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        figure = Figure(figsize=(6.4, 5.6), layout="constrained")
        losses, bleu = figure.subplots(2, 1, sharex=True)
        losses.set_ylabel("loss")
        bleu.set_ylabel("validation BLEU")
        bleu.set_xlabel("epoch")
        bleu.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes, column, colour, best in (
            (losses, "training_loss", GREY, None),
            (losses, "validation_loss", BLUE, min),
            (bleu, "validation_bleu", ORANGE, max),
        ):
            if not (points := curve(rows, column)):
                continue
            epochs, values = zip(*points, strict=True)
            marker = "." if len(points) < 40 else ""
            axes.plot(epochs, values, color=colour, label=column.replace("_", " "), marker=marker)
            if best is not None:
                epoch, value = best(points, key=lambda point: point[1])
                axes.plot(epoch, value, "o", color=colour, fillstyle="none", markersize=9)
                at = (epoch, value)
                axes.annotate(f"{value:.4g}", at, (0, 9), textcoords="offset points", ha="center", color=colour)
        if losses.lines:
            losses.legend(frameon=False)
        for axes in (losses, bleu):
            axes.margins(y=0.15)
            plain(axes)
        save(path, figure)


def plain(axes: "Axes") -> None:
    """No box around a chart, and a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e4e4", linewidth=0.5)


def curve(rows: Sequence[Mapping[str, object]], column: str) -> list[tuple[float, float]]:
    """(epoch, value) of the rows that have a value in the column."""
    points = []
    for row in rows:
        value = row.get(column)
        if value in (None, ""):
            continue
        try:
            points.append((float(str(row["epoch"])), float(str(value))))
        except (KeyError, ValueError) as error:
            raise UserError(f"metrics.csv: epoch and {column} must be numbers, but a row is {dict(row)}") from error
    return points


def label(word: str) -> str:
    """A word as a figure's label; composed, since few fonts put a combining accent in its place."""
    word = unicodedata.normalize("NFC", printable(word))
    return word if len(word) <= LABEL else word[: LABEL - 1] + "…"


def require_format(path: Path) -> None:
    """Raises UserError: the path's suffix is none of `FORMATS`."""
    if path.suffix.lower() not in FORMATS:
        raise UserError(f"{path}: figures end in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, which chooses the format")


@contextmanager
def lettering() -> Iterator[None]:
    """Letters from every installed font of `FONTS`; a character that none has is drawn as a box. Nothing is printed."""
    import matplotlib
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    fonts = [font for font in FONTS if font in installed]
    with warnings.catch_warnings(), matplotlib.rc_context({"font.family": fonts, "axes.unicode_minus": False}):
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        log = logging.getLogger("matplotlib.font_manager")
        level = log.level
        log.setLevel(logging.ERROR)  # it tells of fonts that lack the regular weight
        try:
            yield
        finally:
            log.setLevel(level)


def save(path: Path, figure: "Figure") -> None:
    """Write the figure whole or not at all. The same figure gives the same bytes."""
    import matplotlib

    form = path.suffix.lower().removeprefix(".")
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with atomic(path) as temporary, matplotlib.rc_context({"svg.hashsalt": "seq2seq"}):
        figure.savefig(temporary, format=form, dpi=150, bbox_inches="tight", pad_inches=0.1, metadata=dated.get(form))

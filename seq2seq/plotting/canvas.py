"""Provide what every figure shares: file formats, fonts, the style of axes, and saving.

matplotlib is imported only when a figure is drawn, because the import is slow.
"""

import logging
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from seq2seq.errors import UserError
from seq2seq.files import atomic
from seq2seq.terminal_text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
PAPER, INK, GRID = "#ffffff", "#1c1c1e", "#e4e4e4"
DARK = {PAPER: "#17171a", INK: "#e8e8ea", GRID: "#3a3a40"}  # what stands in their place where the reader prefers dark
LONGEST_LABEL = 30  # characters
LARGEST_INCHES = 40.0  # a PNG of 6000 × 6000 pixels

# matplotlib draws each character with the first installed font that has it. DejaVu Sans lacks many scripts.
FONTS = (
    "DejaVu Sans",
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR"),
    *("Source Han Sans SC", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Arial Unicode MS"),
    *("PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic"),
    *("Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Telugu", "Noto Sans Thai"),
    *("Noto Sans Khmer", "Noto Sans Ethiopic", "Noto Sans Armenian", "Noto Sans Georgian", "Noto Sans Symbols 2"),
    *("Nirmala UI", "Leelawadee UI", "Noto Emoji"),
)

# Warnings that a user cannot act on: about scripts that no font has, and names too long for the figure's size.
IRRELEVANT_WARNINGS = (
    r"Glyph \d+ .* missing",
    "Matplotlib currently does not support",
    "constrained_layout not applied",
)


def check_figure_format(path: Path) -> None:
    """Check that the path's suffix is one of `FORMATS`.

    Raises:
        UserError: it has another suffix.
    """
    if path.suffix.lower() not in FORMATS:
        raise UserError(f"{path}: figures end in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, which chooses the format")


@contextmanager
def figure_fonts() -> Iterator[None]:
    """Draw and save a figure inside this context, with every installed font of `FONTS`.

    A character that no installed font has is drawn as a box. Nothing is printed about missing fonts or characters.
    """
    import matplotlib
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    fonts = [font for font in FONTS if font in installed]
    with (
        warnings.catch_warnings(),
        matplotlib.rc_context({"font.family": fonts, "axes.unicode_minus": False, "text.color": INK}),
        matplotlib.rc_context({"axes.labelcolor": INK, "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK}),
    ):
        for message in IRRELEVANT_WARNINGS:
            warnings.filterwarnings("ignore", message=message)
        log = logging.getLogger("matplotlib.font_manager")
        level = log.level
        log.setLevel(logging.ERROR)  # the log warns about fonts that lack the regular weight
        try:
            yield
        finally:
            log.setLevel(level)


def label(text: str) -> str:
    """Return text from outside as a figure's label: printable, at most `LONGEST_LABEL` characters, in composed form.

    The form is composed (NFC) because few fonts place a combining accent well. Whoever sets a label must also set
    `parse_math=False`, because matplotlib takes text between two "$" for a formula.
    """
    text = unicodedata.normalize("NFC", printable(text))
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def style_axes(axes: "Axes") -> None:
    """Remove the box around a chart and add a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=GRID, linewidth=0.5)


def save_figure(path: Path, figure: "Figure") -> None:
    """Write the whole figure or nothing. The same figure gives the same bytes. An SVG suits light and dark pages.

    Args:
        path: the suffix chooses the format: one of `FORMATS`.

    Raises:
        UserError: the file cannot be written.
    """
    import matplotlib

    suffix = path.suffix.lower().removeprefix(".")
    no_date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}  # a date would change the bytes
    with atomic(path) as temporary, matplotlib.rc_context({"svg.hashsalt": "seq2seq"}):
        with temporary.open("wb") as file:  # given a path, matplotlib would leave the file open if the disk is full
            figure.savefig(
                file, format=suffix, dpi=150, bbox_inches="tight", pad_inches=0.1, metadata=no_date.get(suffix)
            )
        if suffix == "svg":
            drawing = temporary.read_text(encoding="utf-8")
            temporary.write_text(drawing.replace(" <defs>", f" {dark_style()}\n <defs>", 1), encoding="utf-8")


def dark_style() -> str:
    """Return the element of an SVG that changes its colours where the reader prefers dark pages."""
    rules = "".join(
        f'[style*="{name}: {light}"]{{{name}:{dark}!important}}'
        for light, dark in DARK.items()
        for name in ("fill", "stroke")
    )
    return f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"

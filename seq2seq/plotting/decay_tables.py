"""Write decay curves, and what networks learn over a gap, as plain tables for a terminal."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

from rich.cells import cell_len, set_cell_size

from seq2seq.plotting.decay import REFERENCES
from seq2seq.plotting.terminal import clip

STEPS = (1, 2, 5, 10, 20, 50, 100)  # the k of the columns
BY_IMPORTANCE = (10, 1, 100, 50, 20, 5, 2)  # a narrow terminal shows the first ones of these that fit
CORNER = "k, steps back"
WIDEST_NAME = 20  # columns, for a row's name
WIDEST_TEXT = 100  # columns
NUMBER = 8  # columns, for a number and the space before it

Curves = Mapping[str, Sequence[float]]  # for each curve: the shares for k = 0, 1, …


def decay_table(groups: Mapping[str, Curves], columns: int = 80) -> str:
    """Return a table of the shares that are left after k steps. The textbook's numbers stand below it.

    Args:
        groups: for each heading, its curves.
        columns: the terminal's width, 40 or more.
    """
    textbook = {f"{share:g}^k": [share**step for step in range(max(STEPS) + 1)] for share in REFERENCES}
    groups = {**groups, "textbook, not measured": textbook}
    names = [f"  {name}" for curves in groups.values() for name in curves]
    width = min(WIDEST_NAME, max(map(cell_len, [CORNER, *names])))
    fitting = BY_IMPORTANCE[: max(1, (columns - width) // NUMBER)]
    steps = [step for step in STEPS if step in fitting]
    lines = [table_row(CORNER, [str(step) for step in steps], width)]
    for heading, curves in groups.items():
        lines.append(clip(heading, columns))
        for name, shares in curves.items():
            cells = [f"{shares[step]:.2g}" if step < len(shares) else "" for step in steps]
            lines.append(table_row(f"  {name}", cells, width))
    return "\n".join(lines)


def gap_table(rows: Mapping[str, Sequence[float]], gaps: Sequence[int], columns: int = 80) -> str:
    """Return a table of the percentages that networks solved, by gap. A narrow terminal gets the longest gaps.

    Args:
        rows: for each name, the share for each gap.
        gaps: the lengths of the gaps.
        columns: the terminal's width, 40 or more.
    """
    width = min(WIDEST_NAME, max(map(cell_len, rows)))
    shown = min(len(gaps), max(1, (columns - width) // 6))
    lines = [table_row("gap", [str(gap) for gap in gaps[-shown:]], width, number=6)]
    for name, shares in rows.items():
        lines.append(table_row(name, [f"{100 * share:.0f} %" for share in shares[-shown:]], width, number=6))
    return "\n".join(lines)


def table_row(name: str, cells: Sequence[str], width: int, number: int = NUMBER) -> str:
    """Return one line: a name, and cells that are aligned to the right."""
    return (set_cell_size(clip(name, width), width) + "".join(cell.rjust(number) for cell in cells)).rstrip()


def paragraph(text: str, columns: int) -> str:
    """Return text as lines that fit into `columns` characters."""
    return "\n".join(wrap(text, min(columns, WIDEST_TEXT)))

"""Lay out a table of numbers as plain text for a terminal of any width."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from seq2seq.terminal_text import printable

GAP = 2  # columns of the terminal between two cells


def text_width(text: str) -> int:
    """Return the columns that text from outside takes."""
    return cell_len(printable(text))


def text_table(rows: Sequence[Sequence[str]], columns: int) -> str:
    """Return rows as lines of at most `columns` columns. Numbers are aligned at the right.

    If a label does not fit beside its numbers, all labels have a line of their own above the numbers.

    Args:
        rows: the first one is the head. Each has a label and then numbers, not more of them than fit into a line.
        columns: the terminal's width.
    """
    width = GAP + max(cell_len(cell) for _, *cells in rows for cell in cells)
    numbers = ["".join(" " * (width - cell_len(cell)) + cell for cell in cells) for _, *cells in rows]
    labels = [printable(row[0]) for row in rows]
    beside = max(map(cell_len, labels))
    if beside + max(map(len, numbers)) <= columns:
        return "\n".join(set_cell_size(text, beside) + line for text, line in zip(labels, numbers, strict=True))
    lines = []
    for text, line in zip(labels, numbers, strict=True):
        clipped = text if cell_len(text) <= columns else set_cell_size(text, columns - 1).rstrip() + "…"
        lines += [clipped, line]
    return "\n".join(lines)

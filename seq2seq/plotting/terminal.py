"""Draw an alignment in a terminal, from characters alone."""

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from seq2seq.terminal_text import printable
from seq2seq.translation.word_alignment import Alignment

SHADES = ("  ", "░░", "▒▒", "▓▓", "██")  # two columns of a terminal are about as wide as a row is high
THRESHOLDS = (0.1, 0.3, 0.5, 0.75)  # the least weight of each shade after the first
WIDEST_LABEL = 16  # columns, for a target word
LAST_LABEL = 12  # columns kept free for the last source word
MOST_ROWS = 60  # target words


def draw_alignment(alignment: Alignment, columns: int = 80) -> Text:
    """Return the attention weights as a drawing: a row of shades for each target word.

    The source words form a staircase above the rows; a line leads from each word to its cells. A drawing that is too
    large is cut, and its last line says so.

    Args:
        columns: the terminal's width, 50 or more. The height is at most `MOST_ROWS` target words.
    """
    matrix, sources, targets = alignment
    if not matrix.numel():
        return Text("(no words to align)")
    label = min(WIDEST_LABEL, max(cell_len(printable(word)) for word in targets[:MOST_ROWS]))
    shown = min(len(sources), max(1, (columns - label - 1 - LAST_LABEL) // 2))
    margin = " " * (label + 1)
    lines = []
    for step, word in enumerate(sources[:shown]):
        lines.append(margin + "│ " * step + clip(word, max(1, columns - label - 1 - 2 * step)))
    lines.append(margin + "│ " * shown)
    for word, row in zip(targets[:MOST_ROWS], matrix[:MOST_ROWS, :shown].tolist(), strict=True):
        lines.append(set_cell_size(clip(word, label), label) + " " + "".join(map(shade, row)))
    if shown < len(sources) or len(targets) > MOST_ROWS:
        rows = min(len(targets), MOST_ROWS)
        lines.append(f"(cut: {shown} of {len(sources)} source and {rows} of {len(targets)} target words)")
    return Text("\n".join(line.rstrip() for line in lines))


def shade(weight: float) -> str:
    """Return the shade of a weight in [0, 1]."""
    return SHADES[sum(weight >= threshold for threshold in THRESHOLDS)]


def clip(text: str, width: int) -> str:
    """Return printable text that takes at most `width` columns of a terminal. Text that was cut ends in "…"."""
    text = printable(text)
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"

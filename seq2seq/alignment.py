"""From attention over subword pieces to attention over words, and ways to write it down."""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import torch
from rich.cells import cell_len, set_cell_size
from rich.text import Text
from torch import Tensor

from seq2seq.tokenizer import SPACE
from seq2seq.vocabulary import EOS, SPECIAL

END = SPECIAL[EOS]
BYTE = re.compile(r"<0x([0-9A-F]{2})>")

SHADES = ("  ", "░░", "▒▒", "▓▓", "██")  # a cell is two columns wide, about as wide as it is high
THRESHOLDS = (0.1, 0.3, 0.5, 0.75)  # the least weight of each shade but the first
LABEL = 16  # the most columns a target word's label takes
TAIL = 12  # columns kept free for the last source word's label
ROWS = 60  # the most target words shown


class Alignment(NamedTuple):
    """Attention over words. Words are what `str.split` makes of the text."""

    matrix: Tensor  # (target words, source words)
    source_words: tuple[str, ...]
    target_words: tuple[str, ...]


def merge(weights: Tensor, source_pieces: Sequence[str], target_pieces: Sequence[str]) -> Alignment:
    """Attention over pieces as attention over words.

    A source word has the sum of its pieces' weights, a target word the mean of its pieces': what was a distribution
    over pieces is one over words.

    Args:
        weights: (target pieces, source pieces).
        source_pieces, target_pieces: as SentencePiece writes them. "</s>" is left out: a row sums to what the rest had.
    """
    sources, targets = spans(source_pieces), spans(target_pieces)
    from_source = membership([pieces for _, pieces in sources], len(source_pieces))
    from_target = membership([pieces for _, pieces in targets], len(target_pieces))
    mean = from_target / from_target.sum(dim=1, keepdim=True)
    matrix = mean @ weights.float() @ from_source.T  # (target words, source words)
    return Alignment(matrix, tuple(word for word, _ in sources), tuple(word for word, _ in targets))


def spans(pieces: Sequence[str]) -> list[tuple[str, list[int]]]:
    """The words that pieces spell, each with the indices of its pieces.

    White space alone parts words, as in the text that the pieces decode to: also where it is spelled in bytes, and
    twice in a row. A piece that spells white space only goes with the word after it, or with none.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    words: list[tuple[str, list[int]]] = []
    inside = False
    waiting: list[int] = []  # pieces whose character is still to come
    for index, piece in enumerate(pieces):
        if piece != END:
            waiting.append(index)
        for character in decoder.decode(spelled(piece), final=index == len(pieces) - 1):
            if character == SPACE or character.isspace():
                inside, waiting = False, [index]
                continue
            word, members = words.pop() if inside else ("", [])
            words.append((word + character, members + waiting))
            inside, waiting = True, []
    return words


def spelled(piece: str) -> bytes:
    """A piece's UTF-8: "<0xE2>" is one byte, "</s>" none."""
    if byte := BYTE.fullmatch(piece):
        return bytes.fromhex(byte.group(1))
    return b"" if piece == END else piece.encode()


def membership(words: Sequence[Sequence[int]], pieces: int) -> Tensor:
    """(words, pieces): 1 where the piece is in the word, else 0."""
    matrix = torch.zeros(len(words), pieces)
    for row, members in zip(matrix, words, strict=True):
        row[list(members)] = 1.0
    return matrix


def links(matrix: Tensor) -> list[tuple[int, int]]:
    """(source, target) of each target word and the source word it attends to most, in the target's order.

    Of equal weights the leftmost counts. A target word without any attention has no link. matrix: as in `Alignment`.
    """
    if not matrix.numel():
        return []
    weights, sources = matrix.max(dim=1)
    found = zip(sources.tolist(), weights.tolist(), strict=True)
    return [(source, target) for target, (source, weight) in enumerate(found) if weight > 0]


def written(found: Sequence[tuple[int, int]]) -> str:
    """Links (source, target) as "source-target source-target …"."""
    return " ".join(f"{source}-{target}" for source, target in found)


def read_links(text: str) -> list[tuple[int, int]]:
    """The inverse of `written`.

    Raises:
        ValueError: it is not in that format, which is Pharaoh's.
    """
    found = [re.fullmatch(r"(\d+)-(\d+)", link) for link in text.split()]
    if not all(found):
        raise ValueError(f'"{text}" is not in Pharaoh\'s format, such as "0-0 1-2"')
    return [(int(link[1]), int(link[2])) for link in found if link]


def render(alignment: Alignment, columns: int = 80) -> Text:
    """The matrix in shades for a terminal: a row for each target word, the source words on a staircase above.

    What does not fit into `columns` columns (50 or more), or `ROWS` rows, is cut, and the last line says so.
    """
    matrix, sources, targets = alignment
    if not matrix.numel():
        return Text("(no words to align)")
    label = min(LABEL, max(cell_len(printable(word)) for word in targets[:ROWS]))
    shown = min(len(sources), max(1, (columns - label - 1 - TAIL) // 2))
    margin = " " * (label + 1)
    lines = []
    for step, word in enumerate(sources[:shown]):
        lines.append(margin + "│ " * step + clip(word, max(1, columns - label - 1 - 2 * step)))
    lines.append(margin + "│ " * shown)
    for word, row in zip(targets[:ROWS], matrix[:ROWS, :shown].tolist(), strict=True):
        lines.append(set_cell_size(clip(word, label), label) + " " + "".join(map(shade, row)))
    if shown < len(sources) or len(targets) > ROWS:
        rows = min(len(targets), ROWS)
        lines.append(f"(cut: {shown} of {len(sources)} source and {rows} of {len(targets)} target words)")
    return Text("\n".join(line.rstrip() for line in lines))


def shade(weight: float) -> str:
    """The shade of a weight in [0, 1]."""
    return SHADES[sum(weight >= threshold for threshold in THRESHOLDS)]


def clip(text: str, width: int) -> str:
    """Text in at most `width` columns of a terminal."""
    text = printable(text)
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def printable(text: str) -> str:
    """Text with � for what is no character to look at: controls (a terminal would obey them), surrogates, U+FFFE/F."""
    return "".join(
        "�" if unicodedata.category(character) in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE else character
        for character in text
    )

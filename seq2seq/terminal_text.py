"""Make text from outside harmless: a terminal, a log or a report must show it, and never obey it."""

import sys
import unicodedata

LONGEST_MESSAGE = 2000  # characters of an error message; a damaged file can put megabytes into one

# Controls, half surrogate pairs, and the separators of lines and paragraphs, which some programs take for line ends.
OBEYED = {"Cc", "Cs", "Zl", "Zp"}
# Embeddings, overrides and isolates of the bidirectional algorithm: they show text in another order than it is written.
REORDERING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def printable(text: str, keep: str = "") -> str:
    """Return the text with "�" in place of every character that a terminal or a reader would obey instead of see.

    These are control characters, surrogates, U+2028 and U+2029, the characters that reorder text, and the
    noncharacters U+FFFE and U+FFFF of every plane.

    Args:
        keep: control characters that stay: a line end or a tab that the program itself wrote.
    """
    if text.isprintable():  # the usual case, decided quickly
        return text
    return "".join("�" if is_obeyed(character) and character not in keep else character for character in text)


def is_obeyed(character: str) -> bool:
    """Return whether a terminal or a reader would obey a character instead of showing it."""
    code = ord(character)
    return unicodedata.category(character) in OBEYED or code in REORDERING or code & 0xFFFE == 0xFFFE


def one_line(text: str) -> str:
    """Return a message as one printable line of at most `LONGEST_MESSAGE` characters. The middle is cut."""
    line = printable(" ".join(text.split("\n")))
    if len(line) <= LONGEST_MESSAGE:
        return line
    half = LONGEST_MESSAGE // 2
    return f"{line[:half]} … {line[-half:]}"


def format_warning(message: object, category: type, filename: str, lineno: int, line: str | None = None) -> str:
    """Return a library's warning as one printable line. It can replace `warnings.formatwarning`."""
    return f"seq2seq: {one_line(str(message))}\n"


def write_output(text: str) -> None:
    """Write lines that may hold text from outside to standard output.

    A character that the terminal's encoding does not have becomes "?".
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(printable(text, keep="\n").encode(encoding, "replace").decode(encoding))


def write_message(text: str) -> None:
    """Write lines that may hold text from outside to standard error, unless it was closed before the process began."""
    if sys.stderr is None:  # print would then write to standard output
        return
    print(printable(text, keep="\n"), file=sys.stderr, flush=True)

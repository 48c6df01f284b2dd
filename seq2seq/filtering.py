"""Translation as a Unix filter: one line in, one line out, in order. Standard output holds translations alone."""

import codecs
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO, cast

from seq2seq import alignment, figures, passages
from seq2seq.errors import UserError
from seq2seq.passages import Passage
from seq2seq.search import SearchOptions
from seq2seq.translator import Translator

BLOCK = 2**16  # bytes asked of standard input at a time
LINES = 512  # the most lines translated, and then written, at a time

# Line ends to some programs, though not to this one; a JSON text may hold them raw.
ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "\x7f\x85\u2028\u2029"}


class Messages:
    """What is said on standard error.

    Args:
        stderr: where.
        progress: count lines there, too.
    """

    def __init__(self, stderr: TextIO, progress: bool) -> None:
        self.stderr, self.progress = stderr, progress
        self.said: set[str] = set()

    def warn(self, kind: str, text: str) -> None:
        """Say it, unless something of its kind has been said."""
        if kind not in self.said:
            self.said.add(kind)
            self.clear()
            print(f"seq2seq: {text} (said once)", file=self.stderr, flush=True)

    def count(self, lines: int) -> None:
        """Put the number of lines done in the last one's place."""
        if self.progress:
            self.clear()
            print(f"{lines} lines", end="", file=self.stderr, flush=True)

    def clear(self) -> None:
        """Wipe the count off the terminal's line."""
        if self.progress:
            print("\r\x1b[K", end="", file=self.stderr, flush=True)


def run(
    translator: Translator,
    options: SearchOptions,
    *,
    scores: bool = False,
    alignments: bool = False,
    format: Literal["text", "json"] = "text",
    figure: Path | None = None,
    seed: int = 1,
    stdin: BinaryIO | None = None,
    stdout: BinaryIO | None = None,
    stderr: TextIO | None = None,
) -> None:
    """Translate each line of `stdin` (UTF-8, ended by \\n or \\r\\n) into a line of `stdout`.

    A line is, for format "text":

    - the translation; with scores, "TAB score" after it; with alignments, "TAB source-target …" after that;
    - with n_best > 1, a line for each translation, as Moses writes them: "index ||| translation ||| score", and with
      alignments " ||| source-target …"; the index counts input lines from 0.

    For "json", an object: source, translations (best first): text, score, log_probability and, with alignments,
    alignment: pairs [source word, target word] counted from 0.

    A blank line's translation is empty. A line too long for the model is translated in parts (see `passages`). What
    comes through a pipe is translated as it comes, a line at a time if need be. Only sampling waits for more: its draws
    depend on which lines are translated together, and are to be the same the next time. A reader who leaves (`| head`)
    ends it quietly.

    Args:
        figure: draw the alignment of the first translation that is not empty.
        seed: of sampling.
        stdin, stdout, stderr: the process's own by default.

    Raises:
        UserError: alignments or a figure of a model that does not attend; a figure of no known format; standard output
            fails.
    """
    stdin, stdout, stderr = stdin or sys.stdin.buffer, stdout or sys.stdout.buffer, stderr or sys.stderr
    if figure is not None:
        figures.require_format(figure)
    if alignments or figure is not None:
        passages.require_attention(translator)
    generator = passages.seeded(translator, seed)
    messages = Messages(stderr, progress=stderr.isatty() and not stdout.isatty())
    done = 0
    for block in blocks(stdin, patient=options.sampling):
        lines = [decode(line, number, messages) for number, line in enumerate(block, start=done + 1)]
        found = passages.translate(translator, lines, options, generator=generator)
        warn_of_long(found, done, messages)
        if figure is not None and (drawn := next((best for best, *_ in found if best.text), None)):
            figures.alignment_figure(figure, *passages.whole(passages.align(translator, drawn)))
            figure = None
        out = []
        for index, (line, translations) in enumerate(zip(lines, found, strict=True), start=done):
            links = [passages.links(passages.align(translator, each)) for each in translations] if alignments else None
            if format == "json":
                out.append(as_json(line, translations, links))
            else:
                out.append(as_text(index, translations, links, scores, options.n_best > 1))
        if not write(stdout, "".join(out)):
            break
        done += len(lines)
        messages.count(done)
    messages.clear()
    if figure is not None:
        messages.warn("figure", f"{figure}: not drawn: nothing was translated")


def blocks(stdin: BinaryIO, patient: bool) -> Iterator[list[bytes]]:
    """At most `LINES` lines at a time, without their ends: \\n, or \\r\\n, and nothing else, ends a line.

    patient: always wait for whole blocks of bytes; otherwise give what there is.
    """
    stream = cast(BufferedReader, stdin)
    read: Callable[[int], bytes] = stream.read if patient else stream.read1
    rest = bytearray()
    while data := read(BLOCK):
        rest += data
        if b"\n" in data:
            *lines, rest = rest.split(b"\n")
            for start in range(0, len(lines), LINES):
                yield [bytes(line.removesuffix(b"\r")) for line in lines[start : start + LINES]]
    if rest:
        yield [bytes(rest.removesuffix(b"\r"))]


def decode(line: bytes, number: int, messages: Messages) -> str:
    """A line as text, a byte order mark before the first one left out."""
    if number == 1:
        line = line.removeprefix(codecs.BOM_UTF8)
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        messages.warn(
            "utf-8", f"line {number}: not UTF-8: � stands for what cannot be read; convert the text with iconv"
        )
        return line.decode("utf-8", "replace")


def warn_of_long(found: Sequence[Sequence[Passage]], done: int, messages: Messages) -> None:
    """Say so if a line was translated in parts."""
    for number, (best, *_) in enumerate(found, start=done + 1):
        if len(best.parts) > 1:
            messages.warn("long", f"line {number}: too long, so it is cut and translated in {len(best.parts)} parts")


def as_text(
    index: int,
    translations: Sequence[Passage],
    links: Sequence[Sequence[tuple[int, int]]] | None,
    scores: bool,
    several: bool,
) -> str:
    """An input line's output lines; see `run`."""
    out = []
    for rank, translation in enumerate(translations):
        score = f"{translation.score:.4f}"
        aligned = [] if links is None else [alignment.written(links[rank])]
        if several:
            out.append(" ||| ".join([str(index), translation.text, score, *aligned]))
        else:
            out.append("\t".join([translation.text, *([score] if scores else []), *aligned]))
    return "".join(f"{line}\n" for line in out)


def as_json(source: str, translations: Sequence[Passage], links: Sequence[Sequence[tuple[int, int]]] | None) -> str:
    """An input line's object; see `run`."""
    described: list[dict[str, Any]] = []
    for rank, translation in enumerate(translations):
        described.append(
            {"text": translation.text, "score": translation.score, "log_probability": translation.log_probability}
        )
        if links is not None:
            described[-1]["alignment"] = links[rank]
    return json.dumps({"source": source, "translations": described}, ensure_ascii=False).translate(ESCAPED) + "\n"


def write(stdout: BinaryIO, text: str) -> bool:
    """Write all of it now. False: its reader has left."""
    try:
        stdout.write(text.encode("utf-8"))
        stdout.flush()
        return True
    except OSError as error:
        # What is left in the buffer must not fail once more when Python closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return False
        raise UserError(f"standard output: cannot be written: {error.strerror or error}") from error

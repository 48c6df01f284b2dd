"""Translate as a Unix filter: one line in, one line out, in order. Standard output has only translations."""

import codecs
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, TextIO, cast

from seq2seq.errors import UserError
from seq2seq.plotting.canvas import check_figure_format
from seq2seq.plotting.figures import alignment_figure
from seq2seq.search.options import SearchOptions
from seq2seq.terminal_text import one_line, printable
from seq2seq.text.pharaoh import WordLinks, format_pharaoh
from seq2seq.translation.long_text import Translation
from seq2seq.translation.translator import Translator

READ_BYTES = 2**16  # the most bytes read from standard input at a time
BLOCK_LINES = 512  # the most lines translated, and then written, at a time

# Some programs take these characters for line ends. JSON allows them unescaped inside a string.
ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "\x7f\x85\u2028\u2029"}


@dataclass(frozen=True)
class FilterOptions:
    """Options for the lines that the filter writes.

    Args:
        scores: add the score of each translation.
        alignments: add the word links of each translation.
        format: lines of text, or a JSON object for each line.
        figure: a file for the alignment of the first translation that is not empty; its suffix chooses the format.
    """

    scores: bool = False
    alignments: bool = False
    format: Literal["text", "json"] = "text"
    figure: Path | None = None


class Streams(NamedTuple):
    """The streams that the filter reads from, and writes translations and messages to."""

    stdin: BinaryIO
    stdout: BinaryIO
    stderr: TextIO

    @staticmethod
    def standard() -> "Streams":
        """Return the streams of this process."""
        return Streams(sys.stdin.buffer, sys.stdout.buffer, sys.stderr)


class Messages:
    """Writes warnings, and the number of translated lines, to standard error.

    Args:
        stderr: where to write.
        progress: whether to write the number of lines.
    """

    def __init__(self, stderr: TextIO, progress: bool) -> None:
        self.stderr, self.progress = stderr, progress
        self.warned: set[str] = set()

    def warn(self, kind: str, text: str) -> None:
        """Write a warning, unless there was one of its kind before."""
        if kind not in self.warned:
            self.warned.add(kind)
            self.clear()
            line = one_line(f"seq2seq: {text} (further warnings of this kind are not shown)")
            print(line, file=self.stderr, flush=True)

    def count(self, lines: int) -> None:
        """Write the number of lines over the last number."""
        if self.progress:
            self.clear()
            print(f"{lines} lines", end="", file=self.stderr, flush=True)

    def clear(self) -> None:
        """Remove the number of lines from the terminal."""
        if self.progress:
            print("\r\x1b[K", end="", file=self.stderr, flush=True)


def run(translator: Translator, search: SearchOptions, output: FilterOptions, streams: Streams, seed: int = 1) -> None:
    """Translate each line of standard input (UTF-8, ended by \\n or \\r\\n) into a line of standard output.

    See `format_text` and `format_json` for the lines. The translation of a blank line is empty. A line with several
    sentences, or one that is too long for the model, is translated in parts (see `Translator.n_best`). Lines from a
    pipe are translated as they arrive, if need be one at a time. Sampling waits for full blocks: its draws depend on
    the lines that are translated together, and a second run must give the same draws. The filter ends without a message
    when the reader of its output leaves (`| head`).

    A pipe or a file gets every character of a translation. On a terminal, characters that it would obey become "�".

    Args:
        translator: the trained model.
        search: how to search.
        output: what to write.
        streams: where to read and write.
        seed: for sampling.

    Raises:
        UserError: the model has no attention for alignments or a figure, the figure's format is unknown, or standard
            output cannot be written.
    """
    figure = output.figure
    if figure is not None:
        check_figure_format(figure)
    if output.alignments or figure is not None:
        translator.require_attention()
    generator = translator.generator(seed)
    messages = Messages(streams.stderr, progress=streams.stderr.isatty() and not streams.stdout.isatty())
    done = 0
    for block in read_blocks(streams.stdin, full_blocks=search.sampling):
        lines = [decode(line, number, messages) for number, line in enumerate(block, start=done + 1)]
        results = translator.n_best(lines, search, generator=generator)
        warn_of_parts(results, done, messages)
        if figure is not None and draw_first(translator, results, figure):
            figure = None
        text = format_block(translator, lines, results, done, search, output)
        if streams.stdout.isatty():
            text = printable(text, keep="\n\t")
        if not write(streams.stdout, text):
            break
        done += len(lines)
        messages.count(done)
    messages.clear()
    if figure is not None:
        messages.warn("figure", f"{figure}: not drawn: nothing was translated")


def read_blocks(stdin: BinaryIO, full_blocks: bool) -> Iterator[list[bytes]]:
    """Yield blocks of at most `BLOCK_LINES` lines, without their ends. A line ends at \\n or \\r\\n and nowhere else.

    Args:
        stdin: a buffered stream.
        full_blocks: wait until `READ_BYTES` bytes have arrived, or the end. Otherwise, take what has arrived.
    """
    stream = cast(BufferedReader, stdin)
    read: Callable[[int], bytes] = stream.read if full_blocks else stream.read1
    rest = bytearray()
    while data := read(READ_BYTES):
        rest += data
        if b"\n" in data:
            *lines, rest = rest.split(b"\n")
            for start in range(0, len(lines), BLOCK_LINES):
                yield [bytes(line.removesuffix(b"\r")) for line in lines[start : start + BLOCK_LINES]]
    if rest:
        yield [bytes(rest.removesuffix(b"\r"))]


def decode(line: bytes, number: int, messages: Messages) -> str:
    """Return a line as text. A byte order mark before the first line is removed; invalid bytes become "�"."""
    if number == 1:
        line = line.removeprefix(codecs.BOM_UTF8)
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        messages.warn("utf-8", f"line {number}: not UTF-8: invalid bytes become �; convert the text with iconv")
        return line.decode("utf-8", "replace")


def warn_of_parts(results: Sequence[Sequence[Translation]], done: int, messages: Messages) -> None:
    """Warn if a line was translated in parts."""
    for number, (best, *_) in enumerate(results, start=done + 1):
        for kind, remark in best.remarks.items():
            messages.warn(kind, f"line {number}: {remark}")


def draw_first(translator: Translator, results: Sequence[Sequence[Translation]], path: Path) -> bool:
    """Draw the alignment of the first translation that is not empty. Return whether there is one."""
    first = next((best for best, *_ in results if best.text), None)
    if first is not None:
        alignment_figure(path, *translator.align(first))
    return first is not None


def format_block(
    translator: Translator,
    lines: Sequence[str],
    results: Sequence[Sequence[Translation]],
    done: int,
    search: SearchOptions,
    output: FilterOptions,
) -> str:
    """Return the output lines of a block of input lines. `done` input lines came before the block."""
    texts = []
    for index, (line, translations) in enumerate(zip(lines, results, strict=True), start=done):
        links = [translator.links(translation) for translation in translations] if output.alignments else None
        if output.format == "json":
            texts.append(format_json(line, translations, links))
        else:
            texts.append(format_text(translations, links, output.scores, index if search.n_best > 1 else None))
    return "".join(texts)


def format_text(
    translations: Sequence[Translation], links: Sequence[WordLinks] | None, scores: bool, index: int | None
) -> str:
    """Return the output lines for one input line.

    Args:
        translations: its translations, best first.
        links: the word links of each translation, to be added after it.
        scores: whether to add the score: "translation TAB score TAB links".
        index: the input line's number, counted from 0, for n-best lists as Moses writes them, which always have the
            score: "index ||| translation ||| score ||| links". None writes the text alone.
    """
    lines = []
    for rank, translation in enumerate(translations):
        score = f"{translation.score:.4f}"
        alignment = [] if links is None else [format_pharaoh(links[rank])]
        if index is not None:
            lines.append(" ||| ".join([str(index), translation.text, score, *alignment]))
        else:
            lines.append("\t".join([translation.text, *([score] if scores else []), *alignment]))
    return "".join(f"{line}\n" for line in lines)


def format_json(source: str, translations: Sequence[Translation], links: Sequence[WordLinks] | None) -> str:
    """Return one line with an object: the source, and its translations, best first, each with its scores and links."""
    objects: list[dict[str, Any]] = []
    for rank, translation in enumerate(translations):
        objects.append(
            {"text": translation.text, "score": translation.score, "log_probability": translation.log_probability}
        )
        if links is not None:
            objects[-1]["alignment"] = links[rank]
    return json.dumps({"source": source, "translations": objects}, ensure_ascii=False).translate(ESCAPED) + "\n"


def write(stdout: BinaryIO, text: str) -> bool:
    """Write the text at once. Return False if the reader of standard output has left.

    Raises:
        UserError: standard output cannot be written.
    """
    try:
        stdout.write(text.encode("utf-8"))
        stdout.flush()
        return True
    except OSError as error:
        # Discard the rest of the buffer: writing it would fail again when Python closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return False
        raise UserError(f"standard output: cannot be written: {error.strerror or error}") from error

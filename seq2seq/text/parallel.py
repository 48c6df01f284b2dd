"""Read parallel text: two files whose lines are sentence pairs."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import zip_longest
from pathlib import Path

from seq2seq.errors import UserError
from seq2seq.text.lines import text_lines

END_OF_FILE = object()


def read_parallel(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of lines of two text files.

    Args:
        paths: the source file and the target file.

    Raises:
        UserError: a file cannot be read, is not UTF-8, or ends before the other one.
    """
    sources, targets = (text_lines(path) for path in paths)
    with closing(sources), closing(targets):
        for number, pair in enumerate(zip_longest(sources, targets, fillvalue=END_OF_FILE), start=1):
            for path, line in zip(paths, pair, strict=True):
                if line is END_OF_FILE:
                    other = paths[1 - paths.index(path)]
                    raise UserError(
                        f"{path} ends after line {number - 1}, but {other} goes on: sides of unequal length"
                    )
            yield str(pair[0]), str(pair[1])

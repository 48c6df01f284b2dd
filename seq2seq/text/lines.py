"""Read the lines of a text file, plain or compressed. Whatever is not text is an error that names the line."""

import bz2
import codecs
import gzip
import lzma
import zlib
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from seq2seq.errors import UserError

COMPRESSED: dict[str, Callable[..., object]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
LONGEST_LINE = 2**24  # bytes; a longer line is no sentence, and memory must hold it


def text_lines(path: Path, keep_ends: bool = False) -> Generator[str, None, None]:
    """Yield the lines of a UTF-8 file. Only \\n and \\r\\n end a line. A byte order mark at the start is left out.

    Args:
        path: the file. With the suffix .gz, .bz2 or .xz, it is decompressed while it is read.
        keep_ends: leave \\n or \\r\\n at the end of the lines.

    Raises:
        UserError: the file cannot be read, or is damaged; or a line is not UTF-8, has a NUL byte, or is absurdly long.
    """
    number = 0
    try:
        with open_binary(path) as file:
            for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE), b""), start=1):
                if number == 1:
                    check_first_line(path, line)
                    line = line.removeprefix(codecs.BOM_UTF8)
                if len(line) == LONGEST_LINE:
                    raise UserError(f"{path}, line {number}: longer than {LONGEST_LINE:,} bytes: no sentence")
                if b"\0" in line:
                    raise UserError(f"{path}, line {number}: a NUL byte: not text, or not in UTF-8")
                yield (line if keep_ends else line.removesuffix(b"\n").removesuffix(b"\r")).decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{path}, line {number}: not UTF-8; convert the file, e.g. with iconv") from error
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise UserError(f"{path}: damaged, or not a {path.suffix} file: {error}") from error
    except OSError as error:
        if path.suffix in COMPRESSED and error.errno is None:  # from bz2, without a kind of its own
            raise UserError(f"{path}: damaged, or not a {path.suffix} file: {error}") from error
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading bytes; decompress it if its suffix says that it is compressed."""
    return cast(BinaryIO, COMPRESSED.get(path.suffix, open)(path, "rb"))


def check_first_line(path: Path, line: bytes) -> None:
    """Recognise two kinds of files by their first line, because their text would be read wrongly.

    Raises:
        UserError: the file is UTF-16, or its lines end in carriage returns alone. In later lines, a carriage return is
            white space.
    """
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UserError(f"{path}: UTF-16; convert it to UTF-8: iconv -f UTF-16 -t UTF-8")
    if b"\r" in line.rstrip(b"\r\n"):
        raise UserError(f"{path}, line 1: carriage returns without line feeds; convert the line ends: tr '\\r' '\\n'")


def uncompressed_name(name: str) -> str:
    """Return a file's name without the suffix of its compression: `train.jsonl` for `train.jsonl.gz`."""
    path = Path(name)
    return path.stem if path.suffix in COMPRESSED else name

"""Files are written whole or not at all."""

import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from seq2seq.errors import UserError


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; put it in `path`'s place once the block has succeeded.

    A full disk, an exception or Ctrl-C inside the block leaves the old file as it was, and no litter.

    Raises:
        UserError: the file cannot be written (disk full, no permission).
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The suffix stays last: libraries choose a file's format by it.
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        temporary.chmod(0o644)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written: {error.strerror or error}; the old file, if any, is untouched"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8 with Unix line ends, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def read_lines(path: Path) -> Generator[str, None, None]:
    """Give a UTF-8 file's lines without their ends: \\n or \\r\\n, and nothing else, ends a line.

    Raises:
        UserError: the file cannot be read, or a line is not UTF-8 (it is named).
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8-sig" if number == 1 else "utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}, line {number}: not UTF-8; convert the file, e.g. with iconv") from error

"""Write files completely or not at all, and read text files line by line."""

import json
import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seq2seq.errors import UserError


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Provide a temporary path beside `path`, and move the file from there to `path` when the block has succeeded.

    If the block fails (a full disk, an exception, Ctrl-C), the old file stays unchanged and the temporary file is
    removed.

    Raises:
        UserError: the file cannot be written (disk full, no permission).
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Keep the suffix last, because libraries choose a file's format by its suffix.
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        temporary.chmod(0o644)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written: {error.strerror or error}; the old file, if any, is untouched"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8 with Unix line ends, completely or not at all.

    Raises:
        UserError: the file cannot be written.
    """
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def read_lines(path: Path) -> Generator[str, None, None]:
    """Yield the lines of a UTF-8 file without their line ends. Only \\n and \\r\\n end a line.

    Raises:
        UserError: the file cannot be read, or a line is not UTF-8. The message gives that line's number.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8-sig" if number == 1 else "utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}, line {number}: not UTF-8; convert the file, e.g. with iconv") from error


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file, or an empty object if there is no such file.

    Raises:
        UserError: the file is damaged.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError as error:
        raise UserError(f"{path}: damaged ({error}); delete it, and run the command again") from error
    if not isinstance(values, dict):
        raise UserError(f"{path}: damaged (not an object); delete it, and run the command again")
    return values


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write an object to an indented JSON file, completely or not at all."""
    write(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")

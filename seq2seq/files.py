"""Write files completely or not at all, read text files, and check names and paths that come from outside."""

import errno
import json
import os
import re
import secrets
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from seq2seq.errors import UserError

NAME_BYTES = 150  # the longest name of a split, a variant or a set; file systems allow 255 bytes with what we add
JSON_BYTES = 2**25  # the largest JSON file that is read
TEMPORARY = re.compile(r"\..+-[0-9a-f]{8}\.part(\.[^.]+)?")  # the names of files that are not complete yet
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def check_file_name(name: object, what: str) -> None:
    """Check that a name can be a file's name, alone or with a suffix, on every system, and stays in its folder.

    Args:
        name: the name of a split, a variant or a set of sentences.
        what: what has the name, for the message.

    Raises:
        UserError: it cannot.
    """
    if not isinstance(name, str) or not name.strip():
        problem = "it is empty" if name == "" else "it is not a text"
    elif re.search(r"[/\\]|^[A-Za-z]:", name):
        problem = "it has a separator of folders in it (/, \\ or a drive)"
    elif name.startswith("."):
        problem = "it begins with a dot"
    elif not name.isprintable():
        problem = "it has a character in it that cannot be printed"
    elif len(name.encode()) > NAME_BYTES:
        problem = f"it is longer than {NAME_BYTES} bytes"
    else:
        return
    raise UserError(f"{what} {shorten(name)}: it becomes part of a file's name, but {problem}; choose another name")


def shorten(value: object) -> str:
    """Return a value from outside as part of a one-line message: quoted, without control characters, and cut."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def check_no_links(folder: Path, path: Path) -> None:
    """Check that a path inside a folder is a file or a folder of its own, so that nothing outside is read or written.

    The folder itself may be a link, and the path need not exist.

    Raises:
        UserError: the path, or a folder between, is a link; or it is a pipe, a socket or a device.
    """
    below = path.relative_to(folder).parts
    for depth in range(1, len(below) + 1):
        part = folder.joinpath(*below[:depth])
        try:
            mode = part.lstat().st_mode
        except FileNotFoundError:
            return
        except OSError as error:
            raise UserError(f"{part}: cannot be read: {error.strerror or error}") from error
        if stat.S_ISLNK(mode):
            raise UserError(f"{part}: is a link, and links inside {folder} are not followed; put a copy in its place")
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise UserError(f"{part}: is neither a file nor a folder; move it away")


def read_bytes(path: Path, most: int) -> bytes:
    """Return the bytes of a file. A pipe or a device, which could keep the reader waiting, is not opened.

    Args:
        path: the file.
        most: the largest size that makes sense.

    Raises:
        UserError: the file cannot be read, is no regular file, or is larger.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, a socket or a device"
            raise UserError(f"{path}: cannot be read: it is {kind}, not a file")
        if status.st_size > most:
            raise UserError(f"{path}: cannot be read: it has {status.st_size:,} bytes, more than {most:,}")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Provide a temporary path beside `path`, and move the file from there to `path` when the block has succeeded.

    If the block fails (a full disk, an exception, Ctrl-C), the old file stays unchanged and the temporary file is
    removed. A process that is killed leaves it; see `remove_leftovers`. When the block has succeeded, the file and its
    name are on the disk. Every file is a new one, so its mode follows the umask, whatever the old file's mode was.

    Raises:
        UserError: the file cannot be written (disk full, no permission), also where a library hides this behind an
            exception of its own.
    """
    temporary: Path | None = None
    try:
        make_folder(path.parent)
        # Keep the suffix last, because libraries choose a file's format by its suffix.
        temporary = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.part{path.suffix}")
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # the system applies the umask
        mode = temporary.stat().st_mode
        yield temporary
        if temporary.stat().st_mode != mode:  # a library replaced the file by one of its own
            temporary.chmod(stat.S_IMODE(mode))
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        flush_folder(path.parent)
    except UserError:
        raise
    except Exception as error:
        failure = disk_failure(error, temporary)
        if failure is None:
            raise
        problem = failure.strerror or failure
        raise UserError(f"{path}: cannot be written: {problem}; the old file, if any, is untouched") from error
    finally:
        if temporary is not None:
            with suppress(OSError):  # a disk that has failed; the first error says so
                temporary.unlink(missing_ok=True)


def disk_failure(error: Exception, temporary: Path | None) -> OSError | None:
    """Return the operating system's error behind an exception; None if the exception has nothing to do with the disk.

    A library may raise an exception of its own when a disk is full, as torch does: a RuntimeError, whose text differs
    between versions. So this looks for the system's error that the library was handling, and then writes once more.

    Args:
        error: the exception that stopped the writing of a file.
        temporary: the file; None if it could not be made.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and (cause is error or cause.errno in DISK_ERRORS):
            return cause
        cause = cause.__cause__ or cause.__context__
    try:
        if temporary is not None:
            with temporary.open("ab") as file:
                file.write(bytes(2**16))
                file.flush()
                os.fsync(file.fileno())
    except OSError as failure:
        return failure
    return None


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, so that their names are on the disk.

    Raises:
        OSError: it cannot be made.
    """
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in new:
        flush_folder(each.parent)


def flush_folder(folder: Path) -> None:
    """Put a folder's names on the disk, where the system can do that. Otherwise, they come there a little later."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_leftover(path: Path) -> bool:
    """Return whether a path is a temporary file of `atomic`. While no process writes in its folder, a kill left it."""
    return TEMPORARY.fullmatch(path.name) is not None and path.is_file() and not path.is_symlink()


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files that killed processes left in a folder, and nothing else. Links stay.

    No other process may write in the folder at the same time, because its temporary files look the same.

    Args:
        folder: the folder, which need not exist.

    Raises:
        UserError: the folder cannot be read, or a file in it cannot be deleted.
    """
    try:
        for path in filter(is_leftover, [*folder.iterdir()] if folder.is_dir() else []):
            path.unlink(missing_ok=True)
    except OSError as error:
        where = error.filename or folder
        raise UserError(f"{where}: a leftover of a stopped process; cannot be deleted: {error.strerror}") from error


def write(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8 with Unix line ends, completely or not at all.

    Half of a surrogate pair, as in a file's name that is not UTF-8, is written as JSON and YAML escape it: \\udcff.

    Raises:
        UserError: the file cannot be written.
    """
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


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
    if not path.exists():
        return {}
    try:
        values = json.loads(read_bytes(path, JSON_BYTES))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: damaged ({error}); delete it, and run the command again") from error
    if not isinstance(values, dict):
        raise UserError(f"{path}: damaged (not an object); delete it, and run the command again")
    return values


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write an object to an indented JSON file, completely or not at all."""
    write(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")

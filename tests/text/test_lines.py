"""Lines are read from plain and compressed files, and what is not text is an error that names the line."""

import bz2
import gzip
import lzma
import os
from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.text import lines
from seq2seq.text.lines import text_lines, uncompressed_name

PACKERS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
TEXT = "ein Hund\n\n„so“\x85\u2028\x0c\ndas Mädchen".encode()


def write(folder: Path, content: bytes, name: str = "train.de") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def mistake(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        list(text_lines(path))
    message = str(caught.value)
    assert message.startswith(str(path))
    assert len(message.splitlines()) == 1
    return message.removeprefix(str(path))


@pytest.mark.parametrize("suffix", PACKERS)
def test_only_line_feeds_end_a_line_packed_or_not(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path, PACKERS[suffix](TEXT), f"train.de{suffix}")
    assert list(text_lines(path)) == ["ein Hund", "", "„so“\x85\u2028\x0c", "das Mädchen"]
    assert "".join(text_lines(path, keep_ends=True)) == TEXT.decode()
    assert uncompressed_name(path.name) == "train.de"


def test_windows_line_ends_and_a_byte_order_mark_are_no_text(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffein Hund\r\n\r\nb\r\n".encode())
    assert list(text_lines(path)) == ["ein Hund", "", "b"]


def test_a_carriage_return_inside_a_later_line_is_white_space_of_this_line(tmp_path: Path) -> None:
    assert list(text_lines(write(tmp_path, b"a\nb\rc\nd\r\r\n"))) == ["a", "b\rc", "d\r"]


@pytest.mark.parametrize("content", [b"a\rb\rc\r", b"a\rb\rc", b"a\rb\n"])
def test_old_macs_line_ends_are_an_error(tmp_path: Path, content: bytes) -> None:
    assert "line 1: carriage returns without line feeds" in mistake(write(tmp_path, content))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_of_unicode_are_an_error(tmp_path: Path, encoding: str) -> None:
    assert "UTF-" in mistake(write(tmp_path, "ein Hund\nzwei\n".encode(encoding)))


def test_bytes_that_are_no_text_name_the_line(tmp_path: Path) -> None:
    assert ", line 2: a NUL byte" in mistake(write(tmp_path, b"a\nb\0c\n"))
    assert ", line 3: not UTF-8" in mistake(write(tmp_path, "a\nb\nMädchen\n".encode("latin-1")))
    assert ", line 1: a NUL byte" in mistake(write(tmp_path, gzip.compress(b"packed, but not called so")))


@pytest.mark.parametrize("suffix", [suffix for suffix in PACKERS if suffix])
def test_damaged_packed_files_are_an_error(tmp_path: Path, suffix: str) -> None:
    packed = PACKERS[suffix](os.urandom(50_000).hex().encode())
    middle = len(packed) // 2
    for content in (packed[:middle], b"plain text\n", packed[:middle] + b"?" * 20 + packed[middle + 20 :]):
        assert f"damaged, or not a {suffix} file" in mistake(write(tmp_path, content, f"train.de{suffix}"))


def test_files_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    assert mistake(tmp_path / "nowhere.de") == ": cannot be read: No such file or directory"
    assert mistake(tmp_path) == ": cannot be read: Is a directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, b"a")
    path.chmod(0)
    assert mistake(path) == ": cannot be read: Permission denied"


def test_a_line_without_end_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 100)
    assert list(text_lines(write(tmp_path, b"a" * 98 + b"\n" + b"b" * 98))) == ["a" * 98, "b" * 98]
    assert ", line 2: longer than 100 bytes" in mistake(write(tmp_path, b"a\n" + b"b" * 1000))

"""Two text files are read as pairs of lines."""

from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.text.parallel import read_parallel


def parallel(folder: Path, source: bytes, target: bytes) -> list[tuple[str, str]]:
    paths = folder / "train.de", folder / "train.en"
    for path, text in zip(paths, (source, target), strict=True):
        path.write_bytes(text)
    return list(read_parallel(paths))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_line_ends_do_not_matter(tmp_path: Path, end: bytes, final: bool) -> None:
    last = end if final else b""
    pairs = parallel(tmp_path, end.join([b"ein Hund", b"", b"c"]) + last, b"a dog\n\nc\n")
    assert pairs == [("ein Hund", "a dog"), ("", ""), ("c", "c")]


@pytest.mark.parametrize("shorter", ["train.de", "train.en"])
def test_sides_of_unequal_length_name_both_files(tmp_path: Path, shorter: str) -> None:
    longer = "train.en" if shorter == "train.de" else "train.de"
    texts = {shorter: b"a\nb\n", longer: b"a\nb\nc\n"}
    with pytest.raises(UserError, match=rf"{shorter} ends after line 2, but \S*{longer} goes on"):
        parallel(tmp_path, texts["train.de"], texts["train.en"])


def test_a_line_that_is_not_utf_8_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train\.en, line 2: not UTF-8"):
        parallel(tmp_path, b"a\nb\n", b"a\nM\xe4dchen\n")

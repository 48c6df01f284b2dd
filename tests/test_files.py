"""A file is written completely or not at all, and lines are read as they were written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.errors import UserError
from seq2seq.files import atomic, read_lines, write

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=20)


def test_success_puts_the_new_file_in_place(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.json"
    for text in ("first", "second"):
        with atomic(path) as temporary:
            assert temporary.parent == path.parent
            assert temporary.suffix == ".json"
            temporary.write_text(text)
            assert not path.exists() or path.read_text() != text
        assert path.read_text() == text
        assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("old", ["old", None])
def test_failure_leaves_the_old_file_and_no_temporary_file(
    tmp_path: Path, error: type[BaseException], old: str | None
) -> None:
    path = tmp_path / "file.txt"
    if old is not None:
        path.write_text(old)
    before = list(tmp_path.iterdir())

    def fail() -> None:
        with atomic(path) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == before
    assert old is None or path.read_text() == old


def test_a_full_disk_is_a_user_error(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(UserError, match=r"file\.txt.*No space left"), atomic(path):
        raise OSError(28, "No space left on device")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file/inside"):
        write(tmp_path / "file" / "inside", "text")


def test_everybody_may_read_a_written_file(tmp_path: Path) -> None:
    write(tmp_path / "file", "text")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


@quick
@given(text=texts)
def test_text_is_written_in_utf_8_with_unix_line_ends(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("files") / "file"
    write(path, text)
    assert path.read_bytes() == text.encode()


@quick
@given(lines=st.lists(texts.map(lambda text: text.replace("\n", "").rstrip("\r")), max_size=5), final=st.booleans())
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_are_read_as_written(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], final: bool, end: str, mark: str
) -> None:
    if not final and lines and not lines[-1]:
        lines[-1] = "x"  # an empty last line without a line end does not count as a line
    path = tmp_path_factory.mktemp("files") / "file"
    path.write_bytes((mark + end.join(lines) + (end if final and lines else "")).encode())
    if not lines and mark:
        assert list(read_lines(path)) == [""]
    else:
        assert list(read_lines(path)) == lines


def test_a_line_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.de"
    path.write_bytes("gut\nauch gut\nMädchen\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"file\.de, line 3: not UTF-8"):
        list(read_lines(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.txt: cannot be read: No such file"):
        list(read_lines(tmp_path / "absent.txt"))

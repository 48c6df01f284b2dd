"""Files are written completely or not at all and read as they were written; names and paths stay inside."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.errors import UserError
from seq2seq.files import atomic, check_file_name, check_no_links, read_bytes, read_json, read_lines, shorten, write

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


def test_text_that_is_not_unicode_is_written_as_an_escape(tmp_path: Path) -> None:
    write(tmp_path / "file", '"\udcff"')
    assert (tmp_path / "file").read_bytes() == b'"\\udcff"'


@pytest.mark.parametrize(
    "name", ["test", "train[:10%]", "train+test", "test_2016.flickr", "größer", "测试", "a b", "a..b"]
)
def test_a_name_that_stays_in_its_folder_is_accepted(name: str) -> None:
    check_file_name(name, "split")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "  ",
            ".",
            "..",
            ".hidden",
            "../x",
            "../../outside/test",
            "a/b",
            "/etc/passwd",
            "a\\b",
            "..\\x",
            "C:x",
            "c:\\x",
        ),
        *("a\0b", "a\nb", "a\x1b[31m", "a\u202eb", "a\udcffb", "x" * 151, "测" * 51, None, 1, True, ["a"]),
    ],
)
def test_a_name_that_could_leave_its_folder_is_one_line(name: object) -> None:
    with pytest.raises(UserError, match=r"^split .*choose another name$") as caught:
        check_file_name(name, "split")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def test_a_value_in_a_message_is_short_and_printable() -> None:
    assert shorten("a\x1b") == r"'a\x1b'"
    assert len(shorten("x" * 1000)) == 60


def test_links_are_found_wherever_they_lie(tmp_path: Path) -> None:
    folder, outside = tmp_path / "run", tmp_path / "outside"
    for each in (folder / "inner", outside):
        each.mkdir(parents=True)
    (folder / "inner" / "file").touch()
    check_no_links(folder, folder / "inner" / "file")
    check_no_links(folder, folder / "absent" / "file")
    (folder / "link").symlink_to(outside)
    (folder / "inner" / "dangling").symlink_to(tmp_path / "nowhere")
    for path, named in (("link", "link"), ("link/new/file", "link"), ("inner/dangling", "inner/dangling")):
        with pytest.raises(UserError, match=rf"run/{named}: is a link"):
            check_no_links(folder, folder / path)
    (tmp_path / "runs").symlink_to(folder)  # the folder itself may be a link
    check_no_links(tmp_path / "runs", tmp_path / "runs" / "inner" / "file")


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="neither a file nor a folder"):
        check_no_links(tmp_path, tmp_path / "pipe")
    for read in (lambda path: read_bytes(path, 10), read_json):
        with pytest.raises(UserError, match="pipe: cannot be read: it is a pipe"):
            read(tmp_path / "pipe")


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_bytes(tmp_path / "file", 5) == b"12345"
    for path, problem in (
        ("file", "5 bytes, more than 4"),
        ("", "a folder"),
        ("absent", "No such file"),
        ("a\0b", "null"),
    ):
        with pytest.raises(UserError, match=problem):
            read_bytes(tmp_path / path, 4)


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "3", '{"a":' * 5000, "[" * 100_000, '{"a": ' + "9" * 5000 + "}", "\0"]
)
def test_damaged_json_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scores.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"scores\.json: damaged .*; delete it, and run the command again$") as caught:
        read_json(path)
    assert "\n" not in str(caught.value)

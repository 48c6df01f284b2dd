"""Files are written completely or not at all and read as they were written; names and paths stay inside."""

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.errors import UserError
from seq2seq.files import (
    atomic,
    check_file_name,
    check_no_links,
    is_leftover,
    read_bytes,
    read_json,
    read_lines,
    remove_leftovers,
    shorten,
    write,
)

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


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
@pytest.mark.parametrize("old", [None, 0o640])
@pytest.mark.parametrize("replaced", [False, True])
def test_the_mode_follows_the_umask(tmp_path: Path, umask: int, mode: int, old: int | None, replaced: bool) -> None:
    path = tmp_path / "folder" / "file"
    if old is not None:
        path.parent.mkdir()
        path.touch(old)
    before = os.umask(umask)
    try:
        with atomic(path) as temporary:
            if replaced:  # as a library does that writes through a temporary file of its own
                temporary.unlink()
                os.close(os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o600))
            temporary.write_text("text")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode


def test_a_file_and_its_name_are_on_the_disk_before_the_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(handle: int) -> None:
        events.append(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    def record_replace(source: Path, target: Path) -> None:
        events.append(f"{source} becomes {target}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    with atomic(tmp_path / "new" / "folder" / "file") as temporary:
        assert events == [f"{tmp_path}/new", str(tmp_path)]
        events.clear()
    assert events == [str(temporary), f"{temporary} becomes {tmp_path}/new/folder/file", f"{tmp_path}/new/folder"]


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.source.model", "a.b.c.txt", "file", "größer.txt"])
def test_a_leftover_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with atomic(path) as temporary:
        assert re.fullmatch(rf"\.{re.escape(path.stem)}-[0-9a-f]{{8}}\.part{re.escape(path.suffix)}", temporary.name)
        assert is_leftover(temporary)
        remove_leftovers(tmp_path)
        assert not temporary.exists()
        temporary.touch()
    assert not is_leftover(path)


def test_a_killed_writer_leaves_one_file_which_is_removed(tmp_path: Path) -> None:
    code = (
        "import os, sys, signal; from pathlib import Path; from seq2seq.files import atomic\n"
        "with atomic(Path(sys.argv[1])) as file: file.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    write(tmp_path / "file.txt", "old")
    killed = subprocess.run([sys.executable, "-c", code, tmp_path / "file.txt"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    remove_leftovers(tmp_path)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_only_leftovers_are_removed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    folder.mkdir()
    outside.write_text("outside")
    kept = (
        *("model.safetensors", ".model.safetensors", "model-01234567.part.safetensors", ".model-0123.part.safetensors"),
        *(".model-01234567.safetensors", ".model-01234567.part.tar.gz", ".-01234567.part", ".model-0123456G.part.txt"),
        *(".model-012345678.parts", "notes.part"),
    )
    for name in kept:
        (folder / name).touch()
    (folder / ".folder-01234567.part.txt").mkdir()
    (folder / ".link-01234567.part.txt").symlink_to(outside)
    (folder / ".nothing-01234567.part.txt").symlink_to(tmp_path / "nothing")
    before = sorted(folder.iterdir())
    (folder / ".model-01234567.part.safetensors").touch()
    (tmp_path / "link").symlink_to(folder)
    remove_leftovers(tmp_path / "link")  # the folder itself may be a link
    assert sorted(folder.iterdir()) == before
    assert outside.read_text() == "outside"
    remove_leftovers(tmp_path / "absent")
    remove_leftovers(outside)


def write_text(path: Path) -> None:
    path.write_text("x" * 2**20)


def write_handle(path: Path) -> None:
    with path.open("wb") as file:
        torch.save({"weights": torch.zeros(2**18)}, file)


WRITERS: dict[str, Callable[[Path], None]] = {
    "text": write_text,
    "torch's path": lambda path: torch.save({"weights": torch.zeros(2**18)}, path),
    "torch's handle": write_handle,
}


@pytest.mark.parametrize("writer", WRITERS)
def test_whatever_a_library_makes_of_a_full_disk_is_one_line(tmp_path: Path, writer: str) -> None:
    path = tmp_path / "file.bin"
    path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**17, limits[1]))  # Python ignores the signal
    try:
        message = r"file\.bin: cannot be written: File too large; the old file"
        with pytest.raises(UserError, match=message), atomic(path) as temporary:
            WRITERS[writer](temporary)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_failure_of_a_library_on_a_good_disk_is_its_own(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="my own"), atomic(tmp_path / "file"):
        raise RuntimeError("my own")
    with pytest.raises(UserError, match="another"), atomic(tmp_path / "file"):
        raise UserError("another")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_becomes_read_only_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*paths: Path) -> None:
        raise OSError(30, "Read-only file system")

    write(tmp_path / "file", "old")
    for name in ("replace", "unlink"):
        monkeypatch.setattr(os, name, refuse)
    with pytest.raises(UserError, match="file: cannot be written: Read-only file system"):
        write(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old"


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

"""One training at a time has a run's folder, however its path is spelled. A folder that cannot be used is one line."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.run import Run
from seq2seq.run_files import LOCK, delete_run
from seq2seq.training.prepare import check_folder, lock

HOLD = """
import sys
from pathlib import Path
from seq2seq.run import Run
from seq2seq.training.prepare import lock
with lock(Run(Path(sys.argv[1]))):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "data"
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").touch()
    return folder


def assert_is_locked(folder: Path) -> None:
    with pytest.raises(UserError, match="is being trained by another process"), lock(Run(folder)):
        pass


def test_the_lock_holds_however_the_path_is_spelled(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "parent").symlink_to(folder.parent)
    spellings = [folder, f"{folder}/", f"{folder}/../data", tmp_path / "link", f"{tmp_path}/link/", "parent/data"]
    monkeypatch.chdir(tmp_path)
    with lock(Run(Path("runs/data"))):
        for spelling in spellings:
            assert_is_locked(Path(spelling))
        monkeypatch.chdir(folder)
        for spelling in (".", "../data", "../../link"):
            assert_is_locked(Path(spelling))
    with lock(Run(folder)):
        pass


def test_the_lock_survives_the_deletion_of_the_run(folder: Path) -> None:
    with lock(Run(folder)):
        assert delete_run(folder) == []
        assert_is_locked(folder)


def test_the_lock_moves_with_the_folder(folder: Path, tmp_path: Path) -> None:
    with lock(Run(folder)):
        folder.rename(tmp_path / "moved")
        assert_is_locked(tmp_path / "moved")
        with lock(Run(folder)):  # another run in the old place
            pass


def test_a_killed_process_leaves_no_lock(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        assert_is_locked(folder)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert (folder / LOCK).exists()
    with lock(Run(folder)):
        pass
    assert [path.name for path in folder.iterdir()] == ["recipe.yaml"]


@pytest.mark.parametrize("existing", [True, False])
def test_a_training_that_does_nothing_leaves_nothing(tmp_path: Path, existing: bool) -> None:
    folder = tmp_path / "runs" / "new"
    if existing:
        folder.mkdir(parents=True)

    def fail() -> None:
        with lock(Run(folder)):
            assert (folder / LOCK).exists()
            check_folder(Run(folder))  # a folder with a lock alone is an empty one
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.rglob("*")) == ([tmp_path / "runs", folder] if existing else [])


def test_a_process_that_does_not_write_takes_no_lock(folder: Path) -> None:
    with lock(Run(folder)), lock(Run(folder, writes=False)):
        pass


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/proc/x", "cannot be made"),
        ("/proc", "cannot be written"),
        ("/dev/null/x", "cannot be made"),
        ("/dev/null", "cannot be made"),
        ("nowhere", "a link to nothing"),
    ],
)
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's /proc, where nobody can make a file")
def test_a_folder_that_cannot_be_used_is_not_called_locked(tmp_path: Path, path: str, problem: str) -> None:
    (tmp_path / "nowhere").symlink_to(tmp_path / "nothing")
    with (
        pytest.raises(UserError, match=rf"^{tmp_path / path}: {problem}.*choose another --run$"),
        lock(Run(tmp_path / path)),
    ):
        pass


@pytest.mark.parametrize("call", ["mkdir", "open"])
def test_a_read_only_disk_is_one_line(tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *arguments: object) -> int:
        raise OSError(30, "Read-only file system", path)

    if call == "open":
        (tmp_path / "run").mkdir()
    monkeypatch.setattr(os, call, refuse)
    with (
        pytest.raises(UserError, match=r"run: cannot be .*: Read-only file system; choose another --run"),
        lock(Run(tmp_path / "run")),
    ):
        pass


@pytest.mark.parametrize("place", ["run", "run/inner"])
def test_a_read_only_folder_is_one_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "run").mkdir(mode=0o555)
    if os.access(tmp_path / "run", os.W_OK):
        pytest.skip("file modes do not bind this user")
    with (
        pytest.raises(UserError, match=r"cannot be .*: Permission denied; choose another --run"),
        lock(Run(tmp_path / place)),
    ):
        pass


def test_a_link_in_the_lock_s_place_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("text")
    (folder / LOCK).symlink_to(tmp_path / "outside")
    with pytest.raises(UserError, match="data: cannot be written"), lock(Run(folder)):
        pass
    assert (tmp_path / "outside").read_text() == "text"

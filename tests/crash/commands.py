"""Run a command of `seq2seq` with a point: in a fork of this process, which is fast, or in processes of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from crash import points
from crash.points import Point

import seq2seq

TESTS = Path(__file__).resolve().parent.parent
PACKAGE = Path(seq2seq.__file__).resolve().parents[1]  # the version that is under test
SECONDS = 300


class Ended(NamedTuple):
    """How a command ended.

    status: the exit status; negative for a signal.
    stderr: what it wrote there.
    events: how often each event happened; empty for a process that was killed, or of its own.
    orphans: how many processes were left over.
    """

    status: int
    stderr: str
    events: dict[str, int]
    orphans: int = 0


def import_everything() -> None:
    """Import what a training imports, so that forks start at once."""
    import datasets
    import lightning.pytorch
    import matplotlib.backends.backend_agg
    import torch

    torch.set_num_threads(1)
    del datasets, lightning, matplotlib
    import seq2seq.cli.main
    import seq2seq.training.train  # noqa: F401


def run_fork(words: Sequence[str], folder: Path, point: Point | None, temporary: Path | None = None) -> Ended:
    """Run a command in a fork, in a folder. `temporary` is its TMPDIR."""
    child = os.fork()
    if child == 0:
        status = 70
        try:
            status = run_here(words, folder, point, temporary)
        finally:
            os._exit(status)
    _, waited = os.waitpid(child, 0)
    events = folder / "events.json"
    counted = json.loads(events.read_text()) if events.exists() else {}
    events.unlink(missing_ok=True)
    return Ended(os.waitstatus_to_exitcode(waited), (folder / "stderr.txt").read_text("utf-8"), counted)


def run_here(words: Sequence[str], folder: Path, point: Point | None, temporary: Path | None) -> int:
    """Run a command in this process, which is a fork, and return its exit status."""
    import tempfile

    os.setpgid(0, 0)
    os.chdir(folder)
    for name, number in (("stdout.txt", 1), ("stderr.txt", 2)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    if temporary is not None:
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["seq2seq", *words]
    points.install(point, folder / "updates")
    from seq2seq.cli.main import main

    status = 0
    try:
        main()
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    with open("events.json", "w", encoding="utf-8") as file:  # Path.write_text may be patched
        json.dump(points.counts, file)
    return status


def run_processes(words: Sequence[str], folder: Path, point: Point | None, temporary: Path | None = None) -> Ended:
    """Run a command in processes of its own, wait until its first process has ended, and count those that are left."""
    text = "|".join(map(str, point or ("", 0, 0, 0)))
    environment = {
        **os.environ,
        "CRASH_POINT": text,
        "CRASH_LOG": str(folder / "updates"),
        "PYTHONPATH": os.pathsep.join([str(PACKAGE), str(TESTS)]),  # absolute: the folder is another one
        "OMP_NUM_THREADS": "1",
    }
    if temporary is not None:
        environment["TMPDIR"] = str(temporary)
    with open(folder / "stderr.txt", "wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(TESTS / "crash" / "killed.py"), *words],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )
        status = process.wait(SECONDS)
    orphans = wait_for_group(process.pid)
    return Ended(status, (folder / "stderr.txt").read_text("utf-8"), {}, orphans)


def wait_for_group(group: int, seconds: float = 20) -> int:
    """Return how many processes of a session are there after some seconds, and kill them."""
    import time

    end = time.monotonic() + seconds
    while members(group) and time.monotonic() < end:
        time.sleep(0.2)
    left = members(group)
    if left:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    return len(left)


def members(session: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(path.parent.name))
    return found

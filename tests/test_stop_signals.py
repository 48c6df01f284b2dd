"""A signal stops every command in one line, keeps what there is, and leaves no process."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from signalled import end
from signalled import start as start_program
from tiny_training import RECIPE, write_corpus

from seq2seq.run import Run
from seq2seq.stop_signals import Stopped, stop_signal

RANDOM = random.Random(11)
STATUSES = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}
EPOCHS = 60  # more than a training has time for before it gets a signal
COMMAND = [sys.executable, "-m", "seq2seq"]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signals")
    path = folder / "tiny.yaml"
    text = RECIPE.replace("CORPUS", str(write_corpus(folder, train=120, validation=13, test=9)))
    path.write_text(text.replace("max_epochs: 2", f"max_epochs: {EPOCHS}"), encoding="utf-8")
    return path


def start(*words: str | Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        start_new_session=True,
    )


def wait_for(process: subprocess.Popen[str], text: str) -> str:
    """Read standard error until a line begins with a text, and return all of it."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith(text):
            return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_training_keeps_its_epochs_and_says_how_it_goes_on(number: int, recipe: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    with start("train", recipe, "--run", run.folder) as process:
        wait_for(process, "epoch 2:")
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
    assert process.returncode == 128 + number
    assert errors.splitlines()[-1] == f"seq2seq: stopped by {name}; the same command goes on where it was"
    assert "Traceback" not in errors
    assert len(run.metrics()) >= 1
    assert not run.is_finished()
    run.load_translator()


def test_a_filter_ends_with_the_signals_status(untrained_run: Path) -> None:
    with start("translate", untrained_run) as process:
        time.sleep(2)
        process.terminate()
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (143, "", "seq2seq: stopped by SIGTERM\n")


def test_a_signal_that_is_ignored_stays_ignored(recipe: Path, tmp_path: Path) -> None:
    command = ["nohup", *COMMAND, "train", str(recipe), "--run", str(tmp_path / "run"), "--trainer.max_epochs=2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for(process, "epoch 1:")
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_killed_comparison_leaves_no_training(recipe: Path, tmp_path: Path) -> None:
    with start("compare", recipe, "--run", tmp_path / "comparison") as process:
        wait_for(process, "epoch 1:")
        process.kill()
        process.communicate(timeout=60)
    [folder] = [path.parent for path in tmp_path.glob("comparison/*/recipe.yaml")]
    assert not Run(folder).is_finished()
    for _ in range(100):
        if shutil.which("pgrep") is None or subprocess.run(["pgrep", "-f", str(folder)], check=False).returncode:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("a training was left over")


def test_slurm_requeues_a_training_that_goes_on_inside_its_epoch(recipe: Path, tmp_path: Path) -> None:
    """A real Slurm was not tried: `scontrol` is a script that writes what it is asked."""
    scontrol = tmp_path / "scontrol"
    scontrol.write_text(f"#!/bin/sh\necho $* >> {tmp_path}/asked\n")
    scontrol.chmod(0o755)
    slurm = {"SLURM_JOB_ID": "7", "SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "2", "SLURM_NTASKS": "1"}
    slurm |= {"SLURM_JOB_NAME": "training", "SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NODEID": "0"}
    run, whole = Run(tmp_path / "run"), Run(tmp_path / "whole")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    with start("train", recipe, "--run", run.folder, "--trainer.max_epochs=4", **slurm, PATH=path) as process:
        wait_for(process, "epoch 2:")
        process.send_signal(signal.SIGUSR1)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGUSR1, errors
    assert (tmp_path / "asked").read_text() == "requeue 5_2\n"
    for each in (run, whole):
        subprocess.run(
            [*COMMAND, "train", str(recipe), "--run", str(each.folder), "--trainer.max_epochs=4"],
            check=True,
            capture_output=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    assert run.weights_path.read_bytes() == whole.weights_path.read_bytes()


@pytest.mark.parametrize(
    ("words", "way_on"),
    [
        (["train", "x.yaml"], "; the same command goes on where it was"),
        (["train", "x.yaml", "--force"], "; the same command without --force goes on where it was"),
        (["compare", "x.yaml"], "; the same command goes on where it was"),
        (["translate", "runs/x"], ""),
    ],
)
def test_the_line_says_how_to_go_on_where_that_is_true(words: list[str], way_on: str) -> None:
    process = start_program("exit_if_stopped(wait, process_ends=True)", *words)
    process.terminate()
    assert end(process) == (143, f"seq2seq: stopped by SIGTERM{way_on}\n")


def test_more_signals_change_nothing() -> None:
    program = """
def keep():
    try:
        wait()
    finally:
        time.sleep(0.5)
        print("kept", flush=True)
exit_if_stopped(keep, process_ends=True)
"""
    process = start_program(program)
    process.terminate()
    for _ in range(20):
        time.sleep(RANDOM.uniform(0, 0.1))
        process.send_signal(RANDOM.choice(list(STATUSES)))
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (143, "kept\n", "seq2seq: stopped by SIGTERM\n")


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(
            """
class Waits:
    def __del__(self):
        wait()  # Python cannot raise an exception here: the signal is sent again
def lose():
    Waits()
    time.sleep(30)
exit_if_stopped(lose, process_ends=True)
""",
            id="in a finalizer",
        ),
        pytest.param(
            """
import ctypes
stop_signals.BLOCKED_SECONDS = 0.2
def block():
    begin()
    mutex = ctypes.create_string_buffer(64)
    for _ in range(2):  # the second one waits forever
        ctypes.CDLL(None).pthread_mutex_lock(mutex)
exit_if_stopped(block, process_ends=True)
""",
            id="in C",
        ),
        pytest.param(
            """
def swallow():
    try:
        wait()
    except BaseException:
        stop_signals.install_again()
exit_if_stopped(swallow, process_ends=True)
""",
            id="swallowed",
        ),
        pytest.param(
            """
def fail():
    try:
        wait()
    finally:
        raise RuntimeError("the other process has gone")
exit_if_stopped(fail, process_ends=True)
""",
            id="followed by an error",
        ),
    ],
)
def test_no_signal_is_lost(program: str) -> None:
    process = start_program(program)
    process.terminate()
    assert end(process) == (143, "seq2seq: stopped by SIGTERM\n")


def test_a_signal_at_pythons_exit_is_no_traceback() -> None:
    process = start_program("import atexit; atexit.register(wait); exit_if_stopped(lambda: None, process_ends=True)")
    process.terminate()
    assert end(process) == (-signal.SIGTERM, "")


def test_a_forked_worker_writes_nothing() -> None:
    program = """
def work():
    if os.fork() == 0:
        wait()
    time.sleep(30)
exit_if_stopped(work, process_ends=True)
"""
    for number in STATUSES:
        process = start_program(program, start_new_session=True)
        os.killpg(process.pid, number)
        if number != signal.SIGTERM:  # the worker leaves these to its parent, which ends it
            time.sleep(0.2)
            os.killpg(process.pid, signal.SIGKILL)
        assert end(process)[1].count("\n") == 1


def test_stopped_is_what_libraries_take_for_ctrl_c() -> None:
    assert issubclass(Stopped, KeyboardInterrupt)
    assert stop_signal(Stopped(15)) == signal.SIGTERM
    assert stop_signal(KeyboardInterrupt()) == signal.SIGINT
    assert stop_signal(ValueError()) is None

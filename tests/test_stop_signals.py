"""A signal stops every command in one line, keeps what there is, and leaves no process."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_training import RECIPE, write_corpus

from seq2seq.run import Run

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
    with start("train", recipe, "--run", run.folder, "--trainer.max_epochs=6", **slurm, PATH=path) as process:
        wait_for(process, "epoch 2:")
        process.send_signal(signal.SIGUSR1)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGUSR1, errors
    assert (tmp_path / "asked").read_text() == "requeue 5_2\n"
    for each in (run, whole):
        subprocess.run(
            [*COMMAND, "train", str(recipe), "--run", str(each.folder), "--trainer.max_epochs=6"],
            check=True,
            capture_output=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    assert run.weights_path.read_bytes() == whole.weights_path.read_bytes()

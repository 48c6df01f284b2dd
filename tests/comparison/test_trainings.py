"""Commands of trainings: they start a run or go on with it, and a failure or a signal stops the comparison."""

import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seq2seq.comparison import trainings
from seq2seq.comparison.trainings import run_command, train_missing, training_command
from seq2seq.comparison.variants import plan
from seq2seq.errors import UserError
from seq2seq.run import Run
from seq2seq.stop_signals import Stopped


def test_the_command_starts_or_goes_on_with_a_training(recipe_file: Path, compared: Path, tmp_path: Path) -> None:
    job, _ = plan(recipe_file, [], [], [], tmp_path)
    command = training_command(job, recipe_file)
    assert command == ["train", str(recipe_file), "--run", str(job.folder), *job.options]
    shutil.copytree(compared / "bottleneck-1", job.folder)
    assert training_command(job, recipe_file) == command
    other, _ = plan(recipe_file, [], [], ["--search.beam_size", "7"], tmp_path)
    with pytest.raises(UserError, match=r"another recipe: search\.beam_size was 2, not 7"):
        training_command(other, recipe_file)


@pytest.mark.parametrize("finished", [True, False])
def test_a_training_that_ended_early_is_not_taken_for_a_finished_one(
    finished: bool, recipe_file: Path, compared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = plan(recipe_file, [], [], [], tmp_path)
    started = []

    def train(arguments: Sequence[str]) -> None:
        folder = Path(arguments[3])
        started.append(folder)
        run = Run(shutil.copytree(compared / folder.name, folder))
        run.save_provenance(replace(run.provenance(), finished=finished))

    monkeypatch.setattr(trainings, "run_command", train)
    if finished:
        train_missing(jobs, recipe_file)
        train_missing(jobs, recipe_file)  # nothing is left to do
        assert started == [job.folder for job in jobs]
    else:
        with pytest.raises(UserError, match="this ended before the run was finished: seq2seq train"):
            train_missing(jobs, recipe_file)
        assert started == [jobs[0].folder]


def test_a_training_that_fails_is_named() -> None:
    with pytest.raises(UserError, match=r"this failed: seq2seq train no-such-recipe\.yaml"):
        run_command(["train", "no-such-recipe.yaml"])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Stopped(signal.SIGTERM)])
@pytest.mark.parametrize("status", [0, 130, -2, 1])
def test_a_signal_is_handed_on_and_stops_the_comparison_after_the_training_has_ended(
    status: int, error: KeyboardInterrupt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training's exit status does not matter: it may have been finished already, or not have begun."""
    sent = []

    class Training:
        returncode: int | None = None
        waited = 0

        def __init__(self, *arguments: Any, **options: Any) -> None: ...

        def __enter__(self) -> "Training":
            return self

        def __exit__(self, *error: object) -> None:
            assert self.returncode is not None

        def wait(self) -> None:
            self.waited += 1
            if self.waited == 1:
                raise error
            self.returncode = status

        def send_signal(self, number: int) -> None:
            sent.append(number)

    monkeypatch.setattr("seq2seq.comparison.trainings.subprocess.Popen", Training)
    with pytest.raises(KeyboardInterrupt) as caught:
        run_command(["train"])
    assert caught.value is error
    assert sent == [getattr(error, "signal", signal.SIGINT)]


@pytest.mark.parametrize(("status", "name"), [(-signal.SIGKILL, "SIGKILL"), (-signal.SIGSEGV, "SIGSEGV")])
def test_a_training_that_was_killed_is_named(status: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainings, "format_command", lambda _: "the training")
    with pytest.raises(UserError, match=f"this was ended by {name}: the training; .*goes on where it was"):
        run_shell(f"kill {status} $$", monkeypatch)


def run_shell(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a script of the shell in a training's place."""
    start = subprocess.Popen
    monkeypatch.setattr(
        "seq2seq.comparison.trainings.subprocess.Popen", lambda *_, **options: start(["sh", "-c", script], **options)
    )
    run_command(["train"])

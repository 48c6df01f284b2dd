"""Commands of trainings: they start or resume a run, and a failure or Ctrl-C stops the comparison."""

import shutil
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


def test_the_command_starts_or_goes_on_with_a_training(recipe_file: Path, compared: Path, tmp_path: Path) -> None:
    job, _ = plan(recipe_file, [], [], [], tmp_path)
    assert training_command(job, recipe_file)[:4] == ["train", str(recipe_file), "--run", str(job.folder)]
    shutil.copytree(compared / "bottleneck-1", job.folder)
    assert "--resume" in training_command(job, recipe_file)
    (job.folder / "checkpoints" / "last.ckpt").unlink()
    assert "--force" in training_command(job, recipe_file)  # it was stopped before its first epoch was over
    other, _ = plan(recipe_file, [], [], ["--search.beam_size", "7"], tmp_path)
    with pytest.raises(UserError, match=r"another recipe: search\.beam_size was 2, not 7"):
        training_command(other, recipe_file)


def test_a_run_that_was_trained_elsewhere_in_the_meantime_is_resumed(
    recipe_file: Path, compared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may train the second job while the first one is trained here, and be stopped."""
    jobs = plan(recipe_file, [], [], [], tmp_path)
    started = []

    def copy_a_stopped_run(arguments: Sequence[str]) -> None:
        started.append(arguments)
        shutil.copytree(compared / "attention-1", jobs[1].folder, dirs_exist_ok=True)
        run = Run(jobs[1].folder)
        run.save_provenance(replace(run.provenance(), finished=False))

    monkeypatch.setattr(trainings, "run_command", copy_a_stopped_run)
    train_missing(jobs, recipe_file)
    assert ["--resume" in arguments for arguments in started] == [False, True]


def test_a_training_that_fails_is_named() -> None:
    with pytest.raises(UserError, match=r"this failed: seq2seq train no-such-recipe\.yaml"):
        run_command(["train", "no-such-recipe.yaml"])


@pytest.mark.parametrize("status", [0, 130, -2, 1])
def test_ctrl_c_stops_the_comparison_after_the_training_has_ended(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The training's exit status does not matter: it may have been finished already, or not have begun."""

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
                raise KeyboardInterrupt
            self.returncode = status

    monkeypatch.setattr("seq2seq.comparison.trainings.subprocess.Popen", Training)
    with pytest.raises(KeyboardInterrupt):
        run_command(["train"])

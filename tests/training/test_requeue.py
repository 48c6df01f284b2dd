"""A job of Slurm that gets SIGUSR1 saves between two batches and is requeued. A script plays the part of `scontrol`."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_training import RECIPE, write_corpus

from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.stop_signals import Stopped
from seq2seq.training import requeue
from seq2seq.training.module import TranslationModule
from seq2seq.training.requeue import make_signal_callbacks
from seq2seq.training.train import train

JOB = {
    **{"SLURM_JOB_ID": "1234", "SLURM_JOB_NAME": "train", "SLURM_NTASKS": "1", "SLURM_NTASKS_PER_NODE": "1"},
    **{"SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NODEID": "0", "SLURM_NNODES": "1"},
}
BATCH = 2  # the batch, counted from 0, in which the signal comes

Scontrol = Callable[[str], Path]


@pytest.fixture
def scontrol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scontrol:
    """A function that puts a script called scontrol on PATH. The script writes its arguments to the returned file."""

    def install(ending: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        script, calls = folder / "scontrol", tmp_path / "calls"
        script.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n{ending}\n', encoding="utf-8")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return calls

    return install


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    write_corpus(corpus, train=60, validation=5, test=5)
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE.replace("CORPUS", str(corpus)), encoding="utf-8")
    return Recipe.load(path, ["--corpus.test", "", "--training.batch_tokens", "150"])


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a job of Slurm."""
    for name, value in JOB.items():
        monkeypatch.setenv(name, value)


def send_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Send SIGUSR1 inside a batch of the first epoch. Return a list that will hold the batches of the training."""
    step = TranslationModule.training_step
    batches: list[int] = []

    def signalled(module: TranslationModule, *arguments: Any) -> torch.Tensor:
        batches.append(module.trainer.global_step)
        if len(batches) == BATCH + 1:
            signal.raise_signal(signal.SIGUSR1)
        return step(module, *arguments)

    monkeypatch.setattr(TranslationModule, "training_step", signalled)
    return batches


@pytest.mark.usefixtures("job")
def test_a_job_whose_time_is_nearly_over_saves_and_is_requeued(
    recipe: Recipe,
    scontrol: Scontrol,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = scontrol("exit 0")
    batches = send_in_the_middle(monkeypatch)
    run = Run(tmp_path / "run")
    with pytest.raises(Stopped) as stopped:
        train(recipe, run)
    assert stopped.value.signal == signal.SIGUSR1
    assert calls.read_text(encoding="utf-8") == "requeue 1234\n"
    assert batches == list(range(BATCH + 1))  # no batch is begun after the signal
    checkpoint = torch.load(run.last_checkpoint, weights_only=True)
    assert checkpoint["global_step"] == BATCH + 1  # the batch in which the signal came is finished
    assert not run.is_finished()
    assert "Slurm has put job 1234 back into its queue" in capsys.readouterr().err


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize(
    ("ending", "complaint"),
    [
        (
            "echo slurm_update error: Access denied >&2; exit 1",
            "scontrol requeue 1234: slurm_update error: Access denied",
        ),
        ("exit 3", "scontrol requeue 1234: exit status 3"),
        (None, "scontrol requeue 1234: No such file or directory"),
    ],
)
def test_a_job_that_cannot_be_requeued_goes_on(
    ending: str | None,
    complaint: str,
    recipe: Recipe,
    scontrol: Scontrol,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if ending:
        scontrol(ending)
    send_in_the_middle(monkeypatch)
    run = Run(tmp_path / "run")
    train(recipe, run)
    assert run.is_finished()
    assert f"{complaint}; the training is saved and goes on\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SLURM_JOB_ID": "7"}, "7"),
        ({"SLURM_JOB_ID": "9", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "2"}, "7_2"),
        ({"SLURM_JOB_ID": "9", "SLURM_ARRAY_JOB_ID": "7"}, "9"),
        ({}, None),
    ],
)
def test_the_job_is_called_as_scontrol_takes_it(
    environment: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("SLURM_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert requeue.job_id() == expected


@pytest.mark.parametrize(("name", "count"), [("train", 2), ("bash", 1), ("interactive", 1)])
@pytest.mark.usefixtures("job")
def test_only_a_job_of_the_queue_is_requeued(name: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_NAME", name)
    assert len(make_signal_callbacks(lambda trainer: None)) == count
    monkeypatch.delenv("SLURM_NTASKS")
    assert len(make_signal_callbacks(lambda trainer: None)) == 1

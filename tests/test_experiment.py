"""Whole trainings, tiny ones: what they leave behind, that they go on where they stopped, that nothing is lost."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import RECIPE, write_corpus

from seq2seq import experiment, run
from seq2seq.errors import UserError
from seq2seq.recipe import Recipe, read
from seq2seq.training import Learner

Train = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few short sentences of the grammar corpus's splits."""
    return write_corpus(tmp_path_factory.mktemp("corpus"), train=120, validation=13, test=9)


@pytest.fixture
def recipe_file(tmp_path: Path, corpus: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE.replace("CORPUS", str(corpus)), encoding="utf-8")
    return path


@pytest.fixture
def train(recipe_file: Path) -> Train:
    """train(folder, "--key", value, …, resume=…): a training of the tiny recipe."""

    def train(folder: Path, *overrides: str, **flags: bool) -> dict[str, Any]:
        return experiment.train(*read(Recipe, recipe_file, overrides), folder, **flags)

    return train


def last_weights(folder: Path) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    return weights


def read_metrics(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def assert_equal_weights(one: Path, other: Path) -> None:
    pairs = zip(last_weights(one).items(), last_weights(other).items(), strict=True)
    for (name, weight), (same_name, same) in pairs:
        assert name == same_name
        torch.testing.assert_close(weight, same, rtol=0, atol=0)


def test_a_run_leaves_all_that_its_folder_promises(train: Train, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    results = train(folder)
    assert results.keys() == {"greedy", "beam 2"}
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("recipe.yaml", "tokenizer.model", "model.safetensors", "checkpoints", "metrics.csv", "scores.json"),
        *("tensorboard", "hypotheses", "learning_curves.png"),
    }
    rows = read_metrics(folder)
    assert [float(row["epoch"]) for row in rows] == [1, 2]
    assert float(rows[1]["training_loss"]) < float(rows[0]["training_loss"])
    assert (folder / "learning_curves.png").read_bytes().startswith(b"\x89PNG")
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    assert scores["scores"]["test"] == results
    assert scores["data"]["train"]["pairs"] == 120
    assert len(scores["commands"]) == 1
    assert len((folder / results["greedy"]["hypotheses"]).read_text(encoding="utf-8").splitlines()) == 9
    assert "nrefs:1" in results["greedy"]["bleu"]["signature"]


@pytest.mark.parametrize("average", ["0", "0.9"])
def test_the_kept_weights_are_those_that_were_validated(train: Train, tmp_path: Path, average: str) -> None:
    train(tmp_path / "run", "--training.average", average, "--trainer.max_epochs", "1")
    validated = last_weights(tmp_path / "run")  # of the only epoch
    translator, _ = run.load(tmp_path / "run")
    for name, weight in translator.model.state_dict().items():
        torch.testing.assert_close(weight, validated[f"model.{name}"], rtol=0, atol=0)


def test_the_same_seed_is_the_same_run_and_another_is_not(train: Train, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        train(tmp_path / name, "--seed", seed, "--trainer.max_epochs", "1", "--corpus.test", "")
    assert_equal_weights(tmp_path / "a", tmp_path / "b")
    with pytest.raises(AssertionError):
        assert_equal_weights(tmp_path / "a", tmp_path / "c")


@pytest.mark.parametrize("average", ["0", "0.9"])
def test_a_resumed_run_is_the_run_that_never_stopped(train: Train, tmp_path: Path, average: str) -> None:
    options = ("--training.average", average, "--corpus.test", "", "--training.schedule", "plateau")
    train(tmp_path / "whole", *options, "--trainer.max_epochs", "3")
    train(tmp_path / "halves", *options, "--trainer.max_epochs", "1")
    train(tmp_path / "halves", *options, "--trainer.max_epochs", "3", resume=True)
    assert run.read_scores(tmp_path / "whole")["earlier"] == {}
    assert run.read_scores(tmp_path / "halves")["earlier"] == {"trainer.max_epochs": [1]}
    assert_equal_weights(tmp_path / "whole", tmp_path / "halves")
    assert len(read_metrics(tmp_path / "halves")) == 3


def test_what_a_run_was_trained_with_before_is_kept(tmp_path: Path) -> None:
    recipe = "corpus: {path: x}\ntrainer: {max_epochs: 2, val_check_interval: 5}\n"
    (tmp_path / run.RECIPE).write_text(recipe, encoding="utf-8")
    (tmp_path / run.METRICS).write_text("update\n5\n10\n", encoding="utf-8")
    run.add_scores(tmp_path, {"versions": {"torch": "1"}, "earlier": {"versions.torch": ["0"]}})
    assert run.earlier(tmp_path, recipe.replace("2", "3"), {"torch": "2"}) == {
        "trainer.max_epochs": [2],
        "versions.torch": ["0", "1"],
        "resumed_inside_an_epoch": ["10"],
    }


def test_a_run_that_is_being_trained_is_left_alone(train: Train, tmp_path: Path) -> None:
    with run.alone(tmp_path / "run"):
        for flags in ({}, {"force": True}, {"resume": True}):
            with pytest.raises(UserError, match="is being trained by another process"):
                train(tmp_path / "run", **flags)
    assert not (tmp_path / "run").exists()
    train(tmp_path / "run", "--trainer.max_epochs", "1", "--corpus.test", "")


def test_ctrl_c_keeps_the_best_epoch(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Learner.training_step

    def interrupted(learner: Learner, *arguments: Any) -> torch.Tensor:
        if learner.current_epoch == 1:
            raise KeyboardInterrupt
        return step(learner, *arguments)

    monkeypatch.setattr(Learner, "training_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run")
    run.load(tmp_path / "run")
    monkeypatch.undo()
    train(tmp_path / "run", resume=True)
    assert run.read_scores(tmp_path / "run")["scores"]


def test_what_was_scored_is_kept_as_long_as_the_weights_are(train: Train, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(folder, "--trainer.max_epochs", "1", "--corpus.test", "")
    run.add_scores(folder, {"scores": {"mine": {}}})
    train(folder, "--trainer.max_epochs", "1", "--corpus.test", "", resume=True)  # nothing is left to do
    assert run.read_scores(folder)["scores"] == {"mine": {}}
    last = folder / run.CHECKPOINTS / run.LAST
    moved = last.rename(tmp_path / "moved")
    before = run.read_scores(folder)
    with pytest.raises(UserError, match="no checkpoint to resume from"):
        train(folder, "--trainer.max_epochs", "2", "--corpus.test", "", resume=True)
    assert run.read_scores(folder) == before
    moved.rename(last)
    model = run.load(folder)[0].model
    with torch.no_grad():
        model.decoder.readout.weight.add_(1.0)
    run.save_weights(model, folder / run.WEIGHTS)
    train(folder, "--trainer.max_epochs", "1", "--corpus.test", "", resume=True)
    assert run.read_scores(folder)["scores"] == {}  # they were of weights that are there no longer


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_its_checkpoint(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Learner.training_step

    def poisoned(learner: Learner, *arguments: Any) -> torch.Tensor:
        if learner.current_epoch == 1:
            with torch.no_grad():
                learner.model.decoder.readout.weight.fill_(torch.nan)
        return step(learner, *arguments)

    monkeypatch.setattr(Learner, "training_step", poisoned)
    with pytest.raises(UserError, match=r"the loss is nan.*learning_rate"):
        train(tmp_path / "run")
    translator, _ = run.load(tmp_path / "run")
    assert all(weight.isfinite().all() for weight in translator.model.parameters())


def test_a_run_is_not_overwritten_by_mistake(train: Train, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    once = ("--trainer.max_epochs", "1", "--corpus.test", "")
    with pytest.raises(UserError, match="no run to resume"):
        train(folder, *once, resume=True)
    train(folder, *once)
    with pytest.raises(UserError, match=r"exists already; --resume .* --force"):
        train(folder, *once)
    train(folder, *once, force=True)
    with pytest.raises(UserError, match=r"seed was 1, not 2; go on with its own recipe"):
        train(folder, *once, "--seed", "2", resume=True)
    stranger = tmp_path / "thesis"
    stranger.mkdir()
    (stranger / "chapter.txt").touch()
    with pytest.raises(UserError, match="not a run's folder"):
        train(stranger, *once, force=True)
    assert (stranger / "chapter.txt").exists()


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("--trainer.max_epoch=3", "did you mean trainer.max_epochs"),
        ("--trainer.callbacks=[]", "trainer.callbacks is decided by the run"),
        ("--trainer.precision=7", "precision"),
        ("--tokenizer.vocab_size=90000", "the largest possible is"),
        ("--corpus.validation=dev", "dev"),
        ("--corpus.source=fr", "no column 'fr'"),
        ("--corpus.test=tset", "tset"),
        ("--trainer.val_check_interval=5000", "val_check_interval"),
        ("--trainer.max_steps=1", "before its first validation"),
    ],
)
def test_a_recipe_that_cannot_be_is_one_clear_line(train: Train, tmp_path: Path, override: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        train(tmp_path / "run", override)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "overrides",
    [
        (
            "--corpus.streaming=true",
            "--trainer.max_steps=4",
            "--trainer.max_epochs=-1",
            "--trainer.val_check_interval=2",
        ),
        ("--training.scheduled_sampling=0.5",),
        ("--tokenizer.sampling=0.2", "--training.schedule=inverse-square-root", "--training.warm_up=3"),
        ("--tokenizer.joint=false", "--model.encoder.layers=2", "--model.decoder.layers=2"),
        ("--model.decoder.context=FixedContext", "--training.schedule=cosine", "--training.patience=1"),
        ("--trainer.precision=bf16-mixed", "--trainer.gradient_clip_val=1.0"),
        ("--model.decoder.context=NoContext", "--trainer.accumulate_grad_batches=2", "--trainer.gradient_clip_val=1.0"),
    ],
)
def test_every_kind_of_recipe_trains(train: Train, tmp_path: Path, overrides: tuple[str, ...]) -> None:
    assert train(tmp_path / "run", "--trainer.max_epochs=1", *overrides)["greedy"]["sentences"] == 9


def test_two_processes_learn_what_one_does(recipe_file: Path, tmp_path: Path) -> None:
    """The same global batches, shared by two gloo processes: the same losses, weights and validation BLEU."""
    common = ["--model.encoder.dropout=0", "--model.decoder.dropout=0", "--corpus.test="]
    common += ["--model.encoder.embedding_dropout=0", "--model.decoder.embedding_dropout=0"]
    for name, devices in (("one", 1), ("two", 2)):
        command = [
            sys.executable,
            "-m",
            "seq2seq.cli",
            "train",
            str(recipe_file),
            "--run",
            str(tmp_path / name),
            *common,
        ]
        command += [f"--trainer.devices={devices}", f"--trainer.strategy={'ddp' if devices > 1 else 'auto'}"]
        finished = subprocess.run(
            command, capture_output=True, text=True, timeout=100, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        assert finished.returncode == 0, finished.stderr
    rows = [read_metrics(tmp_path / name) for name in ("one", "two")]
    assert len(rows[0]) == len(rows[1]) == 2
    for one, two in zip(*rows, strict=True):
        for key in ("update", "training_loss", "validation_loss", "validation_bleu"):
            assert float(two[key]) == pytest.approx(float(one[key]), rel=1e-4, abs=1e-3), key
    for (name, weight), shared in zip(
        last_weights(tmp_path / "one").items(), last_weights(tmp_path / "two").values(), strict=True
    ):
        torch.testing.assert_close(shared, weight, rtol=1e-3, atol=1e-4, msg=name)

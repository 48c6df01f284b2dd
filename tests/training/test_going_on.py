"""A training that stops at any moment and goes on ends like one that never stopped, bit by bit."""

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_training import RECIPE, write_corpus

from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.save_progress import SaveProgress
from seq2seq.training.train import train


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), train=120, validation=13, test=9)


def load(corpus: Path, folder: Path, *overrides: str) -> Recipe:
    path = folder / "tiny.yaml"
    path.write_text(RECIPE.replace("CORPUS", str(corpus)), encoding="utf-8")
    return Recipe.load(path, overrides)


def contents(folder: Path) -> dict[str, Any]:
    """Return everything of a run that its training decides."""
    with (folder / "metrics.csv").open(encoding="utf-8") as file:
        rows = [
            {key: value for key, value in row.items() if key != "tokens_per_second"} for row in csv.DictReader(file)
        ]
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    names = ("state_dict", "optimizer_states", "lr_schedulers", "plateau", "global_step", "current_model_state")
    return {
        "metrics": rows,
        "weights": (folder / "model.safetensors").read_bytes(),
        "shown": [(folder / name).read_bytes() for name in ("snapshots.jsonl", "training.html")],
        "scores": [evaluation and evaluation.scores for evaluation in scores(folder)],
        **{name: checkpoint[name] for name in names if name in checkpoint},
    }


def scores(folder: Path) -> Iterator[Any]:
    for search in ("greedy", "beam 2"):
        yield Run(folder).load_evaluation("test", search)


def assert_equal(one: Any, other: Any) -> None:
    for name in ("metrics", "scores", "shown"):
        assert one.pop(name) == other.pop(name)
    torch.testing.assert_close(one, other, rtol=0, atol=0)


INSIDE = "--trainer.val_check_interval"
CONFIGURATIONS = {
    "epochs": "--trainer.max_epochs=3",
    "averaged weights": "--trainer.max_epochs=3 --training.ema_decay=0.9",
    "inside epochs": f"{INSIDE}=2",
    "averaged weights inside epochs": f"{INSIDE}=0.4 --training.ema_decay=0.9",
    "across epochs": f"{INSIDE}=3 --trainer.check_val_every_n_epoch=null",
    "every second epoch": "--trainer.max_epochs=3 --trainer.check_val_every_n_epoch=2",
    "updates": "--trainer.max_steps=25 --trainer.max_epochs=-1",
    "updates and epochs": "--trainer.max_steps=25 --trainer.max_epochs=3",
    "updates inside epochs": f"--trainer.max_steps=7 --trainer.max_epochs=-1 {INSIDE}=2",
    "accumulated gradients": f"--trainer.accumulate_grad_batches=2 {INSIDE}=4",
    "fewer batches": f"--trainer.limit_train_batches=4 {INSIDE}=3",
    "stream": f"--corpus.streaming=true {INSIDE}=3 --training.pool=40",
    "patience": "--training.patience=1 --training.learning_rate=1e-9 --trainer.max_epochs=5",
    "patience inside epochs": f"--training.patience=1 --training.learning_rate=1e-9 --trainer.max_epochs=5 {INSIDE}=2",
    "stream across epochs": f"--corpus.streaming=true {INSIDE}=3 --trainer.check_val_every_n_epoch=null",
    "sanity check": "--trainer.num_sanity_val_steps=2",
    "patience and the least epochs": "--training.patience=1 --training.learning_rate=1e-9 --trainer.max_epochs=5 "
    "--trainer.min_epochs=4",
    "plateau": f"--training.schedule=plateau {INSIDE}=3",
    "workers": f"--training.workers=2 {INSIDE}=3",
}
THOROUGH = {"every second epoch", "averaged weights", "updates", "updates inside epochs", "fewer batches", "stream"}
THOROUGH |= {"patience", "patience inside epochs", "sanity check"}


def marked(name: str) -> Any:
    """Return a configuration as a parameter. Those that differ little from others are for a thorough run."""
    return pytest.param(name, marks=[pytest.mark.thorough] if name in THOROUGH else [])


@pytest.mark.parametrize("name", [marked(name) for name in CONFIGURATIONS])
def test_a_training_goes_on_from_every_checkpoint(
    name: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = load(corpus, tmp_path, *CONFIGURATIONS[name].split())
    folder = tmp_path / "run"
    moments: list[Path] = []
    save: Callable[..., None] = SaveProgress.save

    def save_and_copy(self: SaveProgress, trainer: Any) -> None:
        save(self, trainer)
        moments.append(shutil.copytree(folder, tmp_path / f"{len(moments)}"))

    with monkeypatch.context() as patch:
        patch.setattr(SaveProgress, "save", save_and_copy)
        train(recipe, Run(folder))
    expected = contents(folder)
    middle = len(moments) // 2
    for moment in moments if name.startswith(("patience", "updates and")) else moments[middle : middle + 1]:
        train(recipe, Run(moment))
        assert_equal(contents(moment), dict(expected))


@pytest.mark.parametrize(
    ("options", "moment"),
    [
        ("--training.ema_decay=0.9", 13),
        (f"{INSIDE}=4", 4),
        (f"{INSIDE}=4 --trainer.check_val_every_n_epoch=null", 9),
        ("--trainer.max_steps=16 --trainer.max_epochs=2", 9),
        (f"--corpus.streaming=true {INSIDE}=4 --training.pool=40", 13),
    ],
)
def test_a_training_goes_on_from_every_batch(
    options: str, moment: int, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a batch begins is when a cluster's job is saved and requeued."""
    recipe = load(corpus, tmp_path, *options.split())
    updates = []

    def save_and_copy(self: SaveProgress, trainer: Any, *_: Any) -> None:
        if len(updates) == moment:
            self.save(trainer)
            shutil.copytree(tmp_path / "run", tmp_path / "requeued")
        updates.append(trainer.global_step)

    with monkeypatch.context() as patch:
        patch.setattr(SaveProgress, "on_train_batch_start", save_and_copy)
        train(recipe, Run(tmp_path / "run"))
    train(recipe, Run(tmp_path / "requeued"))
    assert_equal(contents(tmp_path / "requeued"), contents(tmp_path / "run"))


def test_a_sanity_check_writes_no_row_and_patience_waits_for_the_least_epochs(corpus: Path, tmp_path: Path) -> None:
    options = ("--trainer.num_sanity_val_steps=2", *CONFIGURATIONS["patience and the least epochs"].split())
    train(load(corpus, tmp_path, *options), Run(tmp_path / "run"))
    assert [row.epoch for row in Run(tmp_path / "run").metrics()] == [1, 2, 3, 4]


def test_a_run_without_its_record_or_its_table_goes_on(corpus: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    recipe = load(corpus, tmp_path, "--trainer.max_epochs=1")
    train(recipe, run)
    longer = load(corpus, tmp_path, "--trainer.max_epochs=2")
    run.provenance_path.unlink()
    run.save_recipe(longer)  # as if it had been stopped after its first epoch
    train(longer, run)
    assert [row.epoch for row in run.metrics()] == [1, 2]
    run.metrics_path.unlink()
    assert len(train(longer, run)) == 2  # the scores need no table


def test_more_updates_go_on_with_the_batches_that_were_not_seen(corpus: Path, tmp_path: Path) -> None:
    """A training of 5 + 8 updates has the weights of one of 13: an epoch has 9."""
    short, long = (
        load(corpus, tmp_path, f"--trainer.max_steps={updates}", "--trainer.max_epochs=-1", "--corpus.test=")
        for updates in (5, 13)
    )
    train(short, Run(tmp_path / "run"))
    train(long, Run(tmp_path / "run"))
    train(long, Run(tmp_path / "whole"))
    one, whole = (contents(tmp_path / name) for name in ("run", "whole"))
    assert [row["update"] for row in one["metrics"]] == ["5", "9", "13"]
    assert [row["update"] for row in whole["metrics"]] == ["9", "13"]
    for name in ("state_dict", "optimizer_states", "global_step"):
        torch.testing.assert_close(one[name], whole[name], rtol=0, atol=0)


def test_a_checkpoint_that_does_not_say_when_it_was_best_goes_on(corpus: Path, tmp_path: Path) -> None:
    """Earlier versions kept the best BLEU alone."""
    run = Run(tmp_path / "run")
    train(load(corpus, tmp_path, "--trainer.max_epochs=1"), run)
    checkpoint = torch.load(run.last_checkpoint, weights_only=True)
    checkpoint["plateau"] = {"best_bleu": 0.0, "halvings": 0}
    torch.save(checkpoint, run.last_checkpoint)
    train(load(corpus, tmp_path, "--trainer.max_epochs=2"), run)
    assert [row.epoch for row in run.metrics()] == [1, 2]
    assert run.weights_path.exists()

"""A training shows itself in TensorBoard and in training.html, and the showing does not change the training."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from crash.cases import is_equal
from lightning.pytorch.callbacks import Callback
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_training import RECIPE, write_corpus
from toy_languages import write_toy_corpus

from seq2seq.evaluation.evaluate import Evaluation
from seq2seq.insight.gate_statistics import gate_statistics
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training import callbacks
from seq2seq.training.show_training import MOST_CHARACTERS, MOST_SENTENCES, ShowTraining, choose_sample, cut
from seq2seq.training.train import train as train_recipe

LSTM = ("input", "forget", "candidate", "output")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), train=120, validation=13, test=9)


def train(corpus: Path, folder: Path, *overrides: str) -> list[Evaluation]:
    folder.parent.mkdir(exist_ok=True, parents=True)
    path = folder.parent / "tiny.yaml"
    path.write_text(RECIPE.replace("CORPUS", str(corpus)), encoding="utf-8")
    return train_recipe(Recipe.load(path, ["--corpus.test=", *overrides]), Run(folder))


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return the values in TensorBoard's events, with their updates."""
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return {name: [(each.step, each.value) for each in events.Scalars(name)] for name in events.Tags()["scalars"]}


def test_every_validation_is_logged_and_shown(corpus: Path, tmp_path: Path) -> None:
    train(corpus, tmp_path / "run", "--model.encoder.layers=2")
    snapshots, logged = Run(tmp_path / "run").snapshots(), scalars(tmp_path / "run")
    layers = [*(f"encoder.{number}.{way}" for number in (1, 2) for way in ("forward", "backward")), "decoder.1"]
    assert [snapshot.epoch for snapshot in snapshots] == [1, 2]
    for index, snapshot in enumerate(snapshots):
        assert [layer.layer for layer in snapshot.gates] == layers
        for layer in snapshot.gates:
            assert tuple(layer.gates) == LSTM
            for name, gate in layer.gates.items():
                for field in ("mean", "saturated"):
                    update, value = logged[f"gates/{layer.layer}/{name}.{field}"][index]
                    assert (update, value) == (snapshot.update, pytest.approx(getattr(gate, field)))
        for layer, norm in snapshot.gradients.items():
            assert norm > 0
            assert logged[f"gradients/{layer}"][index] == (snapshot.update, pytest.approx(norm))
        assert [sample.row for sample in snapshot.samples] == [0, 1, 2]
    assert all(seconds < 30 for _, seconds in logged["show_training_seconds"])
    page = (tmp_path / "run" / "training.html").read_text(encoding="utf-8")
    for text in ("Loss", "BLEU", "epoch 1", snapshots[0].samples[0].source, "encoder.2.backward", "Gradient norm"):
        assert text in page


def test_the_norms_are_of_the_last_updates_clipped_gradients(corpus: Path, tmp_path: Path) -> None:
    train(corpus, tmp_path / "run", "--trainer.gradient_clip_val=0.01", "--trainer.log_every_n_steps=1")
    before_clipping = dict(scalars(tmp_path / "run")["gradient_norm"])
    for snapshot in Run(tmp_path / "run").snapshots():
        whole = sum(norm**2 for norm in snapshot.gradients.values()) ** 0.5
        assert whole == pytest.approx(0.01, rel=1e-3)
        assert before_clipping[snapshot.update - 1] > 0.01  # Lightning counts updates from 0


@pytest.mark.parametrize(
    "options",
    [
        ("--trainer.max_epochs=2", "--model.encoder.layers=2"),
        ("--trainer.val_check_interval=2", "--training.ema_decay=0.9", "--trainer.max_epochs=1"),
        ("--training.scheduled_sampling=0.5", "--trainer.accumulate_grad_batches=2", "--trainer.max_epochs=2"),
    ],
)
def test_showing_does_not_change_the_training(
    options: Sequence[str], corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(corpus, tmp_path / "shown", *options)
    make = callbacks.make_callbacks

    def make_without(*arguments: Any) -> list[Callback]:
        return [callback for callback in make(*arguments) if not isinstance(callback, ShowTraining)]

    monkeypatch.setattr("seq2seq.training.trainer.make_callbacks", make_without)
    train(corpus, tmp_path / "hidden", *options)
    assert not (tmp_path / "hidden" / "snapshots.jsonl").exists()
    shown, hidden = (
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True) for name in ("shown", "hidden")
    )
    assert shown.keys() == hidden.keys()
    assert [name for name in shown if not is_equal(shown[name], hidden[name])] == []
    weights, metrics = (
        [(tmp_path / name / file).read_text("latin-1").split("\n") for name in ("shown", "hidden")]
        for file in ("model.safetensors", "metrics.csv")
    )
    assert weights[0] == weights[1]
    without_speed = [[line.rpartition(",")[0] for line in lines] for lines in metrics]
    assert without_speed[0] == without_speed[1]


def test_the_gates_are_those_of_the_weights_that_are_validated(corpus: Path, tmp_path: Path) -> None:
    """With averaging, these are the averaged weights, which are saved."""
    samples = []

    def keep(module: Any) -> Any:
        samples.append(choose_sample(module))
        return samples[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seq2seq.training.show_training.choose_sample", keep)
        train(corpus, tmp_path / "run", "--training.ema_decay=0.9", "--trainer.max_epochs=1")
    [sample] = samples
    run = Run(tmp_path / "run")
    assert gate_statistics(run.load_translator().model, sample) == run.snapshots()[0].gates


def test_an_rnn_without_sentences_is_shown(corpus: Path, tmp_path: Path) -> None:
    cells = ("--model.encoder.cell=rnn", "--model.decoder.cell=rnn")
    train(corpus, tmp_path / "run", *cells, "--training.shown_translations=0", "--trainer.max_epochs=1")
    page = (tmp_path / "run" / "training.html").read_text(encoding="utf-8")
    assert "Loss" in page
    assert "Gradient norm" in page
    assert "Gates" not in page
    assert "Translations" not in page


def test_long_texts_and_many_sentences_are_cut(corpus: Path, tmp_path: Path) -> None:
    train(corpus, tmp_path / "run", "--training.shown_translations=12", "--trainer.max_epochs=1")
    assert len(Run(tmp_path / "run").snapshots()[0].samples) == MOST_SENTENCES
    assert cut("a" * MOST_CHARACTERS) == "a" * MOST_CHARACTERS
    assert cut("a" * 1000) == "a" * (MOST_CHARACTERS - 1) + "…"


def test_a_stream_is_numbered_by_its_updates(corpus: Path, tmp_path: Path) -> None:
    stream = ("--corpus.streaming=true", "--trainer.max_steps=6", "--trainer.max_epochs=-1")
    train(corpus, tmp_path / "run", *stream, "--trainer.val_check_interval=3")
    page = (tmp_path / "run" / "training.html").read_text(encoding="utf-8")
    assert "Translations by update" in page


def test_a_run_without_snapshots_goes_on_and_is_shown(corpus: Path, tmp_path: Path) -> None:
    """Runs of earlier versions have none."""
    train(corpus, tmp_path / "run", "--trainer.max_epochs=1")
    run = Run(tmp_path / "run")
    for path in (run.snapshots_path, run.training_page_path):
        path.unlink()
    train(corpus, run.folder, "--trainer.max_epochs=1")  # finished: only the page is written
    assert "Loss" in run.training_page_path.read_text(encoding="utf-8")
    train(corpus, run.folder, "--trainer.max_epochs=2")
    assert [snapshot.epoch for snapshot in run.snapshots()] == [2]


def test_a_copy_of_a_run_has_the_same_page(corpus: Path, tmp_path: Path) -> None:
    train(corpus, tmp_path / "run", "--trainer.max_epochs=1")
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    train(corpus, tmp_path / "copy", "--trainer.max_epochs=1")
    pages = [(tmp_path / name / "training.html").read_bytes() for name in ("run", "copy")]
    assert pages[0] == pages[1]


def test_a_language_without_spaces_is_shown(tmp_path: Path) -> None:
    write_toy_corpus(tmp_path, train=60, validation=6, test=4)
    train(tmp_path, tmp_path / "run", "--corpus.source=en", "--corpus.target=zh", "--trainer.max_epochs=1")
    assert 'dir="auto" lang="zh"' in (tmp_path / "run" / "training.html").read_text(encoding="utf-8")


def test_only_the_first_process_writes_and_no_process_waits(corpus: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(RECIPE.replace("CORPUS", str(corpus)), encoding="utf-8")
    options = ("--trainer.devices=2", "--trainer.strategy=ddp", "--corpus.test=", "--run", str(tmp_path / "run"))
    command = [sys.executable, "-m", "seq2seq", "train", str(recipe), *options]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=100, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert ended.returncode == 0, ended.stderr
    assert [snapshot.epoch for snapshot in Run(tmp_path / "run").snapshots()] == [1, 2]
    assert [update for update, _ in scalars(tmp_path / "run")["show_training_seconds"]] == [9, 18]

"""The best epoch: chosen by a named score, ties by validation loss; and what follows from it in trainings."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_training import RECIPE
from toy_languages import write_toy_corpus

from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.best_validation import BestValidation, ValidationScores
from seq2seq.training.train import train

nan = float("nan")


@pytest.mark.parametrize(
    ("by", "rows", "best"),
    [
        ("bleu", [(3.0, 1.0), (2.0, 5.0), (1.0, 4.0)], 2),
        ("bleu", [(3.0, 0.0), (2.0, 0.0), (2.5, 0.0)], 2),  # ties: the lower loss
        ("bleu", [(3.0, 7.0), (3.0, 7.0)], 1),  # all equal: the earlier one
        ("bleu", [(nan, 0.0), (9.0, 0.0), (nan, 0.0)], 2),
        ("loss", [(3.0, 9.0), (2.0, 0.0), (2.0, 5.0)], 2),
        ("loss", [(nan, 9.0), (nan, 9.0)], 1),
        ("chrf", [(1.0, 9.0), (2.0, 8.0)], 1),
    ],
)
def test_the_best_is_chosen_by_score_then_loss_then_order(by: Any, rows: list[tuple[float, float]], best: int) -> None:
    chooser = BestValidation(by)
    for update, (loss, score) in enumerate(rows, start=1):
        scores = ValidationScores(loss, bleu=0.0, chrf=score) if by == "chrf" else ValidationScores(loss, score)
        before = chooser.improvements
        chooser.add(scores, update)
        assert (chooser.improvements > before) == (chooser.update == update)
    assert chooser.update == best


def test_a_restored_choice_goes_on_as_before() -> None:
    chooser, restored = BestValidation("bleu"), BestValidation("bleu")
    chooser.add(ValidationScores(1.0, 8.0), 10)
    restored.restore(chooser.state())
    restored.add(ValidationScores(0.5, 7.0), 20)
    assert (restored.update, restored.improvements) == (10, 1)
    restored.restore({"best_bleu": 8.0, "halvings": 0})  # the checkpoint of an earlier version
    restored.add(ValidationScores(0.5, 7.0), 20)
    assert restored.update == 0
    restored.add(ValidationScores(0.5, 8.5), 30)
    assert restored.update == 30


def train_toy(tmp_path: Path, *overrides: str) -> Run:
    corpus = write_toy_corpus(tmp_path, train=60, validation=8, test=4)
    path = tmp_path / "toy.yaml"
    path.write_text(RECIPE.replace("CORPUS", f"{corpus}, source: en, target: zh"), encoding="utf-8")
    run = Run(tmp_path / "run")
    train(Recipe.load(path, overrides), run)
    return run


def kept_update(run: Run) -> int:
    """Return the number of updates of the weights that were kept."""
    update: int = torch.load(run.last_checkpoint, weights_only=True)["plateau"]["update"]
    return update


def test_chinese_has_scores_and_its_best_weights_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = train_toy(tmp_path, "--trainer.max_epochs=6", "--training.batch_tokens=150", "--evaluation.best=chrf")
    rows = run.metrics()
    assert all(row.validation_chrf is not None for row in rows)
    best = max(rows, key=lambda row: (row.validation_chrf or 0, -row.validation_loss))
    assert kept_update(run) == best.update > rows[0].update
    evaluation = run.load_evaluation("test", "beam 2")
    assert evaluation is not None
    assert (evaluation.tokenizer, "|tok:zh|" in evaluation.scores.bleu.signature) == ("zh", True)
    errors = capsys.readouterr().err
    assert "BLEU: sacreBLEU's tokenizer zh (guessed from corpus.target zh)" in errors
    assert "left out: none" in errors
    assert ", chrF " in errors


def test_a_bleu_of_zero_keeps_the_lowest_loss_and_warns_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--evaluation.tokenizer=13a", "--training.patience=1", "--trainer.max_epochs=4", "--corpus.test=")
    run = train_toy(tmp_path, *options)
    rows = run.metrics()
    assert [row.validation_bleu for row in rows] == [0.0] * 4  # a lower loss is an improvement: patience goes on
    assert kept_update(run) == min(rows, key=lambda row: row.validation_loss).update == rows[-1].update
    assert (run.folder / "metrics.csv").read_text("utf-8").splitlines()[0].endswith(",tokens_per_second")
    errors = capsys.readouterr().err
    assert errors.count("warning: BLEU is 0.00 in 3 validations in a row") == 1
    assert "evaluation.tokenizer (zh, char, ja-mecab)" in errors


def test_epochs_without_a_validation_keep_what_was_validated(tmp_path: Path) -> None:
    run = train_toy(tmp_path, "--trainer.max_epochs=3", "--trainer.check_val_every_n_epoch=2", "--corpus.test=")
    second, last = run.metrics()  # the last epoch is always validated
    assert (second.epoch, last.epoch) == (2, 3)
    assert kept_update(run) in (second.update, last.update)


def test_a_run_that_was_moved_keeps_its_best_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = train_toy(tmp_path, "--trainer.max_epochs=2", "--corpus.test=")
    kept, weights = kept_update(run), run.weights_path.read_bytes()
    moved = Run(run.folder.rename(tmp_path / "moved"))
    monkeypatch.setattr(
        "seq2seq.training.module.bleu", lambda *_, **__: type("Worse", (), {"value": -1.0})
    )  # every later epoch is worse
    recipe = Recipe.load(moved.recipe_path, ["--trainer.max_epochs", "3"])
    train(recipe, moved, resume=True)
    assert len(moved.metrics()) == 3
    assert (kept_update(moved), moved.weights_path.read_bytes()) == (kept, weights)

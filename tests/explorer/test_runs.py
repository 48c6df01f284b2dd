"""What the page says of a run, and how it follows one that is still being trained."""

import shutil
from pathlib import Path

import pytest
import torch

from seq2seq.explorer.runs import ShownRun
from seq2seq.run import Run
from seq2seq.run_metrics import EpochMetrics
from seq2seq.translation.translator import Translator


@pytest.fixture
def run(untrained_run: Path, tmp_path: Path) -> Run:
    return Run(Path(shutil.copytree(untrained_run, tmp_path / "run")))


def metrics(epoch: float, bleu: float, loss: float = 2.0) -> EpochMetrics:
    return EpochMetrics(epoch, 10 * epoch, 2.0, loss, bleu, 0.001, 100.0)


def test_the_epoch_is_that_of_the_best_validation(run: Run) -> None:
    shown = ShownRun("run", run, "cpu")
    assert (shown.summary().epoch, shown.summary().finished) == (None, False)
    for row in metrics(1, 10.0), metrics(2, 30.0), metrics(2.5, 30.0, loss=1.5), metrics(3, 20.0):
        run.add_metrics(row)
    assert shown.summary().epoch == 2.5
    run.metrics_path.write_text("epoch\nnonsense\n")
    assert shown.summary().epoch is None


def test_new_weights_are_loaded_when_the_training_saves_them(run: Run, translator: Translator) -> None:
    shown = ShownRun("run", run, "cpu")
    before = shown.translator()
    assert shown.translator() is before
    model = run.load_translator().model
    with torch.no_grad():
        model.decoder.embedding.weight += 1
    run.save_weights(model)
    after = shown.translator()
    assert after is not before
    assert torch.equal(after.model.decoder.embedding.weight, model.decoder.embedding.weight)
    run.weights_path.unlink()
    assert shown.translator() is after

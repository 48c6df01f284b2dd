"""Measure how much of an epoch of the quickstart a training needs to show itself."""

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.train import train

QUICKSTART = Path(__file__).parents[2] / "recipes" / "quickstart.yaml"
LARGEST_SHARE = 0.02


@pytest.mark.timeout(3600)
def test_showing_takes_less_than_two_percent_of_an_epoch(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    recipe = Recipe.load(
        QUICKSTART, ["--trainer.max_epochs=1", "--trainer.enable_progress_bar=false", "--corpus.test="]
    )
    run = Run(tmp_path / "run")
    benchmark.pedantic(train, (recipe, run), rounds=1)
    events = EventAccumulator(str(run.folder / "tensorboard"))
    events.Reload()
    [event] = events.Scalars("show_training_seconds")
    seconds = run.provenance().training_seconds
    assert seconds is not None
    benchmark.extra_info["seconds"] = round(event.value, 3)
    benchmark.extra_info["share_of_epoch"] = f"{event.value / seconds:.2%}"
    assert event.value < LARGEST_SHARE * seconds

"""A resumed run keeps what it was trained with before."""

from dataclasses import replace
from pathlib import Path

from seq2seq.provenance import Provenance
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.text.corpus import CorpusOptions
from seq2seq.training.resuming import earlier_values


def test_earlier_values_are_kept(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    recipe = Recipe(CorpusOptions("x"), trainer={"max_epochs": 2, "val_check_interval": 5})
    run.save_recipe(recipe)
    run.save_provenance(Provenance(versions={"torch": "1"}, earlier={"versions.torch": ["0"]}))
    changed = replace(recipe, trainer={"max_epochs": 3, "val_check_interval": 5})
    assert earlier_values(run, changed, {"torch": "2"}) == {
        "trainer.max_epochs": [2],
        "versions.torch": ["0", "1"],
    }

"""Every cell, direction and attention trains, with averaged weights too, and resumes exactly."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from tiny_training import RECIPE, write_corpus

from seq2seq.comparison.variants import as_options
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.train import train as train_recipe

FAMILY = Recipe.load(Path(__file__).parents[2] / "recipes" / "recurrent-family.yaml").comparison
OTHERS: dict[str, Mapping[str, object]] = {
    "luong": {
        "model.decoder.context": "LuongAttention",
        "model.encoder.bidirectional": False,
        "model.encoder.reversed": True,
        "training.ema_decay": 0.9,
    },
    "multi-head": {
        "model.decoder.context": {"class_path": "MultiHeadAttention", "init_args": {"heads": 2, "size": 8}},
        "model.encoder.cell": {"class_path": "gru", "init_args": {"layer_norm": True}},
        "model.decoder.cell": {"class_path": "peephole_lstm", "init_args": {"layer_norm": True}},
    },
    "deep": {
        "model.encoder.layers": 3,
        "model.encoder.residual": True,
        "model.decoder.layers": 2,
        "model.decoder.residual": True,
        "model.decoder.cell": "rnn",
        "model.decoder.context": {"class_path": "LuongAttention", "init_args": {"score": "dot"}},
        "training.scheduled_sampling": 0.3,
        "model.decoder.state_dropout": 0.2,
    },
}


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipe")
    corpus = write_corpus(folder, train=30, validation=4, test=4)
    path = folder / "tiny.yaml"
    path.write_text(RECIPE.replace("CORPUS", str(corpus)), encoding="utf-8")
    return path


@pytest.mark.parametrize("keys", FAMILY.values(), ids=FAMILY)
def test_every_variant_of_the_family_trains(recipe_file: Path, tmp_path: Path, keys: Mapping[str, object]) -> None:
    recipe = Recipe.load(recipe_file, [*as_options(keys), "--trainer.max_epochs=1"])
    assert len(train_recipe(recipe, Run(tmp_path / "run"), False, False)[0].hypotheses) == 4


@pytest.mark.parametrize("keys", OTHERS.values(), ids=OTHERS)
def test_a_resumed_run_is_the_run_that_never_stopped(
    recipe_file: Path, tmp_path: Path, keys: Mapping[str, object]
) -> None:
    options = [*as_options(keys), "--corpus.test", ""]
    once, twice = (Recipe.load(recipe_file, [*options, f"--trainer.max_epochs={epochs}"]) for epochs in (1, 2))
    train_recipe(twice, Run(tmp_path / "whole"), False, False)
    train_recipe(once, Run(tmp_path / "halves"), False, False)
    train_recipe(twice, Run(tmp_path / "halves"), True, False)
    whole, halves = (Run(tmp_path / name).load_translator().model.state_dict() for name in ("whole", "halves"))
    for name, value in whole.items():
        assert torch.equal(halves[name], value), name

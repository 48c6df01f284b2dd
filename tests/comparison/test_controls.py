"""Controls: a difference is refused by its name unless it was allowed; the compared part may differ."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from seq2seq.comparison.controls import (
    CONTROLS,
    Scope,
    check_equal,
    check_runs,
    checked_keys,
    control_keys,
    model_values,
    provenance_values,
    recipe_values,
    same_seed_values,
    unchecked_keys,
)
from seq2seq.comparison.finished_runs import FinishedRun
from seq2seq.errors import UserError
from seq2seq.provenance import Provenance, SplitFingerprint
from seq2seq.recipe import Recipe
from seq2seq.run_metrics import EpochMetrics
from seq2seq.text.corpus import CorpusOptions


def test_a_difference_is_refused_with_its_name_its_values_and_how_to_allow_it() -> None:
    with pytest.raises(UserError, match=r"versions\.torch .* a has '1', b has '2'.*--allow-difference versions\.torch"):
        check_equal({"a": {"versions.torch": "1", "x": 0}, "b": {"versions.torch": "2", "x": 0}}, [])


@pytest.mark.parametrize("allowed", ["versions.torch", "versions"])
def test_an_allowed_difference_is_returned_and_others_are_refused(allowed: str) -> None:
    sides = {"a": {"versions.torch": "1"}, "b": {"versions.torch": "2"}}
    assert check_equal(sides, [allowed]) == {"versions.torch": {"a": "1", "b": "2"}}
    with pytest.raises(UserError, match="versions2"):
        check_equal({"a": {"versions2": 1}, "b": {"versions2": 2}}, [allowed])
    assert check_equal({"a": {"x": 1}, "b": {"x": 1}}, [allowed]) == {}


def test_models_seeds_and_the_list_of_variants_may_differ() -> None:
    recipe = Recipe(CorpusOptions("x"))
    other = replace(recipe, seed=7, comparison={"y": {}}, model=replace(recipe.model, embedding=9))
    assert recipe_values(recipe) == recipe_values(other)
    sections = {"corpus", "tokenizer", "training", "search", "evaluation"}
    assert {key.partition(".")[0] for key in recipe_values(recipe)} == sections
    assert recipe_values(recipe)["search.beam_size"] == recipe.search.beam_size
    assert model_values(other)["model.embedding"] == 9


def test_the_table_has_every_section_of_a_recipe_and_names_each_value_once() -> None:
    assert set(control_keys("recipe", *Scope)) == {field.name for field in fields(Recipe)}
    assert {*control_keys("provenance", *Scope)} <= {field.name for field in fields(Provenance)}
    assert {*control_keys("metrics", *Scope)} <= {field.name for field in fields(EpochMetrics)}
    assert len({(control.key, control.source) for control in CONTROLS}) == len(CONTROLS)
    assert checked_keys()[:2] == ["corpus", "tokenizer"]
    assert not {"model", "seed", "comparison"} & set(checked_keys())


def test_trainings_share_their_text_tokenizer_and_software() -> None:
    provenance = Provenance(
        data={"train": SplitFingerprint(pairs=None, sha256="0")}, tokenizer="t", batches="b", versions={"torch": "2"}
    )
    expected = {
        **{"data.train.pairs": None, "data.train.sha256": "0", "tokenizer": "t"},
        **{"versions.torch": "2", "versions.source": None},
    }
    assert provenance_values(provenance) == expected
    resumed = replace(provenance, earlier={"versions.torch": ["1"]})
    assert provenance_values(resumed) == {**expected, "earlier.versions.torch": ["1"]}


def test_trainings_with_one_seed_are_equally_long_unless_their_rule_ends_them() -> None:
    last = EpochMetrics(3.0, 30.0, 1.0, 1.0, 1.0, 0.1, 100.0)
    provenance = Provenance(batches="b")
    assert same_seed_values(provenance, last, patience=0) == {"batches": "b", "epoch": 3.0, "update": 30.0}
    assert same_seed_values(provenance, last, patience=2) == {"batches": "b"}


RECIPE_KEYS = [
    ("corpus", "path", "elsewhere"),
    ("tokenizer", "vocab_size", 401),
    ("training", "batch_tokens", 300),
    ("training", "patience", 3),
    ("search", "beam_size", 3),
    ("search", "length_penalty", 0.5),
    ("trainer", "max_epochs", 3),
    ("trainer", "devices", 2),
]
PROVENANCE_VALUES: list[tuple[str, str | None, Any]] = [
    *(("data", "train", SplitFingerprint(1, None)), ("tokenizer", None, "0"), ("batches", None, "0")),
    *(("versions", "torch", "0"), ("versions", "source", "0"), ("earlier", "trainer.max_epochs", [1])),
]


def change_recipe(recipe: Recipe, section: str, key: str, value: Any) -> Recipe:
    """Return the recipe with another value of a key."""
    options = getattr(recipe, section)
    changed = {**options, key: value} if isinstance(options, Mapping) else replace(options, **{key: value})
    return replace(recipe, **{section: changed})


@pytest.mark.parametrize(("section", "key", "value"), RECIPE_KEYS, ids=lambda value: str(value))
def test_recipes_that_differ_in_more_than_their_models_are_refused(
    runs: list[FinishedRun], section: str, key: str, value: object
) -> None:
    odd = [
        run._replace(recipe=change_recipe(run.recipe, section, key, value)) if run.variant == "bahdanau" else run
        for run in runs
    ]
    with pytest.raises(UserError, match=rf"no fair comparison: {section}\.{key} .*--allow-difference {section}\.{key}"):
        check_runs(odd, [])
    assert check_runs(odd, [f"{section}.{key}"]).keys() == {f"{section}.{key}"}


@pytest.mark.parametrize(("name", "key", "value"), PROVENANCE_VALUES, ids=lambda value: str(value))
def test_trainings_with_other_data_or_software_are_refused(
    runs: list[FinishedRun], name: str, key: str | None, value: Any
) -> None:
    first = runs[0]
    changed = {**getattr(first.provenance, name), key: value} if key else value
    odd = first._replace(provenance=replace(first.provenance, **{name: changed}))
    with pytest.raises(UserError, match=f"no fair comparison: {name}"):
        check_runs([odd, *runs[1:]], [])
    assert check_runs([odd, *runs[1:]], [name])


def test_another_seed_may_make_more_batches_of_the_same_pairs(runs: list[FinishedRun]) -> None:
    """Pairs are sorted by length within a pool, and the seed decides which pairs a pool has."""
    last = runs[0].epochs[-1]
    longer = [*runs[0].epochs[:-1], replace(last, update=last.update + 2)]
    more = [run._replace(epochs=longer) if run.seed == 2 else run for run in runs]
    assert check_runs(more, []) == {}


@pytest.mark.parametrize("column", ["epoch", "update"])
def test_trainings_of_unequal_length_are_refused(runs: list[FinishedRun], column: str) -> None:
    epochs = [*runs[0].epochs[:-1], replace(runs[0].epochs[-1], **{column: 1.0})]
    with pytest.raises(UserError, match=f"no fair comparison: {column}"):
        check_runs([runs[0]._replace(epochs=epochs), *runs[1:]], [])


def test_unequal_seeds_are_refused(runs: list[FinishedRun]) -> None:
    fewer = [run for run in runs if run.folder.name != "bottleneck-2"]
    with pytest.raises(UserError, match=r"seeds .*bahdanau has \[1, 2\], bottleneck has \[1\]"):
        check_runs(fewer, [])
    with pytest.raises(UserError, match="every variant needs as many seeds"):
        check_runs(fewer, ["seeds"])
    with pytest.raises(UserError, match="bahdanau with seed 1 is there 2 times"):
        check_runs([*runs, runs[0]], [])
    assert check_runs(runs, []) == {}
    assert unchecked_keys(runs) == []
    others = [run._replace(seed=run.seed + 10) if run.variant == "bottleneck" else run for run in runs]
    assert check_runs(others, ["seeds"]) == {"seeds": {"bahdanau": [1, 2], "bottleneck": [11, 12]}}
    assert unchecked_keys(others) == ["batches and updates of a seed that only one run has"]

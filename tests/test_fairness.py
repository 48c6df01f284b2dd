"""The guard: what is not equal is refused by its name, unless it was allowed; what is compared may differ."""

import pytest
from examples import quick
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.errors import UserError
from seq2seq.fairness import check, differences, flat, of_recipe, of_seed, of_training

names = st.text("abc", min_size=1, max_size=3)
values = st.integers(0, 3)


@quick
@given(st.dictionaries(names, values), st.dictionaries(names, values), values)
def test_a_flat_tree_has_every_leaf_by_its_path(one: dict[str, int], other: dict[str, int], leaf: int) -> None:
    tree = {"x": {"y": one, "z": other, "empty": {}}, "w": leaf}
    expected = {f"x.y.{name}": value for name, value in one.items()}
    assert flat(tree) == expected | {f"x.z.{name}": value for name, value in other.items()} | {"w": leaf}


@quick
@given(st.dictionaries(names, values), st.dictionaries(names, values))
def test_differences_are_the_keys_that_differ(one: dict[str, int], other: dict[str, int]) -> None:
    found = differences({"a": one, "b": other})
    assert {key for key in {**one, **other} if one.get(key) != other.get(key)} == found.keys()
    assert all(sides == {"a": one.get(key), "b": other.get(key)} for key, sides in found.items())
    assert differences({"a": one, "b": one, "c": one}) == {}


def test_a_difference_is_refused_with_its_name_and_values_and_the_way_out() -> None:
    with pytest.raises(UserError, match=r"versions\.torch .* a has '1', b has '2'.*--allow-difference versions\.torch"):
        check({"a": {"versions.torch": "1", "x": 0}, "b": {"versions.torch": "2", "x": 0}}, [])


@pytest.mark.parametrize("allowed", ["versions.torch", "versions"])
def test_what_is_allowed_is_told_and_nothing_else_is(allowed: str) -> None:
    sides = {"a": {"versions.torch": "1"}, "b": {"versions.torch": "2"}}
    assert check(sides, [allowed]) == {"versions.torch": {"a": "1", "b": "2"}}
    with pytest.raises(UserError, match="versions2"):
        check({"a": {"versions2": 1}, "b": {"versions2": 2}}, [allowed])
    assert check({"a": {"x": 1}, "b": {"x": 1}}, [allowed]) == {}


def test_models_seeds_and_the_list_of_variants_are_free() -> None:
    kept = of_recipe({"model": {"x": 1}, "seed": 1, "comparison": {"y": {}}, "search": {"width": 5}, "trainer": {}})
    assert kept == {"search.width": 5}


def test_trainings_share_their_text_tokenizer_and_software() -> None:
    scores = {"data": {"train": {"sha256": "0"}}, "tokenizer": "t", "batches": "b", "versions": {"torch": "2"}}
    known = {"data.train.sha256": "0", "tokenizer": "t", "versions.torch": "2", "versions.source": None}
    assert of_training(scores) == known
    resumed = {**scores, "earlier": {"versions.torch": ["1"]}}
    assert of_training(resumed) == {**known, "earlier.versions.torch": ["1"]}


def test_trainings_of_a_seed_are_as_long_as_each_other_unless_their_rule_ends_them() -> None:
    row = {"epoch": 3.0, "update": 30.0, "validation_bleu": 1.0}
    assert of_seed({"batches": "b"}, row, patience=0) == {"batches": "b", "epoch": 3.0, "update": 30.0}
    assert of_seed({"batches": "b"}, row, patience=2) == {"batches": "b"}

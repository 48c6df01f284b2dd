"""The source fingerprint covers every source file, and a provenance is read back as it was written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.provenance import Provenance, SplitFingerprint, differences, flatten, source_fingerprint, versions

names = st.text("abc", min_size=1, max_size=3)
values = st.integers(0, 3)


@pytest.mark.parametrize("changed", ["package.py", "folder/part.py", "folder/deeper/part.py"])
def test_a_change_in_any_file_changes_the_source_fingerprint(tmp_path: Path, changed: str) -> None:
    for name in ("package.py", "folder/part.py", "folder/deeper/part.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("before\n", encoding="utf-8")
    before = source_fingerprint(tmp_path)
    assert source_fingerprint(tmp_path) == before
    (tmp_path / changed).write_text("after\n", encoding="utf-8")
    assert source_fingerprint(tmp_path) != before


def test_a_file_that_moves_changes_the_source_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("same\n", encoding="utf-8")
    before = source_fingerprint(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert source_fingerprint(tmp_path) != before


def test_versions_name_the_packages_and_our_own_source() -> None:
    recorded = versions()
    assert recorded.keys() >= {"python", "seq2seq", "torch", "lightning", "source"}
    assert len(recorded["source"]) == 16


def test_a_record_is_read_back() -> None:
    record = Provenance(
        seed=3,
        several_sentences=0.25,
        data={"train": SplitFingerprint(5, "abc"), "stream": SplitFingerprint(None, None)},
        earlier={"trainer.max_epochs": [1, 2]},
        commands=["seq2seq train x.yaml"],
        finished=False,
    )
    assert Provenance.from_dict(record.to_dict()) == record
    assert Provenance.from_dict({"scores": {}, "seed": 1}) == Provenance(seed=1)  # an older run's file


@pytest.mark.parametrize("value", ["0.1", -0.1, 1.5, [0.1], float("nan")])
def test_a_share_that_is_none_is_an_error(value: object) -> None:
    with pytest.raises(ValueError, match="several_sentences"):
        Provenance.from_dict({"several_sentences": value})


def test_flatten_and_differences() -> None:
    assert flatten({"a": {"b": 1, "c": {"d": 2}}, "e": {}, "f": None}) == {"a.b": 1, "a.c.d": 2, "f": None}
    sides = {"one": {"x": 1, "y": 2}, "two": {"x": 1, "y": 3, "z": None}}
    assert differences(sides) == {"y": {"one": 2, "two": 3}}


@quick
@given(st.dictionaries(names, values), st.dictionaries(names, values), values)
def test_a_flat_mapping_has_every_leaf_by_its_path(one: dict[str, int], other: dict[str, int], leaf: int) -> None:
    tree = {"x": {"y": one, "z": other, "empty": {}}, "w": leaf}
    expected = {f"x.y.{name}": value for name, value in one.items()}
    assert flatten(tree) == expected | {f"x.z.{name}": value for name, value in other.items()} | {"w": leaf}


@quick
@given(st.dictionaries(names, values), st.dictionaries(names, values))
def test_differences_are_the_keys_that_differ(one: dict[str, int], other: dict[str, int]) -> None:
    different = differences({"a": one, "b": other})
    assert {key for key in {**one, **other} if one.get(key) != other.get(key)} == different.keys()
    assert all(sides == {"a": one.get(key), "b": other.get(key)} for key, sides in different.items())
    assert differences({"a": one, "b": one, "c": one}) == {}

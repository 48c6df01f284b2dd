"""`trainer` and `comparison` hold plain values: from a file, and for the trainer from the command line."""

from pathlib import Path
from typing import Any

import pytest

from seq2seq.errors import UserError
from seq2seq.plain_sections import section_paths, take_plain_sections
from seq2seq.recipe import Recipe


def take(*overrides: str, **mapping: Any) -> tuple[dict[str, Any], list[str]]:
    return take_plain_sections(Recipe, mapping, overrides)


def test_overrides_are_set_in_their_section_and_others_are_left() -> None:
    words = ["--seed", "3", "--trainer.max_epochs", "7", "--trainer.precision=bf16-mixed", "--search.beam_size=2"]
    sections, others = take(*words, trainer={"max_epochs": 2, "devices": 1}, seed=1)
    assert sections == {"trainer": {"max_epochs": 7, "devices": 1, "precision": "bf16-mixed"}}
    assert others == ["--seed", "3", "--search.beam_size=2"]
    assert take("--trainer", "{max_epochs: 1}", trainer={"devices": 1})[0] == {"trainer": {"max_epochs": 1}}
    assert take() == ({}, [])


def test_values_have_the_types_of_yaml_and_scientific_numbers_are_numbers() -> None:
    sections, _ = take("--trainer.a", "1e-3", "--trainer.b=true", "--trainer.c", "[1, 2E5]", trainer={"d": "1.5e+2"})
    assert sections["trainer"] == {"a": 0.001, "b": True, "c": [1, 200000.0], "d": 150.0}
    assert take("--trainer.max_time", '"00:01:00:00"')[0] == {"trainer": {"max_time": "00:01:00:00"}}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--trainer.max_epochs"], "--trainer.max_epochs: give it a value"),
        (["--trainer.max_epochs="], "--trainer.max_epochs: give it a value"),
        (["--trainer.a.b", "1"], "--trainer.a.b: set the whole value: --trainer.a "),
        (["--trainer.a", "{"], "--trainer.a: not YAML"),
        (["--trainer", "3"], "trainer is a section: give it keys"),
    ],
)
def test_mistakes_are_named(words: list[str], problem: str) -> None:
    with pytest.raises(UserError) as caught:
        take(*words)
    assert str(caught.value).startswith(problem)


def test_the_original_sections_stay_as_they_were(tmp_path: Path) -> None:
    before = {"trainer": {"max_epochs": 2}}
    take("--trainer.max_epochs=9", **before)
    assert before == {"trainer": {"max_epochs": 2}}


def test_sections_are_found_at_every_depth() -> None:
    assert {"corpus", "model", "model.encoder", "model.decoder", "training"} <= set(section_paths(Recipe))
    assert "model.decoder.context" not in section_paths(Recipe)

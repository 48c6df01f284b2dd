"""YAML from somebody else ends in one line that names the file: it executes nothing, and never explodes."""

import os
import time
from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.yaml_files import MOST_DEPTH, read_yaml

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{row}: &a{row} [{', '.join([f'*a{row - 1}'] * 9)}]\n" for row in range(1, 30)
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recipe.yaml"


def read(path: Path, text: str) -> object:
    path.write_text(text, encoding="utf-8")
    return read_yaml(path)


def test_values_are_read(path: Path) -> None:
    text = "a: {b: [1, 2.5, true, null]}\nbase: &base {x: 1, y: 2}\nmerged: {<<: *base, y: 3}\nagain: *base\n"
    assert read(path, text) == {
        "a": {"b": [1, 2.5, True, None]},
        "base": {"x": 1, "y": 2},
        "merged": {"x": 1, "y": 3},
        "again": {"x": 1, "y": 2},
    }
    assert read(path, "") is None
    depth = MOST_DEPTH - 1
    assert read(path, "[" * depth + "]" * depth)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (LAUGHS, "not YAML: more than 10000 values"),
        ("a: &a [*a]", r"\*a is inside of what it stands for"),
        ("a: &a {b: {c: *a}}", r"\*a is inside of what it stands for"),
        ("a: *missing", "undefined alias 'missing'"),
        ("a: " + "[" * 5000, "collections inside each other"),
        ("a: " + "[" * 500_000, "collections inside each other"),
        ("\n".join(" " * depth + f"k{depth}:" for depth in range(500)), "collections inside each other"),
        ("- " * 5000 + "x", "collections inside each other"),
        ("a: [" + "1, " * 20_000 + "]", "more than 10000 values"),
        ("a: 1\nb: 2\na: 3", "the key a is there twice, line 3"),
        ("a: {b: 1, b: 1}", "the key b is there twice, line 1"),
        ("a: " + "9" * 5000, "more than 3000 characters"),
        ("a: 0x" + "f" * 5000, "more than 3000 characters"),
        ("a: 2020-13-45", "a value is not possible: month"),
        ('a: "\\e[31m"', "control character, line 1"),
        ('a: "\\0"', "control character"),
        ("a: !!python/object/apply:os.system [touch executed]", "the tag tag:yaml.org,2002:python/object/apply"),
        ("a: !!python/name:os.system", "the tag tag:yaml.org,2002:python/name"),
        ("a: !!int x", "the tag"),
        ("a: !!timestamp x", "the tag"),
        ("a: !!bool x", "the tag"),
        ('a: !!int ""', "the tag"),
        ("a: !mine {b: 1}", "the tag !mine"),
        ("a: 0x_", "a value is not possible"),
        ("<<: 3", "expected a mapping"),
        ("a: =", "could not determine a constructor"),
        ("? [a, b]\n: 1", "unhashable key"),
        ("a: 1\n---\nb: 2", "a single document"),
        ("x" * 2**21, "more than 1,048,576"),
    ],
)
def test_what_is_no_recipe_is_one_line(path: Path, text: str, problem: str) -> None:
    started = time.monotonic()
    with pytest.raises(UserError, match=problem) as caught:
        read(path, text)
    assert time.monotonic() - started < 5
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < len(str(path)) + 300
    assert not Path("executed").exists()


def test_what_is_no_file_is_not_opened(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(UserError, match="it is a pipe"):
        read_yaml(path)
    with pytest.raises(UserError, match="it is a folder"):
        read_yaml(path.parent)

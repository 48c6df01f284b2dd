"""The house: a room imports only from floors below its own, and what is slow to import is imported late."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import seq2seq

FLOORS = (
    "vocabulary errors cells software",
    "files tensors embedding cross_entropy",
    "context picking tokenizer batch corpus",
    "encoder decoder search alignment",
    "reading model metrics",
    "data",
    "translator learning precision significance",
    "recipe training figures passages fairness",
    "run commands filtering variants charts",
    "evaluation fitting interactive report",
    "experiment trainings",
    "scoring",
    "findings",
    "writing",
    "comparison arguments",
    "cli",
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms.split()}
PACKAGE = Path(seq2seq.__file__).parent
ROOMS = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
each_room = pytest.mark.parametrize("room", ROOMS)


def imports(room: str) -> Iterator[str]:
    """Every module that a room imports anywhere, also inside functions: `seq2seq.files`, `torch.nn`, …"""
    for node in ast.walk(ast.parse((PACKAGE / f"{room}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{room}: a relative import"
            assert node.module is not None
            if node.module == "seq2seq":
                yield from (f"seq2seq.{alias.name}" for alias in node.names)
            else:
                yield node.module


def test_every_room_has_one_floor() -> None:
    assert sorted(room for rooms in FLOORS for room in rooms.split()) == ROOMS


@each_room
def test_imports_point_down(room: str) -> None:
    for module in imports(room):
        package, _, other = module.partition(".")
        if package == "seq2seq" and other:
            assert FLOOR[other] < FLOOR[room], f"{room} imports {other}"


@each_room
def test_only_training_knows_lightning(room: str) -> None:
    packages = {module.partition(".")[0] for module in imports(room)}
    assert "lightning" not in packages or room in ("training", "fitting")


def test_readme_shows_every_room_above_those_that_import_from_it() -> None:
    text = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
    _, _, rows = text.partition("seq2seq/\n")
    house = [re.split(r"(?<=.) (?=[├└│])", row) for row in rows.partition("\ndata/")[0].splitlines()]
    columns = [row[side] for side in (0, 1) for row in house if side < len(row)]
    shown = re.findall(r"(\w+)\.py", "\n".join(columns))
    assert sorted(shown) == ROOMS
    for room in ROOMS:
        for module in imports(room):
            package, _, other = module.partition(".")
            if package == "seq2seq" and other:
                assert shown.index(other) < shown.index(room), f"{room} imports {other}"


def test_what_translates_starts_fast() -> None:
    program = """
import sys
for room in ("translator", "run", "cli"):
    __import__(f"seq2seq.{room}")
    print(room, *({"lightning", "datasets", "matplotlib"} & sys.modules.keys()))
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["translator", "run", "cli"]

"""The commands, options, keys, recipes and links on the pages are valid."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from own_parts import write_own_parts

from seq2seq import old_names
from seq2seq.allowed_code import allow_code
from seq2seq.cli.parser import make_parser
from seq2seq.recipe import Recipe

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKED = [*PAGES, ROOT / "CHANGELOG.md", ROOT / "tests" / "benchmarks" / "README.md"]

CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|\s)seq2seq (?P<words>(?:train|translate|evaluate|compare|inspect|explore)\b[^#<|&]*)")
LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#\s]*)(?:#(?P<heading>[^)\s]+))?\)")


def commands() -> Iterator[str]:
    """Yield what stands after `seq2seq` on each line of the pages' console blocks."""
    for page in PAGES:
        for block in CONSOLE.findall(page.read_text(encoding="utf-8")):
            yield from (match["words"].strip() for line in block.splitlines() if (match := COMMAND.search(line)))


def headings(page: Path) -> set[str]:
    """Return the names by which links find the page's headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("command", dict.fromkeys(commands()))
def test_commands_can_be_typed(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = write_own_parts(tmp_path)
    monkeypatch.chdir(tmp_path)
    arguments, keys = make_parser().parse_known_args(shlex.split(command))
    path = getattr(arguments, "recipe", None) or getattr(arguments, "paths", [None])[0]
    recipe = ROOT / (path if path and path.suffix == ".yaml" else "recipes/quickstart.yaml")
    if arguments.verb == "translate":
        assert not keys
    allow_code(arguments.allow_code)
    try:
        Recipe.load(recipe, keys)
    finally:
        for part in parts:
            sys.modules.pop(part.stem, None)


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for link in LINK.finditer(page.read_text(encoding="utf-8")):
        target = (page.parent / link["path"]) if link["path"] else page
        assert target.exists(), link.group()
        assert link["heading"] is None or link["heading"] in headings(target), link.group()


@pytest.mark.parametrize("page", ["docs/recipes.md", "CHANGELOG.md"])
def test_the_tables_of_renamed_keys_are_complete(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for old, new in {**old_names.KEYS, **old_names.OPTIONS}.items():
        assert re.search(rf"^ *\| `{re.escape(old)}`.*\| `{re.escape(new)}` \|$", text, re.MULTILINE), f"{old} → {new}"


def test_make_and_continuous_integration_run_the_same_checks() -> None:
    lines = [(ROOT / name).read_text(encoding="utf-8").splitlines() for name in ("Makefile", ".ci/run")]
    makefile, ci = ({line.strip() for line in file} for file in lines)
    assert {"ruff check .", "ruff format --check .", "mypy", "pytest"} <= makefile & ci

"""The Python code of the pages runs, their recipes can be read, and the figure can be drawn from its numbers."""

import json
import re
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from seq2seq.recipe import Recipe
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.loading import load_split_in_memory

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FIGURES = ROOT / "docs" / "figures"


def blocks(page: Path, language: str) -> Iterator[str]:
    """Yield a page's code blocks, each after as many empty lines as make the line numbers of errors right."""
    text = page.read_text(encoding="utf-8")
    for block in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield "\n" * text.count("\n", 0, block.start(1)) + block[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_code_runs(page: Path, untrained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(untrained_run, tmp_path / "runs" / "quickstart")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_recipes_can_be_read(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "yaml"):
        (tmp_path / "recipe.yaml").write_text(block, encoding="utf-8")
        Recipe.load(tmp_path / "recipe.yaml")


def test_the_overview_is_drawn_from_its_numbers(tmp_path: Path) -> None:
    runpy.run_path(str(FIGURES / "make_overview.py"))["draw"](tmp_path / "overview.svg")
    assert (tmp_path / "overview.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")


def test_readme_says_what_its_figure_shows() -> None:
    by_length = json.loads((FIGURES / "bleu-by-length.json").read_text(encoding="utf-8"))
    alignment = json.loads((FIGURES / "alignment.json").read_text(encoding="utf-8"))
    means = [by_length["variants"][name]["mean"] for name in ("bottleneck", "bahdanau")]
    assert [round(mean[place]) for mean in means for place in (0, -1)] == [61, 9, 96, 77]
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert "BLEU falls from 61 to 9; with attention, it falls from 96 to 77" in readme
    assert f"{' '.join(alignment['target'])}\t" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_files_of_the_page_about_corpora_hold_the_same_pairs(tmp_path: Path) -> None:
    names = ("tsv.tsv", "csv.csv", "jsonl.jsonl", "text.de", "text.en")
    for name, block in zip(names, blocks(ROOT / "docs" / "your-own-corpus.md", "text"), strict=True):
        (tmp_path / name).write_text(block.lstrip("\n"), encoding="utf-8")
    for split in ("tsv", "csv", "jsonl", "text"):
        rows = load_split_in_memory(CorpusOptions(str(tmp_path)), split)
        assert rows["source"][:] == ['Er ruft "nein".', '"Ja, sagt sie.'], split
        assert rows["target"][:] == ['He calls "no".', '"Yes, she says.'], split

"""Tests of the page's files: the export puts the modules into one script, and the CSP allows nothing inline."""

import re
from collections import Counter
from pathlib import Path

import pytest

import seq2seq

STATIC = Path(seq2seq.__file__).parent / "explorer" / "static"
MODULES = sorted(STATIC.glob("*.js"))
IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./(\w+\.js)";$')
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (?:\[([\w, ]+)\]|(\w+))")


def lines(module: Path) -> list[str]:
    return module.read_text(encoding="utf-8").splitlines()


def declared(module: Path) -> list[str]:
    """Return the names at the top level of a module."""
    matches = (DECLARED.match(line) for line in lines(module))
    return [name for match in matches if match for name in (match[1] or match[2]).split(", ")]


def imported(module: Path) -> list[tuple[list[str], str]]:
    """Return the names that a module imports, with the file of each import."""
    matches = (IMPORT.match(line) for line in lines(module))
    return [(match[1].split(", "), match[2]) for match in matches if match]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_imports_are_named_static_and_one_a_line(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert len(re.findall(r"\bimport\b", text)) == len(imported(module))
    assert not re.search(r"export (default|\{|\*)|^await ", text, re.MULTILINE)
    for names, file in imported(module):
        exports = re.findall(
            r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", (STATIC / file).read_text(), re.M
        )
        assert set(names) <= set(exports), file
        for name in names:
            assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{name} is imported and not used"


def test_names_are_unique_over_all_modules() -> None:
    counts = Counter(name for module in MODULES for name in declared(module))
    assert [name for name, count in counts.items() if count > 1] == []


def test_imports_have_no_cycle() -> None:
    below = {module.name: {file for _, file in imported(module)} for module in MODULES}
    while below:
        lowest = {name for name, files in below.items() if not files & below.keys()}
        assert lowest, f"a cycle among {sorted(below)}"
        below = {name: files for name, files in below.items() if name not in lowest}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_text_never_becomes_markup_or_code(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    for name in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "</script"):
        assert name not in text
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    assert not re.search(r"""["'`{ ]style["'`]?:""", text)


def test_the_page_has_no_inline_script_or_style() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) == [""]
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert "url(" not in (STATIC / "style.css").read_text(encoding="utf-8")


def test_files_stay_small() -> None:
    for module in MODULES:
        assert len(lines(module)) <= 250, module.name

"""An export holds the answers of the API, rounded, in one file that is small."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM, open_page
from explorer.conftest import Site
from explorer.unpacked import unpack

from seq2seq.errors import UserError
from seq2seq.explorer import export as exporting
from seq2seq.explorer.export import export, read_sentences
from seq2seq.explorer.rounding import rounded
from seq2seq.explorer.runs import ShownRun
from seq2seq.run import Run

TEXTS = ["der Hund sieht die Katze", "Wir lesen. Ein Buch.", "</script><script>alert(1)</script>"]


@pytest.fixture(scope="module")
def runs(untrained_run: Path, blind_run: Path) -> list[ShownRun]:
    return [ShownRun(path.name, Run(path), "cpu") for path in (untrained_run, blind_run)]


def exported(path: Path) -> dict[str, Any]:
    """Return what a page holds."""
    text = path.read_text(encoding="utf-8")
    [data] = re.findall(r'<script type="application/json" id="exported">(.*?)</script>', text, re.DOTALL)
    return unpack(json.loads(data))  # type: ignore[no-any-return]


def without_time(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "milliseconds": None}


def test_the_numbers_are_those_of_the_api(site: Site, runs: list[ShownRun], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    size = export(path, runs, TEXTS)
    assert size == path.stat().st_size
    page = exported(path)
    assert page.keys() == {"runs", "answers"}
    assert page["runs"] == json.loads(json.dumps([asdict(run.summary()) for run in runs]))
    assert [(answer["run"], answer["text"]) for answer in page["answers"]] == [
        (name, text) for text in TEXTS for name in ("untrained", "blind")
    ]
    for answer in page["answers"]:
        asked = {"run": answer["run"], "text": answer["text"], "units": list(range(8))}
        live = rounded(site.post("/api/inspect", asked).json)
        assert without_time(answer["answer"]) == json.loads(json.dumps(without_time(live)))


def test_units_are_left_out_when_the_file_would_be_too_large(
    runs: list[ShownRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {}
    for units in (0, 8):
        monkeypatch.setattr(exporting, "UNITS", units)
        sizes[units] = export(tmp_path / "page.html", runs[:1], TEXTS)
    monkeypatch.setattr(exporting, "SIZE", (sizes[0] + sizes[8]) // 2)
    size = export(tmp_path / "page.html", runs[:1], TEXTS)
    assert sizes[0] < size < exporting.SIZE
    answers = exported(tmp_path / "page.html")["answers"]
    with_units = [len(each["answer"]["sentences"][0]["gates"]["layers"][0]["gates"][0]["units"]) for each in answers]
    assert with_units[0] == 8
    assert with_units[-1] == 0


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_opens_the_file_without_an_error_or_a_request(runs: list[ShownRun], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    export(path, runs, TEXTS)
    console, addresses = open_page(path, tmp_path)
    assert console == []
    assert addresses == []


def test_a_file_is_written_completely_or_not_at_all(runs: list[ShownRun], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(UserError, match=r"'Hund Hund Hund.*: text: .*tokens; at most 200 here"):
        export(path, runs, ["der Hund", "Hund " * 300])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_sentences_are_the_lines_of_standard_input() -> None:
    assert read_sentences("\ufeffa b\r\n\n  \nä\n".encode()) == ["a b", "ä"]
    for data, complaint in (
        (b" \n", "0 sentences; give 1 to 200"),
        (b"a\n" * 201, "201 sentences"),
        (b"a\nb\xff", "line 2: not UTF-8"),
        (b"a" * (2**20 + 1), "more than 1,048,576 bytes"),
    ):
        with pytest.raises(UserError, match=complaint):
            read_sentences(data)

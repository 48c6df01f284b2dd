"""`seq2seq inspect` as its users see it: drawings, JSON, figures, and mistakes in one line."""

import json
import re
from pathlib import Path

import pytest
from command_line import check_mistake, seq2seq

from seq2seq.insight.memory_task import run_memory_task
from seq2seq.run import Run

TEXT = "der Hund sieht die Katze"


def inspect(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """Run `seq2seq inspect`, and return what it wrote to standard output."""
    status = seq2seq(monkeypatch, "inspect", *words)
    output, errors = capsys.readouterr()
    assert status == 0, errors
    return output


def test_a_sentence_shows_its_translation_its_search_and_its_gates(
    untrained_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = inspect(monkeypatch, capsys, untrained_run, TEXT, "--prefix", "the")
    translation = Run(untrained_run).load_translator().translate(TEXT, prefix="the")
    source, best, total, *rest = output.split("\n")
    assert (source, best) == (TEXT, f"→ {translation.text}")
    assert total == f"log P(translation | source) = {translation.log_probability:.2f}"
    assert any(line.startswith("step 1 (forced)") for line in rest)
    assert "encoder, layer 1, backward" in rest
    for only, absent in ("gates", "step 1"), ("search", "encoder, layer 1"):
        assert absent not in inspect(monkeypatch, capsys, untrained_run, TEXT, "--only", only)


@pytest.mark.parametrize("columns", [40, 160])
def test_drawings_fit_the_terminal(
    columns: int, untrained_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    output = inspect(monkeypatch, capsys, untrained_run, "我们读书 كلب", "--target", "we read", "--units", 1)
    assert columns / 2 < max(map(len, output.split("\n"))) <= columns


def test_json_has_the_numbers_of_a_translation(
    untrained_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "Der Hund sieht die Katze. Wir lesen ein Buch."
    record = json.loads(inspect(monkeypatch, capsys, untrained_run, text, "--json", "--beam-size", 3))
    translation = Run(untrained_run).load_translator().translate(text, beam_size=3)
    assert record["run"] == str(untrained_run)
    assert [each["search"]["finished"][0]["score"] for each in record["sentences"]] == [
        part.score for part in translation.parts
    ]
    assert [each["gates"]["text"] for each in record["sentences"]] == [part.text for part in translation.parts]


def test_figures_are_drawn(
    untrained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gates, search = tmp_path / "gates.svg", tmp_path / "search.svg"
    inspect(monkeypatch, capsys, untrained_run, TEXT, "--figure", gates, "--search-figure", search)
    assert all("<svg" in path.read_text() for path in (gates, search))


def test_a_figure_that_cannot_be_written_does_not_lose_the_output(
    untrained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    figures = ("--search-figure", tmp_path / "search.svg", "--figure", tmp_path / "file" / "gates.svg")
    assert seq2seq(monkeypatch, "inspect", untrained_run, TEXT, *figures) == 2
    output, errors = capsys.readouterr()
    assert output.startswith(TEXT)
    assert errors.splitlines()[-1].startswith(f"seq2seq: {tmp_path / 'file' / 'gates.svg'}: cannot be written")
    assert (tmp_path / "search.svg").is_file()


def test_gradients_and_memory_are_measured_on_the_runs_corpus(
    untrained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = tmp_path / "gradients.svg"
    output = inspect(monkeypatch, capsys, untrained_run, "--gradients", "--sentences", 3, "--figure", figure)
    assert "mean over 3 sentences" in output
    assert figure.is_file()
    record = json.loads(inspect(monkeypatch, capsys, untrained_run, "--gradients", "--sentences", 2, "--json"))
    assert (record["sentences"], len(record["layers"])) == (2, 3)

    monkeypatch.setattr("seq2seq.insight.probes.MOST_POSITIONS", 2)
    monkeypatch.setattr("seq2seq.insight.probes.MOST_TRAINING", 200)
    figure = tmp_path / "memory.svg"
    output = inspect(monkeypatch, capsys, untrained_run, "--memory", "--figure", figure)
    assert re.search(r"probes\s+trained\s+on\s+1\d\d\b", output)
    assert "summary (untrained)" in output
    assert figure.is_file()


def test_cells_are_trained_on_the_memory_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "seq2seq.cli.inspect.run_memory_task",
        lambda seed, progress: run_memory_task(seed, gaps=(1, 2), hidden=4, updates=2, progress=progress),
    )
    output = inspect(monkeypatch, capsys, "--cells", "--seed", 3, "--figure", tmp_path / "cells.svg")
    assert "seed 3" in output
    assert (tmp_path / "cells.svg").is_file()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "what to inspect?"),
        (("RUN",), "what to inspect?"),
        (("RUN", TEXT, "--gradients"), "--gradients needs a run and no sentence"),
        (("--memory",), "--memory needs a run and no sentence"),
        (("RUN", "--cells"), "--cells needs no run"),
        (("RUN", "--gradients", "--units", "3"), "--units is for a sentence"),
        (("RUN", TEXT, "--beside", "RUN"), "--beside is for --memory"),
        (("RUN", TEXT, "--units", "99"), "there is no unit 99"),
        (("RUN", TEXT, "--sentences", "9"), "--sentences is for --gradients"),
        (("RUN", TEXT, "--split", "test"), "--split is for --gradients and --memory"),
        (("RUN", "--memory", "--beam-size", "2"), "--beam-size is for a sentence"),
        (("RUN", TEXT, "--target", "a", "--prefix", "b"), "--target is read as it is"),
        (("RUN", TEXT, "--target", "a", "--beam-size", "2"), "--target is read as it is"),
        (("RUN", TEXT, "--target", "a", "--length-penalty", "0"), "--target is read as it is"),
        (("RUN", TEXT, "--figure", "a.svg", "--search-figure", "a.svg"), "give each a file of its own"),
        (("RUN", TEXT, "--units", "1", "--only", "search"), "--units are drawn with the gates"),
        (("RUN", TEXT, "--units", *map(str, range(27))), "--units: at most 26 can be shown"),
        (("RUN", TEXT, "--seed", "2"), "--seed is for --memory and --cells"),
        (("RUN", "--memory", "--beside", "RUN"), "the same run is given twice"),
        (("RUN", TEXT, "--beam-size", "51"), "a beam of 51 is too large to show"),
        (("RUN", TEXT, "--corpus.path", "x"), "--corpus.path is for --gradients and --memory"),
        (("RUN", TEXT, "--figure", "gates.gif"), "gates.gif: figures end in"),
        (("RUN", "--memory", "--seed", "-1"), "seed: must be from 0"),
        (("RUN", "--gradients", "--search.beam_size", "3"), "accepts only --corpus"),
        (("RUN", "--gradients", "--split", "dev"), "dev"),
        (("RUN", "--gradients", "--sentences", "0"), "--sentences 0: must be at least 1"),
        (("nothing", TEXT), "nothing: no run there"),
    ],
)
def test_a_mistake_is_one_line_on_stderr(
    words: tuple[str, ...],
    complaint: str,
    untrained_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = (str(untrained_run) if word == "RUN" else word for word in words)
    check_mistake(capsys, monkeypatch, complaint, "inspect", *given)

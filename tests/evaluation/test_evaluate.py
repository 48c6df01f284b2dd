"""A split and files with the same text have the same scores, and lines are translated in parts or whole."""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from seq2seq.errors import UserError
from seq2seq.evaluation import evaluate as module
from seq2seq.evaluation.evaluate import Evaluation, EvaluationSet, evaluate, format_scores, translate_all
from seq2seq.evaluation.metrics import Score, Scores
from seq2seq.search.options import SearchOptions
from seq2seq.text.corpus import CorpusOptions
from seq2seq.translation.translator import Translator

GREEDY = SearchOptions(beam_size=1, max_length=12)
SOURCES = ["der Hund", "Die Katze schläft. Wir lesen ein Buch.", "Tom &amp; Anna", "ma\u0308dchen\u00ad  x"]
REFERENCES = ["the dog", "The cat sleeps. We read a book.", "Tom &amp; Anna", "\u200bgi\u0308rl  x"]


def as_split(folder: Path) -> EvaluationSet:
    rows = [{"de": de, "en": en} for de, en in zip(SOURCES, REFERENCES, strict=True)]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return EvaluationSet.from_split(CorpusOptions(str(folder)), "test")


def as_files(folder: Path) -> EvaluationSet:
    for name, lines in (("my.de", SOURCES), ("my.en", REFERENCES)):
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return EvaluationSet.from_files(folder / "my.de", folder / "my.en")


def test_a_split_and_files_with_the_same_text_have_the_same_scores(translator: Translator, tmp_path: Path) -> None:
    split, files = as_split(tmp_path), as_files(tmp_path)
    assert split.fingerprint() == files.fingerprint()
    by_split, by_files = (evaluate(translator, pairs, GREEDY) for pairs in (split, files))
    assert by_split.scores == by_files.scores
    assert by_split.hypotheses == by_files.hypotheses


def test_references_are_scored_as_they_are_on_disk(tmp_path: Path) -> None:
    assert as_split(tmp_path).references == as_files(tmp_path).references == REFERENCES


def test_lines_are_translated_in_parts_or_whole(translator: Translator, tmp_path: Path) -> None:
    pairs = as_split(tmp_path)
    parts, whole = evaluate(translator, pairs, GREEDY), evaluate(translator, pairs, GREEDY, lines="whole")
    assert (parts.cut_lines, whole.cut_lines) == (1, 0)
    assert parts.hypotheses == [best.text for [best] in translator.n_best(SOURCES, GREEDY)]
    assert whole.hypotheses == [best.text for [best] in translator.sentences.translate(SOURCES, GREEDY)]
    assert parts.hypotheses[1] != whole.hypotheses[1]
    assert format_scores([parts, parts]).count("1 line has several sentences or is too long") == 1
    assert "several" not in format_scores([whole])


def test_an_empty_set_is_an_error(translator: Translator) -> None:
    with pytest.raises(UserError, match="no sentences"):
        evaluate(translator, EvaluationSet("mine", [], []), GREEDY)


def test_scores_name_their_set_as_text() -> None:
    score = Score("BLEU", 1.0, "x")
    evaluation = Evaluation("a\x1b[2J\n", "greedy", GREEDY, Scores(score, score, score), "", 1.0, ["b"])
    assert format_scores([evaluation]).split("\n")[0] == "a�[2J�, greedy: 1 sentences, 1.0/s"


def test_a_progress_label_is_no_markup(translator: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    original = module.track

    def shown(chunks: Iterable[Any], label: str, **options: Any) -> Iterable[Any]:
        return original(chunks, label, **{**options, "transient": False})

    monkeypatch.setattr(module, "track", shown)
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    translate_all(translator, ["wir"], GREEDY, "[red]te[/red]st\x1b[2J", "parts")
    assert "[red]te[/red]st�[2J" in terminal.getvalue()


@pytest.mark.parametrize("name", ["../../outside", "/etc/passwd", "a/b", "..", ".hidden", "a\x1b[31m"])
def test_a_sets_name_stays_in_the_run(name: str) -> None:
    with pytest.raises(UserError, match="choose another name"):
        EvaluationSet(name, [], [])
    with pytest.raises(UserError, match=r"^split .*choose another name"):
        EvaluationSet.from_split(CorpusOptions("anywhere"), name)


def test_files_give_their_name(tmp_path: Path) -> None:
    for name in ("mine.de", ".hidden.de", "esc\x1b.de"):
        (tmp_path / name).write_text("ein Hund\n", encoding="utf-8")
    assert EvaluationSet.from_files(tmp_path / "mine.de", tmp_path / "mine.de").name == "mine.de"
    for name in (".hidden.de", "esc\x1b.de"):
        with pytest.raises(UserError, match="choose another name"):
            EvaluationSet.from_files(tmp_path / name, tmp_path / name)

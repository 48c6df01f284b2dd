"""Several references: columns of tables, and files beside text files."""

import json
from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.evaluation.evaluate import EvaluationSet
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.references import load_references

ROWS = [
    {"de": "Guten Tag.", "en": "Good day.", "ref0": "Good day.", "ref1": "Hello."},
    {"de": "Danke.", "en": "Thanks.", "ref0": "Thank you.", "ref1": None},
]


def write_rows(folder: Path, rows: list[dict[str, str | None]]) -> CorpusOptions:
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return CorpusOptions(str(folder))


def test_columns_are_references_and_a_missing_one_is_no_reference(tmp_path: Path) -> None:
    corpus = write_rows(tmp_path, ROWS)
    assert load_references(corpus, "test") == {0: ["Good day.", "Thank you."], 1: ["Hello.", None]}
    pairs = EvaluationSet.from_split(corpus, "test")
    assert pairs.references == ["Good day.", "Thank you."]
    assert pairs.more_references == [["Hello.", None]]


def test_the_target_stands_for_the_first_reference(tmp_path: Path) -> None:
    rows = [{key: value for key, value in row.items() if key != "ref0"} for row in ROWS]
    pairs = EvaluationSet.from_split(write_rows(tmp_path, rows), "test")
    assert pairs.references == ["Good day.", "Thanks."]
    assert pairs.more_references == [["Hello.", None]]


def test_files_are_references_too(tmp_path: Path) -> None:
    texts = {
        "test.de": "Ja.\nNein.\n",
        "test.en": "Yes.\nNo.\n",
        "test.ref0.en": "Yes!\nNo!\n",
        "test.ref1.en": "Yeah.\n\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    corpus = CorpusOptions(str(tmp_path))
    pairs = EvaluationSet.from_split(corpus, "test")
    assert (pairs.references, pairs.more_references) == (["Yes!", "No!"], [["Yeah.", None]])
    (tmp_path / "test.ref1.en").write_text("Yeah.\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"split 'test' has 2 sentences and 1 in ref1"):
        EvaluationSet.from_split(corpus, "test")


def test_a_corpus_without_them_has_one_reference(tmp_path: Path) -> None:
    pairs = EvaluationSet.from_split(write_rows(tmp_path, [{"de": "Ja.", "en": "Yes."}]), "test")
    assert (pairs.references, pairs.more_references) == (["Yes."], ())


def test_a_reference_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text('{"de": "Ja.", "en": "Yes.", "ref0": 3}\n', encoding="utf-8")
    with pytest.raises(UserError, match="ref0 holds int in split 'test'; a reference is text"):
        EvaluationSet.from_split(CorpusOptions(str(tmp_path)), "test")

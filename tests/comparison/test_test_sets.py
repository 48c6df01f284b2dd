"""Test sets: saved translations are used only if search, text and tokenizer are the same."""

import json
import os
import shutil
from pathlib import Path

import pytest

from seq2seq.comparison.finished_runs import load_finished_run
from seq2seq.comparison.scores import length_unit
from seq2seq.comparison.test_sets import join_sentences, load_test_sets, score_run
from seq2seq.evaluation.evaluate import EvaluationSet, single_best
from seq2seq.run import Run


def test_translations_by_another_search_text_or_tokenizer_are_not_used(compared: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(compared / "bahdanau-1", tmp_path / "bahdanau-1")
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    saved = scores["scores"]["test"]["beam 2"]
    right = saved["bleu"]["value"]
    other_search = {**saved["search"], "length_penalty": 0.3}
    for stale in ({"search": other_search}, {"text": "of another test set"}, {"tokenizer": "char"}):
        scores["scores"]["test"]["beam 2"] = {**saved, **stale, "bleu": {**saved["bleu"], "value": 99.0}}
        (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
        run = load_finished_run(folder, "bahdanau")
        assert score_run(run, load_test_sets(run.corpus, [])).evaluations["test"].scores.bleu.value == right


def test_runs_that_cannot_be_written_are_scored(
    compared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(compared / "bahdanau-1", tmp_path / "bahdanau-1")
    (folder / "scores.json").write_text("{}", encoding="utf-8")
    run = load_finished_run(folder, "bahdanau")
    test_sets = load_test_sets(run.corpus, [])
    expected = score_run(load_finished_run(compared / "bahdanau-1", "bahdanau"), test_sets).evaluations

    def refuse(*paths: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", refuse)
    evaluations = score_run(run, test_sets).evaluations
    assert {name: each.scores for name, each in evaluations.items()} == {
        name: each.scores for name, each in expected.items()
    }
    lines = [line for line in capsys.readouterr().err.splitlines() if "not saved" in line]
    assert len(lines) == len(test_sets)
    assert all("hypotheses/test" in line and "Read-only file system" in line for line in lines)
    assert (folder / "scores.json").read_text(encoding="utf-8") == "{}"


def test_several_references_are_joined_where_all_sentences_have_one() -> None:
    pairs = EvaluationSet("test", ["a", "b", "c", "d"], ["1", "2", "3", "4"], [["5", None, "7", "8"]])
    joined = join_sentences(pairs, 2).pairs
    assert (joined.sources, joined.references) == (["a b", "c d"], ["1 2", "3 4"])
    assert joined.more_references == [[None, "7 8"]]


def test_lengths_are_words_or_characters() -> None:
    assert length_unit(["ein Hund", "我有书"]) == "words"
    assert length_unit(["ein Hund", "我有书", "他也有"]) == "characters"


def test_joined_sentences_are_translated_whole(compared: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(compared / "bahdanau-1", tmp_path / "bahdanau-1")
    run = load_finished_run(folder, "bahdanau")
    test_sets = load_test_sets(run.corpus, [3])
    evaluations = score_run(run, test_sets).evaluations
    joined = test_sets[-1].pairs
    assert [test_set.lines for test_set in test_sets] == ["parts", "parts", "whole"]
    translations = Run(folder).load_translator().sentences.translate(joined.sources, single_best(run.recipe.search))
    assert evaluations[joined.name].hypotheses == [best.text for best, *_ in translations]
    assert evaluations[joined.name].cut_lines == 0

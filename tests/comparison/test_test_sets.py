"""Test sets: saved translations are used only if they come from the same search and the same text."""

import json
import shutil
from pathlib import Path

from seq2seq.comparison.finished_runs import load_finished_run
from seq2seq.comparison.test_sets import load_test_sets, score_run


def test_translations_by_another_search_or_of_another_text_are_not_used(compared: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(compared / "attention-1", tmp_path / "attention-1")
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    saved = scores["scores"]["test"]["beam 2"]
    right = saved["bleu"]["value"]
    for stale in ({"search": {**saved["search"], "length_penalty": 0.3}}, {"text": "of another test set"}):
        scores["scores"]["test"]["beam 2"] = {**saved, **stale, "bleu": {**saved["bleu"], "value": 99.0}}
        (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
        run = load_finished_run(folder, "attention")
        assert score_run(run, load_test_sets(run.corpus, [])).evaluations["test"].scores.bleu.value == right

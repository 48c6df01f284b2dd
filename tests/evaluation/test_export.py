"""The files for COMET: one sentence on each line, all files or none."""

from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.evaluation.evaluate import Evaluation, EvaluationSet
from seq2seq.evaluation.export import export
from seq2seq.evaluation.metrics import score_corpus
from seq2seq.search.options import SearchOptions

PAIRS = EvaluationSet("test", ["Ein\u2028Satz.", "Zwei."], ["A sentence.", "Two."], [["One sentence.", None]])
HYPOTHESES = ["A sentence.", ""]
EVALUATION = Evaluation(
    "test", "greedy", SearchOptions(), score_corpus(HYPOTHESES, PAIRS.references), "", 1.0, HYPOTHESES
)


def test_every_sentence_is_a_line_of_each_file(tmp_path: Path) -> None:
    paths = export(tmp_path / "comet" / "run.1", PAIRS, EVALUATION)
    assert [path.name for path in paths] == ["run.1.src", "run.1.mt", "run.1.ref", "run.1.ref1"]
    texts = ["Ein Satz.\nZwei.\n", "A sentence.\n\n", "A sentence.\nTwo.\n", "One sentence.\n\n"]
    assert [path.read_text(encoding="utf-8") for path in paths] == texts


def test_all_files_are_written_or_none(tmp_path: Path) -> None:
    (tmp_path / "x.ref1").mkdir()
    with pytest.raises(UserError, match=r"x\.ref1: is a folder"):
        export(tmp_path / "x", PAIRS, EVALUATION)
    assert [path.name for path in tmp_path.iterdir()] == ["x.ref1"]

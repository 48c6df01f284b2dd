"""What a validation shows of the corpus cannot control the terminal."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from seq2seq.run import Run
from seq2seq.run_metrics import EpochMetrics
from seq2seq.training.callbacks import ValidationReport

ROW = EpochMetrics(1.0, 9.0, 2.0, 1.5, 10.0, 0.1, 100.0)


def test_a_report_shows_samples_as_text() -> None:
    pair = {"source": "ein\x1b[2J Hund\nepoch 9", "target": "a\u202e dog"}
    module = cast(Any, SimpleNamespace(translations={0: "a\x9b"}, validation=[pair]))
    first, *samples = ValidationReport(Run(Path("x")), shown_translations=3).report(ROW, module).split("\n")
    assert first == "epoch 1: training loss 2.000, validation loss 1.500, BLEU 10.00, 100 tokens/s"
    assert samples == ["  source     ein�[2J Hund�epoch 9", "  reference  a� dog", "  model      a�"]

"""The sections of a report: each variant's points are where they belong, and everything that is checked is named."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scored_runs import RESULTS

from seq2seq.comparison.controls import CONTROLS, checked_keys
from seq2seq.comparison.report_sections import condition_section, learning_section
from seq2seq.comparison.results import LearningPoint, Spread
from seq2seq.plotting import charts
from seq2seq.plotting.document import Paragraph, markdown


def test_learning_curves_have_each_variants_own_updates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(charts, "lines", lambda stem, series, places, labels: drawn.extend((series, places)))
    curves = {
        name: [LearningPoint(update, 1.0, Spread([update / 10], update / 10, None)) for update in updates]
        for name, updates in (("a", (150.0, 300.0)), ("b", (300.0, 600.0, 900.0)))
    }
    learning_section(tmp_path, replace(RESULTS, learning=curves, seeds={"a": [1], "b": [1]}))
    assert drawn == [
        {"a": [[15.0], [30.0]], "b": [[30.0], [60.0], [90.0]]},
        {"a": [150.0, 300.0], "b": [300.0, 600.0, 900.0]},
    ]


def test_the_conditions_name_everything_that_is_held_equal_and_why() -> None:
    blocks = condition_section(RESULTS)
    [held_equal] = [block.text for block in blocks if isinstance(block, Paragraph)]
    assert held_equal == f"Held equal, and checked: {', '.join(checked_keys())}."
    text = markdown(blocks)
    for control in CONTROLS:
        key = control.key.replace("_", r"\_")  # Markdown would read two as emphasis
        assert f"| {key} | {control.source} | {control.scope.value} | {control.reason} |" in text

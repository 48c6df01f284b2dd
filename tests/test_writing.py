"""A report's words: the answer says what was found and no more; each variant's points are where they belong."""

from pathlib import Path
from typing import Any

import pytest

from seq2seq import charts
from seq2seq.writing import answer, learning


def findings(trainings: dict[str, float] | None) -> dict[str, Any]:
    """Of two variants, with an interval over seeds or without."""
    score = {"mean": 20.0, "sd": 1.0 if trainings else None}
    difference = {
        "difference": 5.0,
        "test_sets": {"low": 4.0, "high": 6.0},
        "samples": 1000,
        "trainings": trainings,
        "seeds": [{}] * (3 if trainings else 1),
    }
    both = {name: {"bleu": score, "chrf": score} for name in ("a", "b")}
    differences = {metric: {"b": difference} for metric in ("bleu", "chrf")}
    return {"seeds": {"a": [], "b": []}, "sets": [{"label": "test", "scores": both, "differences": differences}]}


def test_the_answer_says_what_one_seed_cannot_tell() -> None:
    [said] = answer(findings(None))
    assert said == (
        "On test, b has 20.00 BLEU and a 20.00: a difference of +5.00. Other test sets of this kind would have said "
        "+4.00 to +6.00 (95% of 1,000 resampled ones); what other seeds would have said, one seed cannot tell. "
        "In chrF it is +5.00 (+4.00 to +6.00 over test sets)."
    )


def test_the_answer_bounds_the_mean_over_seeds() -> None:
    [said] = answer(findings({"low": -1.0, "high": 11.0}))
    assert "over all seeds, the mean difference is −1.00 to +11.00 (95%, Student's t, 3 seeds)" in said
    assert said.endswith("In chrF it is +5.00 (+4.00 to +6.00 over test sets, −1.00 to +11.00 over seeds).")


def test_learning_curves_have_each_variants_own_updates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(charts, "lines", lambda stem, series, places, labels: drawn.extend((series, places)))
    curves = {
        name: [{"update": update, "bleu": {"values": [update / 10]}} for update in updates]
        for name, updates in (("a", (150.0, 300.0)), ("b", (300.0, 600.0, 900.0)))
    }
    learning(tmp_path, {"learning": curves, "seeds": {"a": [1], "b": [1]}})
    assert drawn == [
        {"a": [[15.0], [30.0]], "b": [[30.0], [60.0], [90.0]]},
        {"a": [150.0, 300.0], "b": [300.0, 600.0, 900.0]},
    ]

"""The answer of a report says what was measured, and no more."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from random_sentences import REFERENCES
from scored_runs import CONDITIONS, RESULTS, RUNS, TEST

from seq2seq.comparison import results
from seq2seq.comparison.analysis import compute_results
from seq2seq.comparison.report_scores import difference_cells, main_figure, score_rows, summarize
from seq2seq.evaluation.significance import Interval
from seq2seq.plotting import charts


def two_variants(over_seeds: Interval | None) -> results.ComparisonResults:
    """Return the results of two variants, with an interval over three seeds or with one seed."""
    spread = results.Spread([20.0], 20.0, 1.0 if over_seeds else None)
    run = results.PairedResult([1, 1], Interval(4.0, 6.0), 5.0, 1 / 1001, "")
    difference = results.Difference(5.0, Interval(4.0, 6.0), 1000, over_seeds, [run] * (3 if over_seeds else 1))
    test_set = replace(
        RESULTS.test_sets[0],
        scores={name: {"bleu": spread, "chrf": spread} for name in ("a", "b")},
        differences={"bleu": {"b": difference}, "chrf": {"b": difference}},
    )
    return replace(RESULTS, seeds={"a": [], "b": []}, test_sets=[test_set])


def test_the_answer_has_no_interval_over_seeds_for_one_seed() -> None:
    [text] = summarize(two_variants(None))
    assert text == (
        "On test, b has 20.00 BLEU and a has 20.00: a difference of +5.00 (95% confidence interval over test sets, "
        "bootstrap: +4.00 to +6.00). b has 20.00 chrF and a has 20.00: a difference of +5.00 (95% confidence interval "
        "over test sets, bootstrap: +4.00 to +6.00). One seed: no interval over seeds."
    )


def test_the_answer_has_an_interval_over_several_seeds() -> None:
    [text] = summarize(two_variants(Interval(-1.0, 11.0)))
    assert text.count("+4.00 to +6.00; over 3 seeds, Student's t: −1.00 to +11.00)") == 2
    assert "One seed" not in text


def test_one_table_has_every_score_difference_interval_and_p_value() -> None:
    head, *rows = score_rows(two_variants(Interval(-1.0, 11.0)).test_sets)
    assert head == ["test set", "metric", "variant", "score", "− a", "95% CI over test sets", "95% CI over seeds", "p"]
    assert rows == [
        [f"test ({len(REFERENCES)})", "BLEU", "a", "20.00 ± 1.00", "", "", "", ""],
        ["", "", "b", "20.00 ± 1.00", "+5.00", "+4.00 to +6.00", "−1.00 to +11.00", "≤ 0.001"],
        ["", "chrF", "a", "20.00 ± 1.00", "", "", "", ""],
        ["", "", "b", "20.00 ± 1.00", "+5.00", "+4.00 to +6.00", "−1.00 to +11.00", "≤ 0.001"],
    ]
    one_seed = score_rows(two_variants(None).test_sets)
    assert "95% CI over seeds" not in one_seed[0]
    assert {len(row) for row in one_seed} == {7}


def test_p_values_that_differ_between_seeds_are_all_there() -> None:
    runs = [results.PairedResult([seed, seed], Interval(0, 1), 0.5, p, "") for seed, p in ((1, 1 / 1001), (2, 0.2))]
    difference = results.Difference(0.5, Interval(0.0, 1.0), 1000, Interval(-1.0, 2.0), runs)
    assert difference_cells(difference) == ["+0.50", "+0.00 to +1.00", "−1.00 to +2.00", "≤ 0.001, 0.200"]


@pytest.mark.parametrize("seeds", [1, 2])
def test_the_main_figure_has_bands_of_seeds_or_of_the_bootstrap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeds: int
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(charts, "lines", lambda *arguments: drawn.extend(arguments))
    measured = compute_results([run for run in RUNS if run.run.seed <= seeds], [TEST], CONDITIONS)
    picture = main_figure(tmp_path, measured)
    _, series, _, _, _, bands = drawn
    for bucket, values, (low, high) in zip(
        measured.test_sets[0].by_length, series["bahdanau"], bands["bahdanau"], strict=True
    ):
        assert values == bucket.bleu["bahdanau"].values
        assert low <= bucket.bleu["bahdanau"].mean <= high
        assert low < high
    assert ("one standard deviation" in picture.caption) == (seeds > 1)
    assert ("bootstrap" in picture.caption) == (seeds == 1)

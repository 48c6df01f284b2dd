"""The answer of a report says what was measured, and no more."""

from dataclasses import replace

from scored_runs import RESULTS

from seq2seq.comparison import results
from seq2seq.comparison.report_scores import summarize
from seq2seq.evaluation.significance import Interval


def two_variants(over_seeds: Interval | None) -> results.ComparisonResults:
    """Return the results of two variants, with an interval over three seeds or with one seed."""
    spread = results.Spread([20.0], 20.0, 1.0 if over_seeds else None)
    run = results.PairedResult([1, 1], Interval(4.0, 6.0), 5.0, 0.001, "")
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
        "On test, b has 20.00 BLEU and a has 20.00: a difference of +5.00. 95% confidence interval: +4.00 to +6.00 "
        "(bootstrap over 1,000 resampled test sets). Only one seed: no interval over seeds. "
        "In chrF, the difference is +5.00 (95% CI over test sets: +4.00 to +6.00)."
    )


def test_the_answer_has_an_interval_over_several_seeds() -> None:
    [text] = summarize(two_variants(Interval(-1.0, 11.0)))
    assert "95% confidence interval over seeds: −1.00 to +11.00 (Student's t, 3 seeds)." in text
    assert text.endswith(
        "In chrF, the difference is +5.00 (95% CI over test sets: +4.00 to +6.00; over seeds: −1.00 to +11.00)."
    )

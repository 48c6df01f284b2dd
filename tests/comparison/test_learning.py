"""A report warns where variants were hardly trained, or were still learning."""

from dataclasses import replace

from scored_runs import RESULTS

from seq2seq.comparison.learning import last_quarter, training_warnings
from seq2seq.comparison.results import LearningPoint, Spread


def curve(*values: float) -> list[LearningPoint]:
    """Return validations after every 100 updates."""
    return [
        LearningPoint(100.0 * (row + 1), row + 1.0, Spread([value], value, None)) for row, value in enumerate(values)
    ]


def warnings(**curves: list[LearningPoint]) -> list[str]:
    return training_warnings(replace(RESULTS, learning=curves))


def test_the_last_quarter_is_measured_in_updates() -> None:
    assert last_quarter(curve(10, 20, 30, 36)) == 6
    assert last_quarter(curve(10, 20, 30, 40, 50, 60, 70, 80)) == 20
    assert last_quarter(curve(30)) == 30
    assert last_quarter(curve(10, 5)) == -5


def test_only_variants_that_learned_too_little_are_named() -> None:
    assert warnings(good=curve(60, 80, 84, 85), worse=curve(30, 40, 38, 37)) == []
    [hardly, learning] = warnings(a=curve(0.1, 0.3, 4.9), b=curve(60, 80, 84, 85), c=curve(5, 10, 15, 20))
    assert hardly.startswith("a was hardly trained: its best validation BLEU is 4.90.")
    assert learning.startswith("c was still learning when its training ended: the last quarter of it brought 5.00 of")
    [once] = warnings(once=curve(50))
    assert "brought 50.00 of its 50.00" in once

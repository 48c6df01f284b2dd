"""Tell whether the trainings of a comparison were long enough for its answer to mean much."""

from collections.abc import Sequence

from seq2seq.comparison.results import ComparisonResults, LearningPoint

HARDLY = 5.0  # validation BLEU: below it, a translation has hardly more in common with its reference than some words
STILL_LEARNING = 0.05  # the part of its last score that the last quarter of a training may bring without a warning


def training_warnings(results: ComparisonResults) -> list[str]:
    """Return a sentence about each variant that was hardly trained, or that was still learning when its training ended.

    Both limits are this project's choice: 5 BLEU, and 5% of the last score.
    """
    warnings = []
    for name, points in results.learning.items():
        best = max(point.bleu.mean for point in points)
        if best < HARDLY:
            warnings.append(
                f"{name} was hardly trained: its best validation BLEU is {best:.2f}. Differences from it say little "
                "about what it could learn."
            )
        elif (gain := last_quarter(points)) > STILL_LEARNING * points[-1].bleu.mean:
            warnings.append(
                f"{name} was still learning when its training ended: the last quarter of it brought {gain:.2f} of its "
                f"{points[-1].bleu.mean:.2f} validation BLEU. A longer training may change the differences."
            )
    return warnings


def last_quarter(points: Sequence[LearningPoint]) -> float:
    """Return how much validation BLEU rose in the last quarter of the updates; from 0 if no validation came before."""
    last = points[-1]
    earlier = [point.bleu.mean for point in points if point.update <= 0.75 * last.update]
    return last.bleu.mean - (earlier[-1] if earlier else 0.0)

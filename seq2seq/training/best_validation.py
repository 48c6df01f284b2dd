"""Choose the best validation of a training by a named score."""

import math
from typing import Any, NamedTuple

from seq2seq.evaluation.options import BestBy


class ValidationScores(NamedTuple):
    """What a validation measured."""

    loss: float
    bleu: float
    chrf: float | None = None  # computed only if it chooses the best epoch


class BestValidation:
    """The best validation so far.

    The score that `by` names decides. If it is equal, the lower loss decides; if that is equal, too, the earlier
    validation stays the best.

    Args:
        by: the name of the score.

    Attributes:
        update: the number of updates before the best validation; 0 before the first validation.
        improvements: how many validations were the best when they were made. Lightning's callbacks can monitor a single
            number only; this one rises when there is a new best validation, and at no other time.
    """

    def __init__(self, by: BestBy) -> None:
        self.by = by
        self.update = 0
        self.improvements = 0
        self._best: tuple[float, float] | None = None  # the score and −loss: larger is better

    def add(self, scores: ValidationScores, update: int) -> None:
        """Compare a validation, made after so many updates, with the best one, and remember the better one."""
        minus_loss = -math.inf if math.isnan(scores.loss) else -scores.loss
        score = minus_loss if self.by == "loss" else getattr(scores, self.by)
        if self._best is None or (score, minus_loss) > self._best:
            self._best = score, minus_loss
            self.update = update
            self.improvements += 1

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"best": self._best, "update": self.update, "improvements": self.improvements}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from the state in a checkpoint. Earlier versions kept the best BLEU alone."""
        self._best = state["best"] if "best" in state else (state["best_bleu"], -math.inf)
        self.update = state.get("update", 0)
        self.improvements = state.get("improvements", 1)

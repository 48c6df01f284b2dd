"""The learning rate's schedule: warm-up, then constant, inverse square root or cosine."""

from collections.abc import Callable
from math import cos, pi

from seq2seq.recipe import TrainingOptions


def learning_rate_factor(options: TrainingOptions, updates: int) -> Callable[[int], float]:
    """Return a function from an update's number, counted from 0, to its fraction of `learning_rate`.

    `plateau` is constant here after its warm-up: it depends on the validations, not on the update alone.

    Args:
        options: the schedule and its warm-up.
        updates: how many updates the training has. Only `cosine` needs it.
    """
    warmup_updates = max(options.warmup_updates, 1)

    def factor(update: int) -> float:
        if update + 1 < warmup_updates:
            return (update + 1) / warmup_updates
        if options.schedule == "inverse-square-root":
            return float((warmup_updates / (update + 1)) ** 0.5)
        if options.schedule == "cosine":
            done = (update + 1 - warmup_updates) / max(updates - warmup_updates, 1)
            return (1 + cos(pi * min(done, 1.0))) / 2
        return 1.0

    return factor

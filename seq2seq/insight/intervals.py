"""95% confidence intervals of shares: of single guesses (Wilson), and of guesses that come in sentences (bootstrap)."""

from math import sqrt

import numpy as np
import torch
from torch import Tensor

from seq2seq.evaluation.significance import SAMPLES, SEED, Interval, interval

NORMAL_QUANTILE = 1.959963984540054  # 97.5% of a standard normal distribution lie below it


def wilson(correct: int, count: int) -> Interval:
    """Return the interval of a share of independent guesses (Wilson 1927). It lies within [0, 1].

    Args:
        correct: how many of the guesses are correct.
        count: how many there are, at least 1.
    """
    share, square = correct / count, NORMAL_QUANTILE**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = NORMAL_QUANTILE / (1 + square / count) * sqrt(share * (1 - share) / count + square / (4 * count**2))
    return Interval(max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))  # despite rounding


def over_sentences(correct: Tensor, counts: Tensor) -> Interval:
    """Return the bootstrap interval of the share of correct guesses, if other sentences of this kind were drawn.

    The guesses in one sentence depend on each other, so whole sentences are drawn.

    Args:
        correct: how many guesses are correct in each sentence, shape (sentences,).
        counts: how many there are, shape (sentences,), at least 1 each.
    """
    draws = np.random.default_rng(SEED).integers(len(counts), size=(SAMPLES, len(counts)))
    rows = torch.from_numpy(draws)
    shares = correct.double()[rows].sum(dim=1) / counts.double()[rows].sum(dim=1)
    return interval(shares.numpy())

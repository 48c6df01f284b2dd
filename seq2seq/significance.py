"""Is one system better than another, or lucky with its test set, or with its seeds? Two questions, two answers.

A paired bootstrap (Koehn 2004) asks what other test sets would have said; its p-values are sacreBLEU's own. The spread
over seeds asks what other trainings would have come to.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import sqrt
from statistics import mean, stdev
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sacrebleu.significance import PairedTest, Result

from seq2seq.errors import UserError
from seq2seq.metrics import METRICS, MetricName, check_parallel

SAMPLES, SEED = 1000, 12345  # sacreBLEU's own

# Student's t at 0.975 for 1, 2, … degrees of freedom.
T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)


class Interval(NamedTuple):
    """A 95% confidence interval."""

    low: float
    high: float


class PairedBootstrap(NamedTuple):
    """Two systems on one test set. `difference` is b - a; below a p-value of 0.05 it is hardly chance."""

    difference: float
    p_value: float
    signature: str


def compare(
    a: Sequence[str],
    b: Sequence[str],
    references: Sequence[str],
    metric: MetricName = "bleu",
    samples: int = SAMPLES,
    seed: int = SEED,
) -> PairedBootstrap:
    """sacreBLEU's paired bootstrap test: `samples` test sets are drawn with replacement from this one.

    The p-value is two-sided, with its one departure from sacreBLEU: systems with equal scores get 1, where sacreBLEU
    counts only trials that exceed the difference and gives the smallest p there is.

    Raises:
        UserError: no sentences, unequal numbers of lines, or a seed below 1.
    """
    if seed < 1:
        raise UserError(f"seed is {seed}; sacreBLEU's tests take a seed of 1 or more (to it, 0 means none)")
    check_parallel(a=a, b=b, references=references)
    with _sacrebleu_seed(seed):
        paired = PairedTest([("a", a), ("b", b)], {metric: METRICS[metric]()}, [references], "bs", samples)
    signatures, results = paired()
    [(name, signature)] = signatures.items()
    left, right = (result for result in results[name] if isinstance(result, Result))
    difference = right.score - left.score
    p_value = right.p_value if difference and right.p_value is not None else 1.0
    return PairedBootstrap(difference, p_value, str(signature))


def resample(
    hypotheses: Sequence[str],
    references: Sequence[str],
    metric: MetricName = "bleu",
    samples: int = SAMPLES,
    seed: int = SEED,
) -> NDArray[np.float64]:
    """The system's score on each of the test sets that `compare` draws, (samples,): the same for every system.

    Raises:
        UserError: no sentences, or unequal numbers of lines.
    """
    check_parallel(hypotheses=hypotheses, references=references)
    scorer = METRICS[metric]()
    # Of each sentence what a corpus's score is made of; sacreBLEU's own test adds them up so, but gives no differences.
    counts = np.array(scorer._extract_corpus_statistics(hypotheses, [references]))
    drawn = np.random.default_rng(seed).choice(len(counts), size=(samples, len(counts)), replace=True)
    sums = (counts[rows].sum(axis=0).tolist() for rows in drawn)
    return np.array([scorer._compute_score_from_stats(row).score for row in sums])


def interval(values: NDArray[np.float64]) -> Interval:
    """What 95% of the values lie between, cut off as sacreBLEU does."""
    ordered = np.sort(values)
    outside = len(ordered) // 40
    return Interval(float(ordered[outside]), float(ordered[len(ordered) - outside - 1]))


def over_seeds(values: Sequence[float]) -> Interval | None:
    """Where 95% of such intervals hold the mean over all seeds there could be (Student's t); of one seed, None.

    With over 21 seeds the interval is a little too wide.
    """
    if len(values) < 2:
        return None
    half = T[min(len(values) - 1, len(T)) - 1] * stdev(values) / sqrt(len(values))
    return Interval(mean(values) - half, mean(values) + half)


@contextmanager
def _sacrebleu_seed(seed: int) -> Iterator[None]:
    """sacreBLEU reads its seed from the environment and nowhere else."""
    before = os.environ.get("SACREBLEU_SEED")
    os.environ["SACREBLEU_SEED"] = str(seed)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SACREBLEU_SEED"]
        else:
            os.environ["SACREBLEU_SEED"] = before

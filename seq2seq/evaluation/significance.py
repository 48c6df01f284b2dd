"""Test whether one system is better than another or only lucky, with its test set or with its seeds.

The paired bootstrap (Koehn 2004) resamples the test set; its p-values are sacreBLEU's. The interval over seeds
(Student's t) says how much the result depends on the training's seed.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import sqrt
from statistics import mean, stdev
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.base import Metric
from sacrebleu.significance import PairedTest, Result

from seq2seq.errors import UserError
from seq2seq.evaluation.metrics import MetricName, MoreReferences, all_references, check_parallel, make_metric
from seq2seq.evaluation.options import MetricTokenizer

SAMPLES, SEED = 1000, 12345  # sacreBLEU's defaults


class Interval(NamedTuple):
    """A 95% confidence interval."""

    low: float
    high: float


class PairedBootstrap(NamedTuple):
    """The difference between two systems on one test set."""

    difference: float  # b - a
    p_value: float  # two-sided
    signature: str


def compare(
    a: Sequence[str],
    b: Sequence[str],
    references: Sequence[str],
    metric: MetricName = "bleu",
    samples: int = SAMPLES,
    seed: int = SEED,
    tokenizer: MetricTokenizer = "13a",
    more_references: MoreReferences = (),
) -> PairedBootstrap:
    """Compare systems a and b with sacreBLEU's paired bootstrap test (Koehn 2004).

    The test draws sentences with replacement. The p-value differs from sacreBLEU's in one case: systems with equal
    scores get 1. sacreBLEU would give them the smallest possible p-value, because it counts only the trials that exceed
    the difference.

    Args:
        a, b: the systems' translations.
        samples: the number of test sets to draw.
        seed: the seed of the draws, 1 or more.
        tokenizer, more_references: see `metrics.bleu`.

    Raises:
        UserError: no sentences, unequal numbers of lines, or a seed below 1.
    """
    if seed < 1:
        raise UserError(f"seed is {seed}; sacreBLEU's tests take a seed of 1 or more (to it, 0 means none)")
    check_parallel(a=a, b=b, references=references)
    with _sacrebleu_seed(seed):
        metrics: dict[str, Metric] = {metric: make_metric(metric, tokenizer)}
        paired = PairedTest([("a", a), ("b", b)], metrics, all_references(references, more_references), "bs", samples)
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
    tokenizer: MetricTokenizer = "13a",
    more_references: MoreReferences = (),
) -> NDArray[np.float64]:
    """Return the system's score on each test set that `compare` draws, shape (samples,).

    Equal seeds draw the same test sets for every system.

    Raises:
        UserError: no sentences, or unequal numbers of lines.
    """
    check_parallel(hypotheses=hypotheses, references=references)
    scorer = make_metric(metric, tokenizer)
    # sacreBLEU's test computes the scores from summed statistics in the same way, but does not return them.
    statistics = np.array(scorer._extract_corpus_statistics(hypotheses, all_references(references, more_references)))
    drawn = np.random.default_rng(seed).choice(len(statistics), size=(samples, len(statistics)), replace=True)
    sums = (statistics[rows].sum(axis=0).tolist() for rows in drawn)
    return np.array([scorer._compute_score_from_stats(row).score for row in sums])


def interval(values: NDArray[np.float64]) -> Interval:
    """Return the interval that holds the middle 95% of the values: 2.5% are cut off at each end, as in sacreBLEU."""
    ordered = np.sort(values)
    outside = len(ordered) // 40
    return Interval(float(ordered[outside]), float(ordered[len(ordered) - outside - 1]))


def over_seeds(values: Sequence[float]) -> Interval | None:
    """Return the 95% confidence interval of the mean over seeds (Student's t). Return None for a single seed."""
    if len(values) < 2:
        return None
    from scipy.stats import t  # late: the import is slow, and only comparisons of several seeds need it

    half = float(t.ppf(0.975, df=len(values) - 1)) * stdev(values) / sqrt(len(values))
    return Interval(mean(values) - half, mean(values) + half)


@contextmanager
def _sacrebleu_seed(seed: int) -> Iterator[None]:
    """Set the environment variable that sacreBLEU reads its seed from. Restore the variable afterwards."""
    before = os.environ.get("SACREBLEU_SEED")
    os.environ["SACREBLEU_SEED"] = str(seed)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SACREBLEU_SEED"]
        else:
            os.environ["SACREBLEU_SEED"] = before

"""Compute the scores of a comparison on one test set, and the differences between its variants."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from seq2seq.comparison.results import Difference, LengthBucketResult, PairedResult, Spread, TestSetResult
from seq2seq.comparison.test_sets import AnnotatedTestSet, ScoredRun
from seq2seq.evaluation import significance
from seq2seq.evaluation.metrics import METRICS, MetricName, Score, bleu_by_length
from seq2seq.text.words import has_no_spaces

Text = TypeVar("Text", str, str | None)
Variants = Mapping[str, Sequence[ScoredRun]]  # the runs of each variant, in the order of their seeds


def compute_spread(values: Sequence[float]) -> Spread:
    """Return the values of all seeds with their mean and standard deviation."""
    return Spread(list(values), mean(values), stdev(values) if len(values) > 1 else None)


def score_test_set(variants: Variants, test_set: AnnotatedTestSet) -> TestSetResult:
    """Return the scores on one test set, the differences from the first variant, and BLEU by length."""
    name = test_set.pairs.name
    baseline = next(iter(variants.values()))
    return TestSetResult(
        name=name,
        label=test_set.label,
        sentences=len(test_set.pairs.sources),
        length_unit=length_unit(test_set.pairs.sources),
        signatures={metric: score_of(baseline[0], name, metric).signature for metric in METRICS},
        scores={
            variant: {
                metric: compute_spread([score_of(scored, name, metric).value for scored in group]) for metric in METRICS
            }
            for variant, group in variants.items()
        },
        differences={metric: compute_differences(variants, test_set, metric) for metric in METRICS},
        by_length=score_by_length(variants, test_set),
    )


def length_unit(sources: Sequence[str]) -> str:
    """Return what the lengths of most sentences count: words, or characters in a script without spaces."""
    return "characters" if 2 * sum(map(has_no_spaces, sources)) > len(sources) else "words"


def score_of(scored: ScoredRun, test_set: str, metric: MetricName) -> Score:
    """Return a run's score on a test set."""
    scores = scored.evaluations[test_set].scores
    return {"bleu": scores.bleu, "chrf": scores.chrf}[metric]


def score_by_length(variants: Variants, test_set: AnnotatedTestSet) -> list[LengthBucketResult]:
    """Return BLEU for each range of source lengths."""
    pairs = test_set.pairs
    buckets = {
        variant: [
            bleu_by_length(
                pairs.sources,
                scored.evaluations[pairs.name].hypotheses,
                pairs.references,
                tokenizer=scored.evaluations[pairs.name].tokenizer,
                more_references=pairs.more_references,
            )
            for scored in group
        ]
        for variant, group in variants.items()
    }
    first_run = next(iter(buckets.values()))[0]
    return [
        LengthBucketResult(
            bucket.low,
            bucket.high,
            bucket.sentences,
            {variant: compute_spread([run[row].bleu for run in runs]) for variant, runs in buckets.items()},
            {
                variant: significance.interval(resample_runs(group, test_set, "bleu", bucket.rows).mean(axis=0))
                for variant, group in variants.items()
            },
        )
        for row, bucket in enumerate(first_run)
    ]


def resample_runs(
    group: Sequence[ScoredRun], test_set: AnnotatedTestSet, metric: MetricName, rows: Sequence[int]
) -> NDArray[np.float64]:
    """Return the scores of runs on resampled test sets, (runs, samples).

    Args:
        group: the runs.
        test_set: what they translated.
        metric: the metric of the scores.
        rows: the sentences to sample from, counted from 0.
    """
    pairs = test_set.pairs

    def choose(lines: Sequence[Text]) -> list[Text]:
        return [lines[row] for row in rows]

    return np.array(
        [
            significance.resample(
                choose(scored.evaluations[pairs.name].hypotheses),
                choose(pairs.references),
                metric,
                tokenizer=scored.evaluations[pairs.name].tokenizer,
                more_references=[choose(lines) for lines in pairs.more_references],
            )
            for scored in group
        ]
    )


def compute_differences(variants: Variants, test_set: AnnotatedTestSet, metric: MetricName) -> dict[str, Difference]:
    """Return the difference between each other variant and the first one."""
    everything = range(len(test_set.pairs.sources))
    resampled = {
        variant: resample_runs(group, test_set, metric, everything) for variant, group in variants.items()
    }  # each (seeds, samples)
    baseline, *others = variants
    return {
        other: compare_variants(
            list(zip(variants[baseline], variants[other], strict=True)),
            resampled[other] - resampled[baseline],
            test_set,
            metric,
        )
        for other in others
    }


def compare_variants(
    run_pairs: Sequence[tuple[ScoredRun, ScoredRun]],
    resampled: NDArray[np.float64],
    test_set: AnnotatedTestSet,
    metric: MetricName,
) -> Difference:
    """Return how much better the second run of each pair is: on average, and pair by pair.

    Args:
        run_pairs: pairs of runs with the same seed.
        resampled: the differences on resampled test sets, (pairs, samples).
        test_set: what the runs translated.
        metric: the metric of the difference.
    """
    pairs = test_set.pairs
    by_seed = []
    for (first, other), values in zip(run_pairs, resampled, strict=True):
        evaluation = first.evaluations[pairs.name]
        test = significance.compare(
            evaluation.hypotheses,
            other.evaluations[pairs.name].hypotheses,
            pairs.references,
            metric,
            tokenizer=evaluation.tokenizer,
            more_references=pairs.more_references,
        )
        seeds = [first.run.seed, other.run.seed]
        interval = significance.interval(values)
        by_seed.append(PairedResult(seeds, interval, test.difference, test.p_value, test.signature))
    differences = [result.difference for result in by_seed]
    return Difference(
        difference=mean(differences),
        over_test_sets=significance.interval(resampled.mean(axis=0)),
        samples=resampled.shape[1],
        over_seeds=significance.over_seeds(differences),
        by_seed=by_seed,
    )

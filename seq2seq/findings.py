"""What a comparison has found, as plain numbers: what report.json holds, and what the report is written from."""

from collections.abc import Mapping, Sequence
from statistics import mean, median, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seq2seq import metrics, significance
from seq2seq.alignment import read_links
from seq2seq.metrics import METRICS, Links, MetricName, alignment_error_rate, bleu_by_length
from seq2seq.scoring import HeldOut, Scored

ALL = "all sentences"
EXAMPLES = 3  # sentences shown for which each of two variants is better

Findings = dict[str, Any]


def spread(values: Sequence[float]) -> Findings:
    """A value of each seed, their mean, and their standard deviation (n − 1), which one seed has not."""
    return {"values": list(values), "mean": mean(values), "sd": stdev(values) if len(values) > 1 else None}


def by_variant(runs: Sequence[Scored]) -> dict[str, list[Scored]]:
    """Each variant's runs, in the order of their seeds."""
    found: dict[str, list[Scored]] = {}
    for one in sorted(runs, key=lambda one: one.trained.seed):
        found.setdefault(one.trained.variant, []).append(one)
    order = dict.fromkeys(one.trained.variant for one in runs)
    return {variant: found[variant] for variant in order}


def find(runs: Sequence[Scored], sets: Sequence[HeldOut]) -> Findings:
    """All that is measured. The first run's variant is the one that the others are compared with."""
    variants = by_variant(runs)
    first = sets[0]
    return {
        "seeds": {name: [one.trained.seed for one in group] for name, group in variants.items()},
        "sets": [of_set(variants, each) for each in sets],
        "alignment": alignment(variants, first) if "alignment" in first.known else None,
        "phenomena": phenomena(variants, first) if "phenomena" in first.known else None,
        "learning": {name: learning(group) for name, group in variants.items()},
        "costs": {name: costs(group, first.pairs.name) for name, group in variants.items()},
        "examples": examples(variants, first),
    }


def of_set(variants: Mapping[str, list[Scored]], held: HeldOut) -> Findings:
    """One held-out set: scores, differences from the first variant, BLEU by length."""
    name, sources, references = held.pairs
    baseline = next(iter(variants))
    results = {variant: [one.results[name] for one in group] for variant, group in variants.items()}
    lengths = {
        variant: [bleu_by_length(sources, one.translations[name], references) for one in group]
        for variant, group in variants.items()
    }
    return {
        "name": name,
        "label": held.label,
        "sentences": len(sources),
        "signatures": {metric: results[baseline][0][metric]["signature"] for metric in METRICS},
        "scores": {
            variant: {metric: spread([each[metric]["value"] for each in group]) for metric in METRICS}
            for variant, group in results.items()
        },
        "differences": {metric: differences(variants, held, metric) for metric in METRICS},
        "by_length": [
            {
                "low": bucket.low,
                "high": bucket.high,
                "sentences": bucket.sentences,
                "bleu": {variant: spread([each[row].bleu for each in group]) for variant, group in lengths.items()},
            }
            for row, bucket in enumerate(lengths[baseline][0])
        ],
    }


def differences(variants: Mapping[str, list[Scored]], held: HeldOut, metric: MetricName) -> Findings:
    """How much better than the first variant each other one is."""
    name, _, references = held.pairs
    resampled = {
        variant: [significance.resample(one.translations[name], references, metric) for one in group]
        for variant, group in variants.items()
    }
    drawn = {variant: np.array(values) for variant, values in resampled.items()}  # (seeds, samples)
    baseline, *others = variants
    return {
        other: compared(
            list(zip(variants[baseline], variants[other], strict=True)), drawn[other] - drawn[baseline], held, metric
        )
        for other in others
    }


def compared(
    pairs: Sequence[tuple[Scored, Scored]], drawn: NDArray[np.float64], held: HeldOut, metric: MetricName
) -> Findings:
    """How much better the second of each pair of runs is: on average, and pair by pair.

    Args:
        pairs: of runs with the same seed.
        drawn: the differences on resampled test sets, (pairs, samples).
    """
    name, _, references = held.pairs
    seeds: list[Findings] = []
    for (a, b), values in zip(pairs, drawn, strict=True):
        test = significance.compare(a.translations[name], b.translations[name], references, metric)
        interval = significance.interval(values)._asdict()
        both = [a.trained.seed, b.trained.seed]
        seeds.append({"seeds": both, "test_sets": interval, **test._asdict()})
    gains = [each["difference"] for each in seeds]
    over_seeds = significance.over_seeds(gains)
    return {
        "difference": mean(gains),
        "test_sets": significance.interval(drawn.mean(axis=0))._asdict(),
        "samples": drawn.shape[1],
        "trainings": over_seeds and over_seeds._asdict(),
        "seeds": seeds,
    }


def alignment(variants: Mapping[str, list[Scored]], held: HeldOut) -> Findings:
    """Attention's strongest link of each target word against the gold ones, while the references are read.

    With them what two others come to: the diagonal, which knows nothing of the words, and the best that can be done
    with one link a target word.
    """
    gold = held.known["alignment"]
    lengths = [
        (len(source.split()), len(target.split()))
        for source, target in zip(held.pairs.sources, held.pairs.references, strict=True)
    ]
    best = [one_link(row, targets) for row, (_, targets) in zip(gold, lengths, strict=True)]
    rates = {
        name: spread([alignment_error_rate(one.links, gold) for one in group])
        for name, group in variants.items()
        if group[0].links
    }
    return {
        "rates": rates,
        "diagonal": alignment_error_rate([diagonal(*both) for both in lengths], gold),
        "best": alignment_error_rate(best, gold),
    }


def diagonal(sources: int, targets: int) -> Links:
    """Every target word's link to the source word at the same share of the sentence."""
    return [(target * sources // targets, target) for target in range(targets)]


def one_link(gold: str, targets: int) -> Links:
    """One gold link of each target word, and a wrong one of those that have none."""
    first: dict[int, int] = {}
    for source, target in read_links(gold):
        first.setdefault(target, source)
    return [(first.get(target, -1), target) for target in range(targets)]


def phenomena(variants: Mapping[str, list[Scored]], held: HeldOut) -> Findings:
    """For each phenomenon of the grammar, how many of its sentences are translated without any fault, in percent."""
    name, _, references = held.pairs
    right = {
        variant: [
            [text == line for text, line in zip(one.translations[name], references, strict=True)] for one in group
        ]
        for variant, group in variants.items()
    }
    members: dict[str, list[int]] = {ALL: list(range(len(references)))}
    for row, names in enumerate(held.known["phenomena"]):
        for phenomenon in names:
            members.setdefault(phenomenon, []).append(row)
    return {
        phenomenon: {
            "sentences": len(rows),
            "right": {
                variant: spread([100 * mean(each[row] for row in rows) for each in group])
                for variant, group in right.items()
            },
        }
        for phenomenon, rows in sorted(members.items(), key=lambda item: (item[0] != ALL, item[0]))
    }


def learning(group: Sequence[Scored]) -> list[Findings]:
    """Validation BLEU by updates, as far as all seeds were trained."""
    runs = [one.trained.epochs for one in group]
    return [
        {
            "update": rows[0]["update"],
            "epoch": rows[0]["epoch"],
            "bleu": spread([row["validation_bleu"] for row in rows]),
        }
        for rows in zip(*runs, strict=False)
    ]


def costs(group: Sequence[Scored], name: str) -> Findings:
    """What a variant takes: parameters, updates, time. Times are of different moments of a machine, maybe not idle."""
    runs = [one.trained for one in group]
    seconds = [run.scores["training_seconds"] for run in runs if "training_seconds" in run.scores]
    return {
        "parameters": runs[0].scores.get("parameters"),
        "epochs": [run.epochs[-1]["epoch"] for run in runs],
        "updates": [run.epochs[-1]["update"] for run in runs],
        "training_seconds": mean(seconds) if seconds else None,
        "tokens_per_second": mean(median(row["tokens_per_second"] for row in run.epochs) for run in runs),
        "sentences_per_second": mean(one.results[name]["sentences_per_second"] for one in group),
        "hardware": sorted({str(run.scores.get("hardware")) for run in runs}),
    }


def examples(variants: Mapping[str, list[Scored]], held: HeldOut) -> list[Findings]:
    """The sentences on which the first variant and the last differ most, by chrF, with their first seed.

    Of the longer half, as a single word makes all the difference to a short one. Those for which the last is better
    come first. Among equals, the first in the test set.
    """
    name, sources, references = held.pairs
    baseline, *_, other = variants
    texts = {variant: variants[variant][0].translations[name] for variant in (baseline, other)}
    seeds = {variant: variants[variant][0].trained.seed for variant in texts}
    chrf: dict[str, list[float]] = {
        variant: [metrics.chrf([text], [line]).value for text, line in zip(lines, references, strict=True)]
        for variant, lines in texts.items()
    }
    gain = [after - before for before, after in zip(chrf[baseline], chrf[other], strict=True)]
    lengths = [len(source.split()) for source in sources]
    least = median(lengths)
    rows = [row for row, length in enumerate(lengths) if length >= least]
    best = [row for row in sorted(rows, key=lambda row: -gain[row])[:EXAMPLES] if gain[row] > 0]
    worst = [row for row in sorted(rows, key=gain.__getitem__)[:EXAMPLES] if gain[row] < 0]
    return [
        {
            "sentence": row + 1,
            "source": sources[row],
            "reference": references[row],
            "translations": {
                variant: {"text": texts[variant][row], "chrf": chrf[variant][row], "seed": seeds[variant]}
                for variant in texts
            },
            "gain": gain[row],
        }
        for row in best + worst
    ]

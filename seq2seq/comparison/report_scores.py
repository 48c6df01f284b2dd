"""Write the scores of a comparison as sentences, tables and figures."""

from collections.abc import Sequence
from pathlib import Path

from seq2seq.comparison.examples import FIGURES
from seq2seq.comparison.formatting import format_difference, format_interval, format_spread
from seq2seq.comparison.results import ComparisonResults, Difference, TestSetResult
from seq2seq.evaluation.metrics import MetricName
from seq2seq.plotting import charts
from seq2seq.plotting.document import Block, Heading, Picture, Table

LABELS: dict[MetricName, str] = {"bleu": "BLEU", "chrf": "chrF"}


def summarize(results: ComparisonResults) -> list[str]:
    """Return the differences on the first test set, one sentence or more for each variant."""
    first = results.test_sets[0]
    baseline = next(iter(results.seeds))
    scores = first.scores
    sentences = []
    for name, difference in first.differences["bleu"].items():
        text = (
            f"On {first.label}, {name} has {format_spread(scores[name]['bleu'])} BLEU and {baseline} has "
            f"{format_spread(scores[baseline]['bleu'])}: a difference of {format_difference(difference.difference)}. "
            f"95% confidence interval: {format_interval(difference.over_test_sets)} (bootstrap over "
            f"{difference.samples:,} resampled test sets)."
        )
        if difference.over_seeds:
            seeds = len(difference.by_seed)
            interval = format_interval(difference.over_seeds)
            text += f" 95% confidence interval over seeds: {interval} (Student's t, {seeds} seeds)."
        else:
            text += " Only one seed: no interval over seeds."
        sentences.append(f"{text} {summarize_chrf(first.differences['chrf'][name])}")
    return sentences


def summarize_chrf(difference: Difference) -> str:
    """Return the difference in chrF as a sentence."""
    intervals = f"95% CI over test sets: {format_interval(difference.over_test_sets)}"
    if difference.over_seeds:
        intervals += f"; over seeds: {format_interval(difference.over_seeds)}"
    return f"In chrF, the difference is {format_difference(difference.difference)} ({intervals})."


def score_section(folder: Path, results: ComparisonResults) -> list[Block]:
    """Return the scores of each test set: differences, tests, and BLEU by length."""
    blocks: list[Block] = []
    for test_set in results.test_sets:
        blocks.append(Heading(2, f"BLEU and chrF: {test_set.label} ({test_set.sentences:,} sentences)"))
        blocks += [difference_table(test_set, metric) for metric in LABELS]
        blocks += [paired_test_table(test_set), *length_section(folder, test_set, spread_caption(results))]
    return blocks


def difference_table(test_set: TestSetResult, metric: MetricName) -> Table:
    """Return a table of each variant's score and its difference from the first variant."""
    scores = test_set.scores
    baseline, *others = scores
    rows = [["variant", LABELS[metric], f"− {baseline}", "95% CI over test sets", "95% CI over seeds"]]
    rows.append([baseline, format_spread(scores[baseline][metric]), "", "", ""])
    for name in others:
        difference = test_set.differences[metric][name]
        intervals = [format_interval(difference.over_test_sets), format_interval(difference.over_seeds)]
        gain = format_difference(difference.difference)
        rows.append([name, format_spread(scores[name][metric]), gain, *intervals])
    return Table(rows)


def paired_test_table(test_set: TestSetResult) -> Table:
    """Return a table of each seed's difference from the first variant, with the p-value of the paired bootstrap."""
    baseline = next(iter(test_set.scores))
    rows = [["paired bootstrap test", "seed", "difference", "95% CI over test sets", "p-value"]]
    for metric, label in LABELS.items():
        for name, difference in test_set.differences[metric].items():
            for result in difference.by_seed:
                seeds = " and ".join(map(str, dict.fromkeys(result.seeds)))
                interval = format_interval(result.over_test_sets)
                numbers = [format_difference(result.difference), interval, f"{result.p_value:.4f}"]
                rows.append([f"{label}, {name} − {baseline}", seeds, *numbers])
    return Table(rows)


def length_section(folder: Path, test_set: TestSetResult, caption_end: str) -> list[Block]:
    """Return BLEU by the length of the source: a figure, and a table of its numbers.

    Args:
        folder: where the report goes.
        test_set: the results to show.
        caption_end: what the caption says about seeds.
    """
    buckets = test_set.by_length
    names = list(test_set.scores)
    ranges = [f"{bucket.low}–{bucket.high}" for bucket in buckets]
    stem = f"{FIGURES}/bleu-by-length.{test_set.name}"
    series = {name: [bucket.bleu[name].values for bucket in buckets] for name in names}
    labels = [f"{lengths}\n({bucket.sentences})" for lengths, bucket in zip(ranges, buckets, strict=True)]
    axes = (f"{test_set.length_unit} in the source sentence (number of sentences)", "BLEU")
    charts.lines(folder / stem, series, dict.fromkeys(names, range(len(buckets))), axes, labels)
    caption = f"BLEU by the length of the source sentence, {test_set.label}.{caption_end}"
    table = length_table(test_set, ranges)
    return [Heading(3, f"BLEU by length: {test_set.label}"), Picture(stem, caption), table]


def length_table(test_set: TestSetResult, ranges: Sequence[str]) -> Table:
    """Return a table of BLEU in each range of source lengths."""
    names = list(test_set.scores)
    baseline, *others = names
    rows = [[f"source {test_set.length_unit}", "sentences", *names, *(f"{other} − {baseline}" for other in others)]]
    for lengths, bucket in zip(ranges, test_set.by_length, strict=True):
        gains = [format_difference(bucket.bleu[other].mean - bucket.bleu[baseline].mean) for other in others]
        rows.append([lengths, str(bucket.sentences), *(format_spread(bucket.bleu[name]) for name in names), *gains])
    return Table(rows)


def spread_caption(results: ComparisonResults) -> str:
    """Return what a figure's caption says about seeds."""
    several = max(map(len, results.seeds.values())) > 1
    return " Mean over seeds ± one standard deviation." if several else ""

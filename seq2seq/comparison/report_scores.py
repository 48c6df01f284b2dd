"""Write the scores of a comparison as sentences, tables and figures."""

from collections.abc import Sequence
from pathlib import Path

from seq2seq.comparison.examples import FIGURES
from seq2seq.comparison.formatting import format_difference, format_interval, format_p, format_spread
from seq2seq.comparison.results import ComparisonResults, Difference, TestSetResult
from seq2seq.evaluation.metrics import MetricName
from seq2seq.plotting import charts
from seq2seq.plotting.document import Block, Heading, Paragraph, Picture, Table

LABELS: dict[MetricName, str] = {"bleu": "BLEU", "chrf": "chrF"}


def summarize(results: ComparisonResults) -> list[str]:
    """Return the differences on the first test set, one paragraph for each variant after the first.

    A pair of variants is compared in all metrics, several variants in BLEU: the table has the rest.
    """
    first = results.test_sets[0]
    baseline = next(iter(results.seeds))
    metrics: Sequence[MetricName] = ["bleu", "chrf"] if len(results.seeds) == 2 else ["bleu"]
    paragraphs = []
    for name in first.differences["bleu"]:
        sentences = [
            f"{name} has {format_spread(first.scores[name][metric])} {LABELS[metric]} and {baseline} has "
            f"{format_spread(first.scores[baseline][metric])}: {describe_difference(first.differences[metric][name])}."
            for metric in metrics
        ]
        if not first.differences["bleu"][name].over_seeds:
            sentences.append("One seed: no interval over seeds.")
        paragraphs.append(f"On {first.label}, {' '.join(sentences)}")
    return paragraphs


def describe_difference(difference: Difference) -> str:
    """Return a difference with its confidence intervals in words."""
    text = (
        f"a difference of {format_difference(difference.difference)} (95% confidence interval over test sets, "
        f"bootstrap: {format_interval(difference.over_test_sets)}"
    )
    if difference.over_seeds:
        text += f"; over {len(difference.by_seed)} seeds, Student's t: {format_interval(difference.over_seeds)}"
    return f"{text})"


def score_section(results: ComparisonResults) -> list[Block]:
    """Return one table of all scores, and what its columns are."""
    samples = next(iter(results.test_sets[0].differences["bleu"].values())).samples
    text = (
        f"95% confidence intervals: over test sets by a bootstrap over {samples:,} resampled test sets (Koehn 2004), "
        "over seeds by Student's t with the difference of each seed. p: the paired bootstrap test of each seed, "
        f"two-sided; {format_p(0, samples)} is the smallest value that {samples:,} samples can give. ± is one standard "
        "deviation over seeds."
    )
    return [Heading(2, "Scores"), Table(score_rows(results.test_sets), names=3), Paragraph(text)]


def score_rows(test_sets: Sequence[TestSetResult]) -> list[list[str]]:
    """Return the rows of the table of scores: for each test set and metric, one row for each variant."""
    several = any(difference.over_seeds for difference in test_sets[0].differences["bleu"].values())
    baseline = next(iter(test_sets[0].scores))
    over_seeds = ["95% CI over seeds"] if several else []
    rows = [["test set", "metric", "variant", "score", f"− {baseline}", "95% CI over test sets", *over_seeds, "p"]]
    for test_set in test_sets:
        label = f"{test_set.label} ({test_set.sentences:,})"
        for metric, name_of_metric in LABELS.items():
            for name, scores in test_set.scores.items():
                is_first = name == baseline
                cells = [label if is_first and metric == "bleu" else "", name_of_metric if is_first else "", name]
                cells.append(format_spread(scores[metric]))
                empty = [""] * (len(rows[0]) - len(cells))
                rows.append(cells + (empty if is_first else difference_cells(test_set.differences[metric][name])))
    return rows


def difference_cells(difference: Difference) -> list[str]:
    """Return a difference, its intervals and its p-values. Seeds with one p-value share it."""
    values = [format_p(result.p_value, difference.samples) for result in difference.by_seed]
    over_seeds = [format_interval(difference.over_seeds)] if difference.over_seeds else []
    return [
        format_difference(difference.difference),
        format_interval(difference.over_test_sets),
        *over_seeds,
        values[0] if len(set(values)) == 1 else ", ".join(values),
    ]


def main_figure(folder: Path, results: ComparisonResults) -> Picture:
    """Draw the figure of the answer: BLEU by length on the first test set."""
    return length_figure(folder, results, results.test_sets[0])


def length_section(folder: Path, results: ComparisonResults) -> list[Block]:
    """Return the numbers of BLEU by length, and the figures of the test sets after the first."""
    blocks: list[Block] = [Heading(2, "BLEU by length")]
    for number, test_set in enumerate(results.test_sets):
        blocks.append(Heading(3, test_set.label))
        if number:
            blocks.append(length_figure(folder, results, test_set))
        blocks.append(length_table(test_set))
    return blocks


def length_ranges(test_set: TestSetResult) -> list[str]:
    """Return the ranges of source lengths: 4–10."""
    return [f"{bucket.low}–{bucket.high}" for bucket in test_set.by_length]


def length_figure(folder: Path, results: ComparisonResults, test_set: TestSetResult) -> Picture:
    """Draw BLEU by the length of the source.

    Args:
        folder: where the report goes.
        results: what the caption speaks of.
        test_set: the results to draw.
    """
    buckets = test_set.by_length
    names = list(test_set.scores)
    stem = f"{FIGURES}/bleu-by-length.{test_set.name}"
    labels = [
        f"{lengths}\n({bucket.sentences})" for lengths, bucket in zip(length_ranges(test_set), buckets, strict=True)
    ]
    charts.lines(
        folder / stem,
        {name: [bucket.bleu[name].values for bucket in buckets] for name in names},
        dict.fromkeys(names, range(len(buckets))),
        (f"{test_set.length_unit} in the source sentence (number of sentences)", "BLEU"),
        labels,
        {name: [bucket.over_test_sets[name] for bucket in buckets] for name in names},
    )
    band = "Bands: 95% confidence intervals (bootstrap over the sentences of each length)."
    caption = f"BLEU by the length of the source sentence, {test_set.label}.{spread_caption(results) or f' {band}'}"
    return Picture(stem, caption)


def length_table(test_set: TestSetResult) -> Table:
    """Return a table of BLEU in each range of source lengths, and of the difference between two variants."""
    names = list(test_set.scores)
    is_pair = len(names) == 2
    gains = [f"{names[1]} − {names[0]}"] if is_pair else []
    rows = [[f"source {test_set.length_unit}", "sentences", *names, *gains]]
    for lengths, bucket in zip(length_ranges(test_set), test_set.by_length, strict=True):
        means = [bucket.bleu[name].mean for name in names]
        gains = [format_difference(means[1] - means[0])] if is_pair else []
        rows.append([lengths, str(bucket.sentences), *(format_spread(bucket.bleu[name]) for name in names), *gains])
    return Table(rows)


def spread_caption(results: ComparisonResults) -> str:
    """Return what a figure's caption says about seeds."""
    several = max(map(len, results.seeds.values())) > 1
    return " Mean over seeds ± one standard deviation." if several else ""

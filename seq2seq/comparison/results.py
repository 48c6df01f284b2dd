"""The records of a comparison's results: what report.json holds, and what the report is written from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seq2seq.evaluation.metrics import MetricName
from seq2seq.evaluation.significance import Interval
from seq2seq.provenance import Differences


@dataclass(frozen=True)
class Spread:
    """A value for each seed, their mean, and their standard deviation (n − 1; None for a single seed)."""

    values: Sequence[float]
    mean: float
    sd: float | None


@dataclass(frozen=True)
class PairedResult:
    """The difference between two runs on one test set, by a paired bootstrap test.

    Args:
        seeds: the seed of the first variant's run, and of the other's.
        over_test_sets: the 95% confidence interval over resampled test sets.
        difference: the other run's score minus the first's, in points from 0 to 100.
        p_value: two-sided.
        signature: sacreBLEU's, of the test.
    """

    seeds: Sequence[int]
    over_test_sets: Interval
    difference: float
    p_value: float
    signature: str


@dataclass(frozen=True)
class Difference:
    """The difference between a variant and the first one, in one metric on one test set.

    Args:
        difference: the mean over seeds, in points from 0 to 100.
        over_test_sets: the 95% confidence interval over resampled test sets (bootstrap).
        samples: the number of resampled test sets.
        over_seeds: the 95% confidence interval over seeds (Student's t); None for a single seed.
        by_seed: the difference of each pair of runs.
    """

    difference: float
    over_test_sets: Interval
    samples: int
    over_seeds: Interval | None
    by_seed: Sequence[PairedResult]


@dataclass(frozen=True)
class LengthBucketResult:
    """BLEU of the sentences whose source has `low` to `high` words (see `count_words`), both included.

    Args:
        bleu: by variant.
        over_test_sets: the 95% confidence interval of each variant's mean over resampled sentences (bootstrap).
    """

    low: int
    high: int
    sentences: int
    bleu: Mapping[str, Spread]
    over_test_sets: Mapping[str, Interval]


@dataclass(frozen=True)
class TestSetResult:
    """Everything that is measured on one test set. `differences` has the variants after the first.

    `length_unit` is what the lengths in `by_length` count: "words", or "characters" in scripts without spaces.
    """

    name: str
    label: str
    sentences: int
    length_unit: str
    signatures: Mapping[MetricName, str]
    scores: Mapping[str, Mapping[MetricName, Spread]]  # by variant
    differences: Mapping[MetricName, Mapping[str, Difference]]  # by variant
    by_length: Sequence[LengthBucketResult]


@dataclass(frozen=True)
class AlignmentResult:
    """Alignment error rates from 0 (best) to 1 (Och & Ney 2003).

    Args:
        rates: of each variant that attends.
        diagonal: the baseline: each target word is linked to the source word at the same relative position.
        upper_bound: the best rate with one link per target word.
    """

    rates: Mapping[str, Spread]
    diagonal: float
    upper_bound: float


@dataclass(frozen=True)
class PhenomenonResult:
    """The percentage of a phenomenon's sentences whose translation equals the reference."""

    sentences: int
    correct: Mapping[str, Spread]  # by variant


@dataclass(frozen=True)
class LearningPoint:
    """The validation BLEU of greedy translations after an update."""

    update: float
    epoch: float
    bleu: Spread


@dataclass(frozen=True)
class Costs:
    """The cost of training and using a variant. Speeds and times are means over seeds; None means not recorded."""

    parameters: int | None
    epochs: Sequence[float]  # of each seed's run
    updates: Sequence[float]
    training_seconds: float | None
    tokens_per_second: float  # target tokens, in training
    sentences_per_second: float  # translating the first test set
    hardware: Sequence[str]


@dataclass(frozen=True)
class ExampleTranslation:
    """The translation of an example by one run."""

    text: str
    chrf: float
    seed: int


@dataclass(frozen=True)
class Example:
    """A sentence on which the first variant and the last one differ much.

    Args:
        sentence: its number in the test set, counted from 1.
        source, reference: its text.
        translations: by variant.
        gain: the last variant's chrF minus the first's.
        figure: the path of the attention figure without its suffix, if there is one.
        attends: the variant whose attention the figure shows.
    """

    sentence: int
    source: str
    reference: str
    translations: Mapping[str, ExampleTranslation]
    gain: float
    figure: str | None = None
    attends: str | None = None


@dataclass(frozen=True)
class Conditions:
    """The conditions of a comparison, so that a reader can trust and repeat it.

    Args:
        corpus: the corpus and its languages, in words.
        models: how the decoder of each variant reads the source, in words.
        remarks: sentences for the reader.
        differences: the keys of the recipe in which the variants differ.
        allowed: the differences that `--allow-difference` accepted.
        unchecked: what could not be checked.
        recipe: the first run's recipe, as YAML can hold it.
        command: the command that was typed.
        facts: other facts, by name.
    """

    corpus: str
    models: Mapping[str, str]
    remarks: Sequence[str]
    differences: Differences
    allowed: Differences
    unchecked: Sequence[str]
    recipe: Mapping[str, Any]
    command: str
    facts: Mapping[str, str]


@dataclass(frozen=True)
class ComparisonResults:
    """Everything that a comparison measured. The other variants are compared with the first.

    Args:
        seeds: by variant.
        test_sets: the recipe's test split first.
        alignment: None if the test split has no gold alignments.
        phenomena: by phenomenon; None if the test split names none.
        learning: by variant, as far as all seeds were trained.
        costs: by variant.
        examples: of the first test set.
        conditions: how the comparison was made.
    """

    seeds: Mapping[str, Sequence[int]]
    test_sets: Sequence[TestSetResult]
    alignment: AlignmentResult | None
    phenomena: Mapping[str, PhenomenonResult] | None
    learning: Mapping[str, Sequence[LearningPoint]]
    costs: Mapping[str, Costs]
    examples: Sequence[Example]
    conditions: Conditions

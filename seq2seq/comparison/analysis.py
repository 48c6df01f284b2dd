"""Compute the results of a comparison from its scored runs."""

from collections.abc import Sequence
from statistics import mean, median

from seq2seq.comparison.examples import choose_examples
from seq2seq.comparison.results import (
    AlignmentResult,
    ComparisonResults,
    Conditions,
    Costs,
    LearningPoint,
    PhenomenonResult,
)
from seq2seq.comparison.scores import Variants, compute_spread, score_test_set
from seq2seq.comparison.test_sets import AnnotatedTestSet, ScoredRun
from seq2seq.evaluation.metrics import Links, alignment_error_rate
from seq2seq.text.pharaoh import parse_pharaoh

ALL_SENTENCES = "all sentences"


def compute_results(
    runs: Sequence[ScoredRun], test_sets: Sequence[AnnotatedTestSet], conditions: Conditions
) -> ComparisonResults:
    """Return everything that is measured. The other variants are compared with the first run's variant."""
    variants = group_by_variant(runs)
    first = test_sets[0]
    return ComparisonResults(
        seeds={name: [scored.run.seed for scored in group] for name, group in variants.items()},
        test_sets=[score_test_set(variants, test_set) for test_set in test_sets],
        alignment=score_alignment(variants, first) if first.alignments is not None else None,
        phenomena=score_phenomena(variants, first) if first.phenomena is not None else None,
        learning={name: learning_curve(group) for name, group in variants.items()},
        costs={name: compute_costs(group, first.pairs.name) for name, group in variants.items()},
        examples=choose_examples(variants, first),
        conditions=conditions,
    )


def group_by_variant(runs: Sequence[ScoredRun]) -> dict[str, list[ScoredRun]]:
    """Return the runs of each variant in the order of their seeds. The variants keep their order."""
    groups: dict[str, list[ScoredRun]] = {scored.run.variant: [] for scored in runs}
    for scored in sorted(runs, key=lambda scored: scored.run.seed):
        groups[scored.run.variant].append(scored)
    return groups


def score_alignment(variants: Variants, test_set: AnnotatedTestSet) -> AlignmentResult:
    """Return the error rates of the attention's strongest link of each target word, while the references are read.

    The baseline and the upper bound need no model: the diagonal, and one gold link per target word.
    """
    gold = test_set.alignments or ()
    lengths = [
        (len(source.split()), len(target.split()))
        for source, target in zip(test_set.pairs.sources, test_set.pairs.references, strict=True)
    ]
    best = [one_gold_link(links, target_length) for links, (_, target_length) in zip(gold, lengths, strict=True)]
    return AlignmentResult(
        rates={
            name: compute_spread([alignment_error_rate(scored.links, gold) for scored in group])
            for name, group in variants.items()
            if group[0].links
        },
        diagonal=alignment_error_rate([diagonal_links(*both) for both in lengths], gold),
        upper_bound=alignment_error_rate(best, gold),
    )


def diagonal_links(source_length: int, target_length: int) -> Links:
    """Return a link from each target word to the source word at the same relative position. Lengths are in words."""
    return [(target * source_length // target_length, target) for target in range(target_length)]


def one_gold_link(gold: str, target_length: int) -> Links:
    """Return one gold link for each target word, and a wrong one for a target word that has no gold link."""
    first: dict[int, int] = {}
    for source, target in parse_pharaoh(gold):
        first.setdefault(target, source)
    return [(first.get(target, -1), target) for target in range(target_length)]


def score_phenomena(variants: Variants, test_set: AnnotatedTestSet) -> dict[str, PhenomenonResult]:
    """Return, for each phenomenon of the grammar, the percentage of its sentences that equal a reference."""
    name = test_set.pairs.name
    references = list(zip(test_set.pairs.references, *test_set.pairs.more_references, strict=True))
    correct = {
        variant: [
            [text in lines for text, lines in zip(scored.evaluations[name].hypotheses, references, strict=True)]
            for scored in group
        ]
        for variant, group in variants.items()
    }
    members: dict[str, list[int]] = {ALL_SENTENCES: list(range(len(references)))}
    for row, phenomena in enumerate(test_set.phenomena or ()):
        for phenomenon in phenomena:
            members.setdefault(phenomenon, []).append(row)
    return {
        phenomenon: PhenomenonResult(
            len(rows),
            {
                variant: compute_spread([100 * mean(run[row] for row in rows) for run in runs])
                for variant, runs in correct.items()
            },
        )
        for phenomenon, rows in sorted(members.items(), key=lambda item: (item[0] != ALL_SENTENCES, item[0]))
    }


def learning_curve(group: Sequence[ScoredRun]) -> list[LearningPoint]:
    """Return the validation BLEU after each validation, as far as all seeds were trained."""
    runs = [scored.run.epochs for scored in group]
    return [
        LearningPoint(rows[0].update, rows[0].epoch, compute_spread([row.validation_bleu for row in rows]))
        for rows in zip(*runs, strict=False)
    ]


def compute_costs(group: Sequence[ScoredRun], test_set: str) -> Costs:
    """Return the parameters, updates and times of a variant. Other work on the machine may have slowed it down."""
    runs = [scored.run for scored in group]
    seconds = [run.provenance.training_seconds for run in runs if run.provenance.training_seconds is not None]
    return Costs(
        parameters=runs[0].provenance.parameters,
        epochs=[run.epochs[-1].epoch for run in runs],
        updates=[run.epochs[-1].update for run in runs],
        training_seconds=mean(seconds) if seconds else None,
        tokens_per_second=mean(median(row.tokens_per_second for row in run.epochs) for run in runs),
        sentences_per_second=mean(scored.evaluations[test_set].sentences_per_second for scored in group),
        hardware=sorted({str(run.provenance.hardware) for run in runs}),
    )

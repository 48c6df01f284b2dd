"""Choose the sentences that a report shows, and draw the attention over them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from seq2seq.comparison.finished_runs import FinishedRun
from seq2seq.comparison.results import Example, ExampleTranslation
from seq2seq.comparison.scores import Variants
from seq2seq.comparison.test_sets import AnnotatedTestSet
from seq2seq.evaluation import metrics
from seq2seq.plotting import charts, figures
from seq2seq.run import Run
from seq2seq.text.words import count_words

EXAMPLES = 3  # the number of sentences shown for which each of two variants is better
FIGURES = "figures"  # the folder of the figures, beside the report


def choose_examples(variants: Variants, test_set: AnnotatedTestSet) -> list[Example]:
    """Return the sentences on which the first variant and the last one differ most, by chrF, with their first seeds.

    They come from the longer half of the sentences, because one word changes a short sentence too much. Those for which
    the last variant is better come first. Equal differences keep the order of the test set.
    """
    pairs = test_set.pairs
    baseline, *_, other = variants
    first_runs = {variant: variants[variant][0] for variant in (baseline, other)}
    translations = {
        variant: [
            ExampleTranslation(text, metrics.chrf([text], [reference]).value, scored.run.seed)
            for text, reference in zip(scored.evaluations[pairs.name].hypotheses, pairs.references, strict=True)
        ]
        for variant, scored in first_runs.items()
    }
    gains = [
        after.chrf - before.chrf for before, after in zip(translations[baseline], translations[other], strict=True)
    ]
    lengths = [count_words(source) for source in pairs.sources]
    shortest = median(lengths)
    rows = [row for row, length in enumerate(lengths) if length >= shortest]
    best = [row for row in sorted(rows, key=lambda row: -gains[row])[:EXAMPLES] if gains[row] > 0]
    worst = [row for row in sorted(rows, key=gains.__getitem__)[:EXAMPLES] if gains[row] < 0]
    return [
        Example(
            sentence=row + 1,
            source=pairs.sources[row],
            reference=pairs.references[row],
            translations={variant: texts[row] for variant, texts in translations.items()},
            gain=gains[row],
        )
        for row in best + worst
    ]


def draw_example(example: Example, runs: Sequence[FinishedRun], folder: Path) -> Example:
    """Draw the attention over an example's translation, and return the example with the figure's name.

    The figure shows the last variant if it attends, or else the first. If neither attends, there is no figure.

    Args:
        example: what to draw.
        runs: the runs of the comparison.
        folder: where the report goes.

    Raises:
        UserError: a run cannot be loaded, or a file cannot be written.
    """
    folders = {(run.variant, run.seed): run.folder for run in runs}
    stem = f"{FIGURES}/sentence-{example.sentence}"
    for variant, translation in reversed([*example.translations.items()]):
        translator = Run(folders[variant, translation.seed]).load_translator()
        alignment = translator.align_pair(example.source, translation.text)
        if translator.model.attends and alignment.matrix.numel():
            for suffix in charts.SUFFIXES:
                figures.alignment_figure(folder / f"{stem}{suffix}", *alignment)
            return replace(example, figure=stem, attends=variant)
    return example

"""Load the test sets and translate them with every run of a comparison."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seq2seq.comparison.finished_runs import FinishedRun
from seq2seq.errors import UserError
from seq2seq.evaluation.evaluate import (
    Evaluation,
    EvaluationSet,
    Lines,
    evaluate,
    search_name,
    several_references,
    single_best,
)
from seq2seq.evaluation.options import MetricTokenizer
from seq2seq.run import Run
from seq2seq.terminal_text import one_line, write_message
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.loading import load_annotations
from seq2seq.text.pharaoh import WordLinks
from seq2seq.translation.translator import Translator
from seq2seq.translation.word_alignment import strongest_links


class AnnotatedTestSet(NamedTuple):
    """Sentences that all runs translate, with the annotations of the corpus.

    `alignments` has the gold links of each pair, in Pharaoh's format; `phenomena` the grammar's names for each
    pair. Either is None where the corpus does not have it.
    """

    pairs: EvaluationSet
    label: str  # what the report calls it
    alignments: Sequence[str] | None = None
    phenomena: Sequence[Sequence[str]] | None = None
    lines: Lines = "parts"  # sentences that were joined are translated whole: how models do on them is the question


class ScoredRun(NamedTuple):
    """A finished run with its translations and scores."""

    run: FinishedRun
    evaluations: Mapping[str, Evaluation]  # by the name of the test set
    # For each pair of the first test set, the strongest link of each target word. Empty if the model does not
    # attend, or if there are no gold links.
    links: Sequence[WordLinks]


def load_test_sets(corpus: CorpusOptions, joins: Sequence[int] = ()) -> list[AnnotatedTestSet]:
    """Return the test split of a corpus, its split of long sentences, and the test split with sentences joined.

    Args:
        corpus: names the splits.
        joins: how many consecutive sentences to join to one, for a corpus without long sentences.

    Raises:
        UserError: the corpus has no test split, or sentences cannot be joined (see `join_sentences`).
    """
    if not corpus.test:
        raise UserError(f"corpus {corpus.path}: a comparison needs a test split; name one: --corpus.test NAME")
    test_sets = []
    for split in filter(None, (corpus.test, corpus.test_long)):
        # Load the pairs first: this turns the progress bars of `datasets` off if stderr is not a terminal.
        pairs = EvaluationSet.from_split(corpus, split)
        annotations = load_annotations(corpus, split)
        test_sets.append(AnnotatedTestSet(pairs, split, annotations.get("alignment"), annotations.get("phenomena")))
    return test_sets + [join_sentences(test_sets[0].pairs, count) for count in joins]


def join_sentences(pairs: EvaluationSet, count: int) -> AnnotatedTestSet:
    """Join every `count` consecutive sentences to one long sentence. The remainder is left out.

    Raises:
        UserError: `count` is less than 2, or more than there are sentences.
    """
    if count < 2 or count > len(pairs.sources):
        raise UserError(f"--join {count}: give a number of sentences from 2 to {len(pairs.sources)}")
    starts = range(0, len(pairs.sources) - count + 1, count)
    sources, references, *more = (
        [join(side[start : start + count]) for start in starts]
        for side in (pairs.sources, pairs.references, *pairs.more_references)
    )
    label = f"{pairs.name}, {count} consecutive sentences joined to one"
    joined = several_references(f"{pairs.name}.joined-{count}", [text or "" for text in sources], [references, *more])
    return AnnotatedTestSet(joined, label, lines="whole")


def join(sentences: Sequence[str | None]) -> str | None:
    """Return consecutive sentences as one; None if one of them is missing."""
    texts = [sentence for sentence in sentences if sentence is not None]
    return " ".join(texts) if len(texts) == len(sentences) else None


def score_run(
    run: FinishedRun, test_sets: Sequence[AnnotatedTestSet], tokenizer: MetricTokenizer | None = None
) -> ScoredRun:
    """Translate the test sets as the recipe searches, and score them. Saved translations are used if they fit.

    Args:
        run: what to score.
        test_sets: what to translate.
        tokenizer: sacreBLEU's, of BLEU; the recipe's by default.
    """
    tokenizer = tokenizer or run.recipe.metric_tokenizer
    folder = Run(run.folder)
    search = single_best(run.recipe.search)
    translator: Translator | None = None
    evaluations = {}
    for test_set in test_sets:
        pairs = test_set.pairs
        evaluation = folder.load_evaluation(pairs.name, search_name(search))
        if evaluation is None or not evaluation.is_of(pairs, search, tokenizer):
            translator = translator or folder.load_translator()
            write_message(f"{folder}: translating {pairs.name}")
            evaluation = evaluate(translator, pairs, search, tokenizer=tokenizer, lines=test_set.lines)
            try:
                folder.save_evaluation(evaluation)
            except UserError as error:  # the run is read-only, or its disk is full: the report needs no file of it
                write_message(one_line(f"the scores were not saved: {error}"))
        evaluations[pairs.name] = evaluation
    links: list[WordLinks] = []
    if test_sets[0].alignments is not None:
        translator = translator or folder.load_translator()
        if translator.model.attends:
            links = reference_links(translator, test_sets[0].pairs)
    return ScoredRun(run, evaluations, links)


def reference_links(translator: Translator, pairs: EvaluationSet) -> list[WordLinks]:
    """Return the strongest link of each target word while the model reads the reference translations.

    Words stand between spaces, in all scripts, because the words of gold alignments are numbered so.
    """
    return [
        strongest_links(translator.align_pair(source, target, spaces_only=True).matrix)
        for source, target in zip(pairs.sources, pairs.references, strict=True)
    ]

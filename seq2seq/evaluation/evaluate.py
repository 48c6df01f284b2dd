"""Translate a set of sentences and score the translations."""

import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from seq2seq.errors import UserError
from seq2seq.evaluation.metrics import Scores, score_corpus
from seq2seq.files import read_lines
from seq2seq.search.options import SearchOptions
from seq2seq.text.corpus import CorpusOptions
from seq2seq.translation.quantization import Weights
from seq2seq.translation.translator import Translator

CHUNK = 500  # sentences between two updates of the progress bar


@dataclass(frozen=True)
class EvaluationSet:
    """Source sentences and their reference translations.

    Args:
        name: the split's name, or a file's.
        sources: the sentences to translate.
        references: their translations, in the same order.
    """

    name: str
    sources: Sequence[str]
    references: Sequence[str]

    def fingerprint(self) -> str:
        """Return the SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(json.dumps([list(self.sources), list(self.references)]).encode()).hexdigest()

    @staticmethod
    def from_split(corpus: CorpusOptions, split: str) -> "EvaluationSet":
        """Read a split of a corpus.

        Raises:
            UserError: see `load_split`.
        """
        from seq2seq.text.loading import load_split_in_memory  # imports `datasets`, which is slow

        rows = load_split_in_memory(corpus, split)
        return EvaluationSet(split, list(rows["source"]), list(rows["target"]))

    @staticmethod
    def from_files(source: Path, reference: Path) -> "EvaluationSet":
        """Read two text files with one sentence on each line.

        Raises:
            UserError: a file cannot be read, or one has more lines than the other.
        """
        sources, references = list(read_lines(source)), list(read_lines(reference))
        if len(sources) != len(references):
            raise UserError(
                f"{source} has {len(sources)} lines and {reference} has {len(references)}: they must be parallel"
            )
        # Keep the file's suffix, so that the name cannot clash with a split's name.
        return EvaluationSet(source.name, sources, references)


@dataclass(frozen=True)
class Evaluation:
    """The translations of an evaluation set, and their scores.

    Args:
        set_name: the name of the evaluation set.
        search_name: the name of the search: `greedy`, `beam 5`, `beam 5 int8`.
        search: the search options.
        scores: BLEU, lower-cased BLEU and chrF.
        fingerprint: the fingerprint of the evaluation set's text.
        sentences_per_second: the speed of translating, without loading the model.
        hypotheses: one translation for each source sentence.
    """

    set_name: str
    search_name: str
    search: SearchOptions
    scores: Scores
    fingerprint: str
    sentences_per_second: float
    hypotheses: Sequence[str]


def evaluate(
    translator: Translator, evaluation_set: EvaluationSet, search: SearchOptions, weights: Weights = "float32"
) -> Evaluation:
    """Translate an evaluation set and score the translations. A progress bar goes to standard error.

    Args:
        translator: the trained model.
        evaluation_set: what to translate.
        search: how to search.
        weights: the precision that the translator was loaded with. It becomes part of the search's name.

    Raises:
        UserError: the set has no sentences.
    """
    if not evaluation_set.sources:
        raise UserError(f"{evaluation_set.name}: no sentences to evaluate on")
    name = search_name(search) + (f" {weights}" if weights != "float32" else "")
    started = time.monotonic()
    hypotheses = translate_all(translator, evaluation_set.sources, search, f"{evaluation_set.name}, {name}")
    seconds = time.monotonic() - started
    return Evaluation(
        set_name=evaluation_set.name,
        search_name=name,
        search=search,
        scores=score_corpus(hypotheses, evaluation_set.references),
        fingerprint=evaluation_set.fingerprint(),
        sentences_per_second=round(len(hypotheses) / seconds, 1),
        hypotheses=hypotheses,
    )


def single_best(search: SearchOptions) -> SearchOptions:
    """Return a recipe's search options for one best translation: sampled translations cannot be scored as a beam's."""
    return replace(search, sampling=False, n_best=1)


def translate_all(translator: Translator, sources: Sequence[str], search: SearchOptions, label: str) -> list[str]:
    """Return the best translation of every sentence, in order. Long sentences are translated first.

    Args:
        label: what the progress bar shows.
    """
    order = sorted(range(len(sources)), key=lambda index: -len(sources[index]))
    texts = [""] * len(sources)
    chunks = [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]
    console = Console(stderr=True)
    for chunk in track(chunks, label, console=console, transient=True, disable=not sys.stderr.isatty()):
        translations = translator.sentences.translate([sources[index] for index in chunk], search)
        for index, best in zip(chunk, translations, strict=True):
            texts[index] = best[0].text
    return texts


def search_name(search: SearchOptions) -> str:
    """Return the name of a search in reports."""
    return "greedy" if search.beam_size == 1 else f"beam {search.beam_size}"


def format_scores(evaluations: Sequence[Evaluation]) -> str:
    """Return the scores as lines for a terminal, each with its signature."""
    lines = []
    for evaluation in evaluations:
        count, speed = len(evaluation.hypotheses), evaluation.sentences_per_second
        lines.append(f"{evaluation.set_name}, {evaluation.search_name}: {count} sentences, {speed}/s")
        labels = ("BLEU", "BLEU lower-cased", "chrF")
        for label, score in zip(labels, evaluation.scores, strict=True):
            lines.append(f"  {label:<17}{score.value:6.2f}  {score.signature}")
    return "\n".join(lines)

"""Translate a set of sentences and score the translations."""

import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from seq2seq.errors import UserError
from seq2seq.evaluation.metrics import MoreReferences, Scores, make_metric, score_corpus
from seq2seq.evaluation.options import MetricTokenizer
from seq2seq.files import check_file_name
from seq2seq.search.options import SearchOptions
from seq2seq.terminal_text import printable
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.lines import text_lines
from seq2seq.translation.quantization import Weights
from seq2seq.translation.translator import Translator

CHUNK = 500  # sentences between two updates of the progress bar

# How lines are translated. "parts": as `translate` does it, each sentence alone if the model has rarely seen several on
# a line, and lines that are too long in parts. "whole": each line as one sentence, whatever it holds.
Lines = Literal["parts", "whole"]


@dataclass(frozen=True)
class EvaluationSet:
    """Source lines and their reference translations.

    The text is as it is on the disk, without line ends. The model sees normalised sources; the metrics see the
    references' own text. So a split and a pair of files with the same text have the same scores.

    Args:
        name: the split's name, or a file's.
        sources: the lines to translate, one sentence each or more.
        references: their translations, in the same order.
        more_references: for a set with several references: the others. None stands where a sentence has fewer.

    Raises:
        UserError: the name cannot be part of a file's name.
    """

    name: str
    sources: Sequence[str]
    references: Sequence[str]
    more_references: MoreReferences = ()

    def __post_init__(self) -> None:
        check_file_name(self.name, "set of sentences")

    def fingerprint(self) -> str:
        """Return the SHA-256 of the text, in hexadecimal."""
        texts = [list(lines) for lines in (self.sources, self.references, *self.more_references)]
        return hashlib.sha256(json.dumps(texts).encode()).hexdigest()

    @staticmethod
    def from_split(corpus: CorpusOptions, split: str) -> "EvaluationSet":
        """Read a split of a corpus. Numbered references (see `load_references`) are used if it has any.

        The target column stands for `ref0` if there is none.

        Raises:
            UserError: see `load_split`; or the references are not equally many.
        """
        from seq2seq.text.loading import load_split_in_memory  # imports `datasets`, which is slow
        from seq2seq.text.references import load_references

        check_file_name(split, "split")
        rows = load_split_in_memory(corpus, split)
        references: dict[int, list[str | None]] = {0: list(rows["target"])} | load_references(corpus, split)
        for number, lines in references.items():
            if len(lines) != len(rows):
                raise UserError(
                    f"corpus {corpus.path}: split {split!r} has {len(rows)} sentences and {len(lines)} in ref{number}"
                )
        return several_references(split, list(rows["source"]), [references[number] for number in sorted(references)])

    @staticmethod
    def from_files(source: Path, *references: Path) -> "EvaluationSet":
        """Read text files with one sentence on each line: the source, and one or more references.

        Raises:
            UserError: a file cannot be read, or one has more lines than another.
        """
        sources = list(text_lines(source))
        translations: list[list[str | None]] = []
        for path in references:
            translations.append([*text_lines(path)])
            if len(sources) != len(translations[-1]):
                raise UserError(
                    f"{source} has {len(sources)} lines and {path} has {len(translations[-1])}: they must be parallel"
                )
        # Keep the file's suffix, so that the name cannot clash with a split's name.
        return several_references(source.name, sources, translations)


def several_references(name: str, sources: Sequence[str], references: Sequence[Sequence[str | None]]) -> EvaluationSet:
    """Return an evaluation set with one or more references for each sentence.

    Of several references, one that is None or blank is left out. A sentence keeps at least one, which may be empty.
    """
    if len(references) == 1:
        return EvaluationSet(name, sources, [text or "" for text in references[0]])
    rows = [[text for text in texts if text and not text.isspace()] or [""] for texts in zip(*references, strict=True)]
    most = max(map(len, rows), default=1)
    more = [[texts[number] if number < len(texts) else None for texts in rows] for number in range(1, most)]
    return EvaluationSet(name, sources, [texts[0] for texts in rows], more)


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
        tokenizer: sacreBLEU's, of BLEU.
        cut_lines: how many lines were translated in parts.
    """

    set_name: str
    search_name: str
    search: SearchOptions
    scores: Scores
    fingerprint: str
    sentences_per_second: float
    hypotheses: Sequence[str]
    tokenizer: MetricTokenizer = "13a"
    cut_lines: int = 0

    def is_of(self, evaluation_set: EvaluationSet, search: SearchOptions, tokenizer: MetricTokenizer) -> bool:
        """Return whether these are the scores of a set as it is now, by the given search and tokenizer of BLEU."""
        is_whole = len(self.hypotheses) == len(evaluation_set.sources)
        is_same = (self.search, self.tokenizer, self.fingerprint) == (search, tokenizer, evaluation_set.fingerprint())
        return is_whole and is_same


class Hypotheses(NamedTuple):
    """The best translation of each line, and how many lines were translated in parts."""

    texts: list[str]
    cut_lines: int


def evaluate(
    translator: Translator,
    evaluation_set: EvaluationSet,
    search: SearchOptions,
    weights: Weights = "float32",
    tokenizer: MetricTokenizer = "13a",
    lines: Lines = "parts",
) -> Evaluation:
    """Translate an evaluation set and score the translations. A progress bar goes to standard error.

    Args:
        translator: the trained model.
        evaluation_set: what to translate.
        search: how to search.
        weights: the precision that the translator was loaded with. It becomes part of the search's name.
        tokenizer: sacreBLEU's, of BLEU.
        lines: whether lines may be translated in parts.

    Raises:
        UserError: the set has no sentences, or the packages of the tokenizer are not installed.
    """
    make_metric("bleu", tokenizer)  # Report missing packages before minutes of translating.
    if not evaluation_set.sources:
        raise UserError(f"{evaluation_set.name}: no sentences to evaluate on")
    name = search_name(search) + (f" {weights}" if weights != "float32" else "")
    started = time.monotonic()
    label = f"{evaluation_set.name}, {name}"
    hypotheses, cut_lines = translate_all(translator, evaluation_set.sources, search, label, lines)
    seconds = time.monotonic() - started
    return Evaluation(
        set_name=evaluation_set.name,
        search_name=name,
        search=search,
        scores=score_corpus(hypotheses, evaluation_set.references, tokenizer, evaluation_set.more_references),
        fingerprint=evaluation_set.fingerprint(),
        sentences_per_second=round(len(hypotheses) / seconds, 1),
        hypotheses=hypotheses,
        tokenizer=tokenizer,
        cut_lines=cut_lines,
    )


def single_best(search: SearchOptions) -> SearchOptions:
    """Return a recipe's search options for one best translation: sampled translations cannot be scored as a beam's."""
    return replace(search, sampling=False, n_best=1)


def translate_all(
    translator: Translator, sources: Sequence[str], search: SearchOptions, label: str, lines: Lines
) -> Hypotheses:
    """Return the best translation of every line, in order. Long lines are translated first.

    Args:
        label: what the progress bar shows.
        lines: see `Lines`.
    """
    cut_lines = 0
    order = sorted(range(len(sources)), key=lambda index: -len(sources[index]))
    texts = [""] * len(sources)
    chunks = [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]
    console = Console(stderr=True)
    label = escape(printable(label))  # rich takes [red] for markup
    for chunk in track(chunks, label, console=console, transient=True, disable=not sys.stderr.isatty()):
        chosen = [sources[index] for index in chunk]
        if lines == "parts":
            translations = [best for best, *_ in translator.n_best(chosen, search)]
            cut_lines += sum(len(translation.parts) > 1 for translation in translations)
            best_texts = [translation.text for translation in translations]
        else:
            best_texts = [best.text for best, *_ in translator.sentences.translate(chosen, search)]
        for index, text in zip(chunk, best_texts, strict=True):
            texts[index] = text
    return Hypotheses(texts, cut_lines)


def search_name(search: SearchOptions) -> str:
    """Return the name of a search in reports."""
    return "greedy" if search.beam_size == 1 else f"beam {search.beam_size}"


def format_scores(evaluations: Sequence[Evaluation]) -> str:
    """Return the scores as lines for a terminal, each with its signature."""
    lines = []
    for evaluation in evaluations:
        count, speed = len(evaluation.hypotheses), evaluation.sentences_per_second
        lines.append(f"{printable(evaluation.set_name)}, {evaluation.search_name}: {count} sentences, {speed}/s")
        labels = ("BLEU", "BLEU lower-cased", "chrF")
        for label, score in zip(labels, evaluation.scores, strict=True):
            lines.append(f"  {label:<17}{score.value:6.2f}  {score.signature}")
    for name, count in {evaluation.set_name: evaluation.cut_lines for evaluation in evaluations}.items():
        if count:
            subject = (
                "1 line has several sentences or is" if count == 1 else f"{count} lines have several sentences or are"
            )
            lines.append(f"{name}: {subject} too long, and was translated in parts")
    return "\n".join(lines)

"""Scoring a run: its translations of a split, or of a user's own files, greedy and by beam."""

import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import track

from seq2seq import run
from seq2seq.errors import UserError
from seq2seq.files import read_lines, write
from seq2seq.metrics import score
from seq2seq.precision import Weights
from seq2seq.reading import load_whole
from seq2seq.recipe import Recipe
from seq2seq.search import SearchOptions
from seq2seq.translator import Translator

CHUNK = 500  # sentences between two moves of the progress bar


class Pairs(NamedTuple):
    """What is translated, and what it is compared with."""

    name: str
    sources: list[str]
    references: list[str]

    def fingerprint(self) -> str:
        """The SHA-256 of its text."""
        return hashlib.sha256(json.dumps(self[1:]).encode()).hexdigest()


def of_split(recipe: Recipe, split: str) -> Pairs:
    """A split of the recipe's corpus."""
    rows = load_whole(recipe.corpus, split)
    return Pairs(split, list(rows["source"]), list(rows["target"]))


def of_files(source: Path, reference: Path) -> Pairs:
    """Two text files, a sentence a line.

    Raises:
        UserError: one has more lines than the other.
    """
    sources, references = list(read_lines(source)), list(read_lines(reference))
    if len(sources) != len(references):
        raise UserError(
            f"{source} has {len(sources)} lines and {reference} has {len(references)}: they must be parallel"
        )
    return Pairs(source.name, sources, references)  # with its ending: no split is called so


def scored_by(options: SearchOptions) -> SearchOptions:
    """A run's own way of searching for one best translation: a sample would be called a beam's, and have no score."""
    return replace(options, sampling=False, n_best=1)


def evaluate(
    translator: Translator, folder: Path, pairs: Pairs, searches: Sequence[SearchOptions], weights: Weights = "float32"
) -> dict[str, Any]:
    """Translate and score; keep the translations and the scores in the run's folder.

    Args:
        weights: the precision that the translator was loaded with, for the results' names.

    Returns:
        for each search, by its name (`greedy`, `beam 5`, `beam 5 int8`): BLEU, lower-cased BLEU and chrF with their
        signatures, how it searched and in what text, and sentences a second.

    Raises:
        UserError: nothing to translate.
    """
    if not pairs.sources:
        raise UserError(f"{pairs.name}: no sentences to evaluate on")
    results: dict[str, Any] = {}
    for options in searches:
        name = search_name(options) + (f" {weights}" if weights != "float32" else "")
        started = time.monotonic()
        hypotheses = translate_all(translator, pairs.sources, options, f"{pairs.name}, {name}")
        seconds = time.monotonic() - started
        path = folder / "hypotheses" / f"{pairs.name}.{name.replace(' ', '-')}.txt"
        write(path, "".join(f"{text}\n" for text in hypotheses))
        results[name] = {
            **score(hypotheses, pairs.references),
            "search": asdict(options),
            "text": pairs.fingerprint(),
            "sentences": len(hypotheses),
            "sentences_per_second": round(len(hypotheses) / seconds, 1),
            "hypotheses": str(path.relative_to(folder)),
        }
    scored = run.read_scores(folder).get("scores", {})
    run.add_scores(folder, {"scores": scored | {pairs.name: scored.get(pairs.name, {}) | results}})
    return results


def translate_all(translator: Translator, sources: Sequence[str], options: SearchOptions, what: str) -> list[str]:
    """The best translation of every sentence, in order; a progress bar on stderr. Long sentences go first."""
    order = sorted(range(len(sources)), key=lambda index: -len(sources[index]))
    texts = [""] * len(sources)
    chunks = [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]
    console = Console(stderr=True)
    for chunk in track(chunks, what, console=console, transient=True, disable=not sys.stderr.isatty()):
        translations = translator.translate([sources[index] for index in chunk], options)
        for index, best in zip(chunk, translations, strict=True):
            texts[index] = best[0].text
    return texts


def search_name(options: SearchOptions) -> str:
    """What a way of searching is called in reports."""
    return "greedy" if options.width == 1 else f"beam {options.width}"


def table(name: str, results: dict[str, Any]) -> str:
    """The scores for a terminal, each with its signature."""
    lines = []
    for search, result in results.items():
        lines.append(f"{name}, {search}: {result['sentences']} sentences, {result['sentences_per_second']}/s")
        for key, label in (("bleu", "BLEU"), ("bleu_lowercase", "BLEU lower-cased"), ("chrf", "chrF")):
            lines.append(f"  {label:<17}{result[key]['value']:6.2f}  {result[key]['signature']}")
    return "\n".join(lines)

"""What a comparison measures its runs by: the same held-out sets, translated as the recipe searches."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from seq2seq import alignment, evaluation, run
from seq2seq.alignment import Alignment
from seq2seq.errors import UserError
from seq2seq.evaluation import Pairs
from seq2seq.files import read_lines
from seq2seq.reading import annotations
from seq2seq.recipe import Recipe
from seq2seq.trainings import Finished
from seq2seq.translator import Translation, Translator


class HeldOut(NamedTuple):
    """Sentences that all runs translate, with what is known of them: gold alignments, phenomena."""

    pairs: Pairs
    label: str
    known: Mapping[str, list[Any]]


class Scored(NamedTuple):
    """A finished run and what it makes of the held-out sets, by their names."""

    trained: Finished
    translations: dict[str, list[str]]
    results: dict[str, dict[str, Any]]  # as `evaluation.evaluate` gives them
    links: list[list[tuple[int, int]]]  # of the first set's sources and references, where there are gold ones for them


def held_out(recipe: Recipe, joins: Sequence[int] = ()) -> list[HeldOut]:
    """The recipe's test split, its split of long sentences, and the test split's sentences joined.

    Args:
        joins: how many consecutive sentences to make one of, for corpora that have no long ones.

    Raises:
        UserError: the recipe names no test split.
    """
    if not recipe.corpus.test:
        raise UserError(f"corpus {recipe.corpus.path}: a comparison needs a test split; name one: --corpus.test NAME")
    splits = [split for split in (recipe.corpus.test, recipe.corpus.test_long) if split]
    found = [HeldOut(evaluation.of_split(recipe, split), split, annotations(recipe.corpus, split)) for split in splits]
    return found + [joined(found[0].pairs, count) for count in joins]


def joined(pairs: Pairs, count: int) -> HeldOut:
    """Every `count` consecutive sentences as one: long, but no sentence that anybody wrote. The rest are left out."""
    if count < 2 or count > len(pairs.sources):
        raise UserError(f"--join {count}: give a number of sentences from 2 to {len(pairs.sources)}")
    starts = range(0, len(pairs.sources) - count + 1, count)
    sources, references = (
        [" ".join(side[start : start + count]) for start in starts] for side in (pairs.sources, pairs.references)
    )
    label = f"{pairs.name}, {count} consecutive sentences joined to one"
    return HeldOut(Pairs(f"{pairs.name}.joined-{count}", sources, references), label, {})


def score(trained: Finished, sets: Sequence[HeldOut]) -> Scored:
    """Translate the held-out sets as the recipe searches, where that has not been done, and score them."""
    options = evaluation.scored_by(trained.recipe.search)
    search = evaluation.search_name(options)
    translator: Translator | None = None
    translations, results = {}, {}
    for pairs in (each.pairs for each in sets):
        known = trained.scores.get("scores", {}).get(pairs.name, {}).get(search, {})
        path = trained.folder / str(known.get("hypotheses"))
        same = known.get("search") == asdict(options) and known.get("text") == pairs.fingerprint()
        if not (same and path.is_file()):
            translator = translator or run.load(trained.folder)[0]
            print(f"{trained.folder}: translating {pairs.name}", file=sys.stderr, flush=True)
            known = evaluation.evaluate(translator, trained.folder, pairs, [options])[search]
            path = trained.folder / known["hypotheses"]
        translations[pairs.name], results[pairs.name] = list(read_lines(path)), known
    found: list[list[tuple[int, int]]] = []
    if "alignment" in sets[0].known:
        translator = translator or run.load(trained.folder)[0]
        if translator.model.decoder.context.attends:
            pairs = sets[0].pairs
            both = zip(pairs.sources, pairs.references, strict=True)
            found = [alignment.links(align(translator, *pair).matrix) for pair in both]
    return Scored(trained, translations, results, found)


def align(translator: Translator, source: str, target: str) -> Alignment:
    """Attention over words while a given translation is read; all zero where the model does not attend."""
    tokenizer = translator.tokenizer
    [source_ids], [target_ids] = tokenizer.encode_source([source]), tokenizer.encode_target([target])
    pieces = tokenizer.source_pieces(source_ids), tokenizer.target_pieces(target_ids)
    forced = Translation(target, 0.0, 0.0, *pieces, tuple(source_ids), tuple(target_ids))
    return alignment.merge(translator.align(forced), *pieces)

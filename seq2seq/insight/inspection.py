"""Inspect a translation: its gates and states, its attention, and the search that made it."""

from collections.abc import Sequence
from dataclasses import dataclass

from seq2seq.errors import UserError
from seq2seq.insight.forced_reading import read_translation
from seq2seq.insight.gates import BLANK, SentenceGates, measure_gates
from seq2seq.insight.next_tokens import NextTokens, next_tokens
from seq2seq.insight.search_trace import translate_traced
from seq2seq.search.observation import Observer
from seq2seq.search.options import SearchOptions
from seq2seq.search.trace import SearchTrace
from seq2seq.text.special_tokens import EOS
from seq2seq.translation.long_text import cut
from seq2seq.translation.sentences import Prefix, SentenceTranslation
from seq2seq.translation.translator import Translator

MOST_TOKENS = 1000  # of a given sentence or translation


@dataclass(frozen=True)
class Inspection:
    """What a model did with one sentence.

    Args:
        source: the sentence, raw text.
        gates: the gates and states at each token.
        attention: the weights of each target token over the source tokens. None: the model does not attend.
        search: what the search did. None: the translation was given.
        next: the most probable next tokens at each step of the translation.
    """

    source: str
    gates: SentenceGates
    attention: list[list[float]] | None
    search: SearchTrace | None
    next: list[NextTokens]


def inspect_text(
    translator: Translator,
    text: str,
    options: SearchOptions | None = None,
    prefix: Prefix = "",
    units: Sequence[int] = (),
    observe: Observer | None = None,
) -> list[Inspection]:
    """Translate a text, and return what the model did with each of its sentences.

    `Translator.translate` cuts the text into the same parts. Only the first part begins with the prefix.

    Args:
        translator: the trained model.
        text: raw text of any length.
        options: how to search. The default is the run's recipe.
        prefix: what the translation must begin with.
        units: the units whose single values are wanted, counted from 0.
        observe: see `translate_traced`.

    Raises:
        UserError: see `translate_traced` and `measure_gates`.
    """
    parts = cut(text, translator.tokenizer, translator.cut_at_sentence_ends).parts
    inspections = []
    for place, part in enumerate(parts):
        translation, search = translate_traced(translator, part, options, "" if place else prefix, observe)
        inspections.append(inspect_translation(translator, part, translation, units, search))
    return inspections


def inspect_pair(translator: Translator, source: str, target: str, units: Sequence[int] = ()) -> Inspection:
    """Return what the model does while it reads a sentence and is given its translation.

    Args:
        translator: the trained model.
        source, target: raw text. Each is read whole, even if it has several sentences.
        units: see `inspect_text`.

    Raises:
        UserError: a text is blank or too long, or see `measure_gates`.
    """
    pair = translator.sentences.given_pair(source, target)
    for name, ids in ("sentence", pair.source_ids), ("target", pair.target_ids):
        if len(ids) > MOST_TOKENS:
            raise UserError(f"the {name} has {len(ids):,} tokens; at most {MOST_TOKENS:,} can be inspected")
        if ids == (EOS,):
            raise UserError(f"the {name} is blank")
    return inspect_translation(translator, source, pair, units, None)


def inspect_translation(
    translator: Translator,
    source: str,
    translation: SentenceTranslation,
    units: Sequence[int],
    search: SearchTrace | None,
) -> Inspection:
    """Return what the model does with a sentence and one translation of it. See `Inspection` and `inspect_text`."""
    if not translation.source_ids:
        return Inspection(source, BLANK, [] if translator.attends else None, search, [])
    reading = read_translation(translator, translation)
    return Inspection(
        source=source,
        gates=measure_gates(translator.model, reading, units),
        attention=reading.attention.tolist() if translator.attends else None,
        search=search,
        next=next_tokens(translator.tokenizer, reading),
    )

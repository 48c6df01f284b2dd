"""Inspect a translation: its gates and states, its attention, and the search that made it."""

from collections.abc import Sequence
from dataclasses import dataclass

from seq2seq.insight.gates import SentenceGates, measure_pair, measure_translation
from seq2seq.insight.next_tokens import NextTokens, next_tokens
from seq2seq.insight.search_trace import translate_traced
from seq2seq.search.observation import Observer
from seq2seq.search.options import SearchOptions
from seq2seq.search.trace import SearchTrace
from seq2seq.translation.long_text import cut
from seq2seq.translation.sentences import Prefix, SentenceTranslation
from seq2seq.translation.translator import Translator


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
        UserError: see `trace_search` and `measure_translation`.
    """
    parts = cut(text, translator.tokenizer, translator.cut_at_sentence_ends).parts
    inspections = []
    for place, part in enumerate(parts):
        translation, trace = translate_traced(translator, part, options, "" if place else prefix, observe)
        gates = measure_translation(translator, translation, units)
        attention, following = attention_weights(translator, translation), next_tokens(translator, translation)
        inspections.append(Inspection(part, gates, attention, trace, following))
    return inspections


def inspect_pair(translator: Translator, source: str, target: str, units: Sequence[int] = ()) -> Inspection:
    """Return what the model does while it reads a sentence and is given its translation.

    See `measure_pair` for the arguments and the errors.
    """
    gates = measure_pair(translator, source, target, units)
    pair = translator.sentences.given_pair(source, target)
    return Inspection(source, gates, attention_weights(translator, pair), None, next_tokens(translator, pair))


def attention_weights(translator: Translator, translation: SentenceTranslation) -> list[list[float]] | None:
    """Return the attention weights of a translation, or None if the model does not attend."""
    if not translator.attends:
        return None
    weights: list[list[float]] = translator.sentences.attention(translation).float().tolist()
    return weights

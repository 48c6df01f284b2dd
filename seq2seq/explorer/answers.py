"""Compute what the page asks for: a translation, or a translation with everything that the model did."""

import time
from dataclasses import dataclass, replace

from seq2seq.errors import UserError
from seq2seq.evaluation.metrics import SentenceScores, score_sentence
from seq2seq.explorer.limits import BEAM_SIZE, SENTENCE_TOKENS
from seq2seq.explorer.requests import InspectRequest, TranslateRequest
from seq2seq.explorer.runs import ShownRun
from seq2seq.insight.edited_attention import edited_translator
from seq2seq.insight.inspection import Inspection, inspect_text
from seq2seq.search.observation import Observer
from seq2seq.search.options import SearchOptions
from seq2seq.translation.long_text import cut
from seq2seq.translation.translator import Translator


@dataclass(frozen=True)
class TranslateAnswer:
    """A translation. See `Translation`."""

    run: str
    text: str
    score: float
    log_probability: float
    milliseconds: float


@dataclass(frozen=True)
class InspectAnswer:
    """What a model did with each sentence of a text.

    Args:
        run: the name of the run.
        milliseconds: of the translation and all measurements.
        scores: of the whole translation against the reference. None: there is no reference.
        sentences: one inspection for each sentence that was translated alone.
    """

    run: str
    milliseconds: float
    scores: SentenceScores | None
    sentences: list[Inspection]


def answer_translate(run: ShownRun, request: TranslateRequest, observe: Observer | None = None) -> TranslateAnswer:
    """Translate a text as `seq2seq translate` does.

    Args:
        run: the run.
        request: what to translate.
        observe: see `beam_search`. It can raise an exception to end the search.

    Raises:
        UserError: the request asks for more than is allowed, or for what the model cannot do.
    """
    started = time.perf_counter()
    translator = run.translator()
    options = checked_options(translator, request)
    [[best]] = translator.n_best([request.text], options, request.prefix, observe=observe)
    return TranslateAnswer(run.name, best.text, best.score, best.log_probability, milliseconds_since(started))


def answer_inspect(run: ShownRun, request: InspectRequest, observe: Observer | None = None) -> InspectAnswer:
    """Inspect a text as `seq2seq inspect` does. See `answer_translate`."""
    started = time.perf_counter()
    translator = run.translator()
    options = checked_options(translator, request)
    if request.reference is not None:
        check_length(len(translator.tokenizer.encode_target([request.reference])[0]) - 1, "reference")
    if request.forced is not None or request.attention is not None:
        check_one_sentence(translator, request)
    if request.attention is not None:
        translator = edited_translator(translator, request.attention)
    prefix = request.prefix if request.forced is None else request.forced
    sentences = inspect_text(translator, request.text, options, prefix, request.units, observe)
    milliseconds = milliseconds_since(started)
    scores = None
    if request.reference and request.reference.strip():
        text = " ".join(sentence.gates.text for sentence in sentences if sentence.gates.text)
        scores = score_sentence(text, request.reference, run.metric_tokenizer)
    return InspectAnswer(run.name, milliseconds, scores, sentences)


def checked_options(translator: Translator, request: TranslateRequest) -> SearchOptions:
    """Return how to search for a request, after checking its lengths.

    Raises:
        UserError: a text is too long, or an option is out of its range.
    """
    encoded = {
        "text": translator.tokenizer.encode_source([request.text]),
        "prefix": translator.tokenizer.encode_target([request.prefix]),
    }
    for name, [ids] in encoded.items():
        check_length(len(ids) - 1, name)
    if request.beam_size is not None and request.beam_size > BEAM_SIZE:
        raise UserError(f"beam_size: must be at most {BEAM_SIZE} here, not {request.beam_size:,}")
    given = {name: getattr(request, name) for name in ("length_penalty", "coverage_penalty")}
    given = {name: value for name, value in given.items() if value is not None}
    beam_size = min(translator.options.beam_size, BEAM_SIZE) if request.beam_size is None else request.beam_size
    return replace(translator.options, n_best=1, sampling=False, beam_size=beam_size, **given)


def check_length(tokens: int, name: str) -> None:
    """Raise UserError if a text has too many tokens."""
    if tokens > SENTENCE_TOKENS:
        raise UserError(f"{name}: {tokens:,} tokens; at most {SENTENCE_TOKENS} here; `seq2seq translate` takes more")


def check_one_sentence(translator: Translator, request: InspectRequest) -> None:
    """Raise UserError if a text for forced tokens or edited attention is not translated as one sentence."""
    name = "forced" if request.attention is None else "attention"
    parts = cut(request.text, translator.tokenizer, translator.cut_at_sentence_ends).parts
    if len(parts) > 1:
        raise UserError(
            f"{name}: the text has {len(parts)} sentences, which are translated one by one; send one of them"
        )
    if not parts[0] and request.attention is not None:
        raise UserError("attention: the text is blank, so it has no attention")


def milliseconds_since(started: float) -> float:
    """Return the milliseconds since a value of `time.perf_counter`, with one decimal."""
    return round(1000 * (time.perf_counter() - started), 1)

"""Measure what the encoder's vectors still know of the sentence: how well linear probes guess its tokens from them.

Each position has a probe of its own, which is trained on the training split and measured on the test split. The classes
are tokens, not words: a token is what the encoder reads and has a vector for, sentences of every script have them, and
together they are the whole sentence. After Adi et al. 2017 and Conneau et al. 2018, who probe sentence vectors for
their words; Belinkov 2022 says what a probe can and cannot tell.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch

from seq2seq.errors import UserError
from seq2seq.insight.linear_probe import Examples, fit_probe
from seq2seq.insight.probe_curves import Correct, make_scale
from seq2seq.insight.probe_records import (
    SIDES,
    VECTORS,
    ProbeCurve,
    ProbeFit,
    ProbeReport,
    ProbeTotal,
    Side,
    Vector,
)
from seq2seq.insight.sentence_vectors import (
    SentenceVectors,
    TokenizedSentences,
    occurrences,
    read_sentences,
    tokenize,
)
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.translation.translator import Translator

MINIMUM = 30  # sentences: the 95% interval of 15 correct guesses in 30 is 33 to 67 %
MOST_POSITIONS = 40  # from each side
MOST_TRAINING, MOST_OTHERS = 10_000, 2_000  # sentences
MOST_NUMBERS = 2**27  # in the vectors of a split: 512 MiB

Progress = Callable[[int, int], None]


class Splits(NamedTuple):
    """The sentences of each split."""

    training: TokenizedSentences  # they train the probes
    validation: TokenizedSentences  # they choose the method and the strength
    test: TokenizedSentences  # they are guessed


class Guesses(NamedTuple):
    """What the probes of one vector and one side guessed."""

    correct: Correct  # False at positions that are not measured
    fits: list[ProbeFit]


def probe_memory(
    translator: Translator,
    training: Sequence[str],
    validation: Sequence[str],
    test: Sequence[str],
    untrained: EncoderDecoder | None = None,
    progress: Progress | None = None,
) -> ProbeReport:
    """Return how well the source tokens can be guessed from the summary, and how well from the memory.

    Time and memory are bounded: see `MOST_POSITIONS`, `MOST_TRAINING`, `MOST_OTHERS` and `MOST_NUMBERS`.

    Args:
        translator: the model and its tokenizer.
        training, validation, test: source sentences. Blank ones, and those that are too long for the model, are left
            out. If there are too many, evenly spaced ones are taken.
        untrained: the control, a model of the same sizes with random weights. None: no control is measured.
        progress: called after each probe, with the number of probes so far and in all.

    Raises:
        UserError: a split has fewer than `MINIMUM` sentences.
    """
    splits = tokenize_splits(translator, training, validation, test)
    positions = measured_positions(splits)
    scale = make_scale(splits.training, splits.test, positions, MINIMUM)
    encoders = {True: translator.model.encoder}
    if untrained is not None:
        encoders[False] = untrained.eval().encoder
    count = count_calls(progress, len(encoders) * len(VECTORS) * len(SIDES) * positions)
    curves: list[ProbeCurve] = []
    totals: list[ProbeTotal] = []
    fits: list[ProbeFit] = []
    for trained, encoder in encoders.items():
        read = [read_sentences(encoder, sentences) for sentences in splits]
        for vector in VECTORS:
            correct: dict[Side, Correct] = {}
            for side in SIDES:
                guesses = guess_tokens(splits, read, vector, side, positions, count)
                correct[side] = guesses.correct
                fits += (replace(fit, trained=trained) for fit in guesses.fits)
                curves += (scale.curve(vector, trained, side, group, guesses.correct) for group in scale.groups)
            totals += (scale.total(vector, trained, group, correct) for group in scale.groups)
    return ProbeReport(
        size=translator.model.encoder.size,
        attends=translator.attends,
        training=len(splits.training.rows),
        validation=len(splits.validation.rows),
        test=len(splits.test.rows),
        minimum=MINIMUM,
        groups=[group for group in scale.groups if group is not None],
        curves=curves,
        totals=totals,
        fits=fits,
    )


def tokenize_splits(
    translator: Translator, training: Sequence[str], validation: Sequence[str], test: Sequence[str]
) -> Splits:
    """Return the sentences that are used of each split.

    Raises:
        UserError: a split has fewer than `MINIMUM` sentences.
    """
    most_tokens = MOST_NUMBERS // translator.model.encoder.size
    splits = Splits(
        tokenize(translator.tokenizer, training, MOST_TRAINING, most_tokens),
        tokenize(translator.tokenizer, validation, MOST_OTHERS, most_tokens),
        tokenize(translator.tokenizer, test, MOST_OTHERS, most_tokens),
    )
    for name, sentences in splits._asdict().items():
        if len(sentences.rows) < MINIMUM:
            raise UserError(
                f"probes need at least {MINIMUM} sentences that are not blank and not too long in each split, and the "
                f"{name} split has {len(sentences.rows)}"
            )
    return splits


def measured_positions(splits: Splits) -> int:
    """Return how many positions at least `MINIMUM` sentences of each split have, up to `MOST_POSITIONS`."""
    longest = (int(sentences.lengths.sort(descending=True).values[MINIMUM - 1]) for sentences in splits)
    return min(MOST_POSITIONS, *longest)


def count_calls(progress: Progress | None, total: int) -> Callable[[], None]:
    """Return a function that calls `progress` with the number of calls so far and the total."""
    numbers = iter(range(1, total + 1))

    def count() -> None:
        if progress is not None:
            progress(next(numbers), total)

    return count


def guess_tokens(
    splits: Splits,
    read: Sequence[SentenceVectors],
    vector: Vector,
    side: Side,
    positions: int,
    count: Callable[[], None],
) -> Guesses:
    """Train a probe for each position, and guess the tokens of the test split.

    Args:
        splits: the sentences.
        read: the vectors of each split.
        vector, side, positions: what to guess from, and which tokens.
        count: called after each probe.
    """
    correct = torch.zeros(len(splits.test.tokens), dtype=torch.bool)
    fits = []
    for position in range(positions):
        places = [occurrences(sentences, position, side == "end") for sentences in splits]
        training, validation, test = (
            Examples(vectors.at(place, vector == "summary"), sentences.tokens[place.tokens])
            for vectors, place, sentences in zip(read, places, splits, strict=True)
        )
        probe = fit_probe(training, validation)
        correct[places[-1].tokens] = probe.guess(test.vectors) == test.classes
        sizes = len(training.classes), len(probe.classes)
        fits.append(ProbeFit(vector, True, side, position + 1, *sizes, probe.method, probe.strength))
        count()
    return Guesses(correct, fits)

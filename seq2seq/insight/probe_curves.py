"""Sum guesses of tokens into curves by position and into totals, with the baseline beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from seq2seq.insight.intervals import over_sentences, wilson
from seq2seq.insight.probe_records import SIDES, LengthGroup, ProbeCurve, ProbePoint, ProbeTotal, Side, Vector
from seq2seq.insight.sentence_vectors import TokenizedSentences, occurrences

GROUPS = 3  # of lengths, with about as many test sentences each

Correct = Bool[Tensor, " tokens"]  # for each token of the test split, whether it was guessed


@dataclass(frozen=True)
class Scale:
    """What the guesses of every vector are summed by.

    Args:
        test: the sentences that were guessed.
        positions: how many are measured from each side.
        minimum: sentences that a point must have.
        groups: None for all lengths, and each group of lengths.
        baselines: for each side and group, where guessing the most frequent token is correct.
    """

    test: TokenizedSentences
    positions: int
    minimum: int
    groups: list[LengthGroup | None]
    baselines: Mapping[tuple[Side, LengthGroup | None], Correct]

    def curve(
        self, vector: Vector, trained: bool, side: Side, group: LengthGroup | None, correct: Correct
    ) -> ProbeCurve:
        """Return the accuracy by position. `correct`: the guesses of the probes of this side."""
        baseline = self.baselines[side, group]
        members = in_group(self.test, group)
        points = []
        for position in range(self.positions):
            found = occurrences(self.test, position, side == "end")
            tokens = found.tokens[members[found.sentences]]
            if (count := len(tokens)) >= self.minimum:
                hits = int(correct[tokens].sum())
                interval = wilson(hits, count)
                by_frequency = int(baseline[tokens].sum()) / count
                points.append(ProbePoint(position + 1, count, hits / count, interval.low, interval.high, by_frequency))
        return ProbeCurve(vector, trained, side, group, points)

    def total(
        self, vector: Vector, trained: bool, group: LengthGroup | None, correct: Mapping[Side, Correct]
    ) -> ProbeTotal:
        """Return the accuracy over all tokens that are measured from their nearer end."""
        sentences, from_start, from_end = token_positions(self.test)
        starts_nearer = from_start <= from_end
        measured = torch.minimum(from_start, from_end) < self.positions
        measured &= in_group(self.test, group)[sentences]
        rows = sentences[measured]
        counts = torch.bincount(rows, minlength=len(self.test.lengths))
        hits = torch.where(starts_nearer, *(correct[side] for side in SIDES))
        frequent = torch.where(starts_nearer, *(self.baselines[side, group] for side in SIDES))
        by_sentence = torch.bincount(rows, weights=hits[measured].double(), minlength=len(counts))
        interval = over_sentences(by_sentence[counts > 0], counts[counts > 0])
        tokens = len(rows)
        accuracy, baseline = (int(values[measured].sum()) / tokens for values in (hits, frequent))
        return ProbeTotal(vector, trained, group, tokens, accuracy, interval.low, interval.high, baseline)


def make_scale(training: TokenizedSentences, test: TokenizedSentences, positions: int, minimum: int) -> Scale:
    """Return the scale of a training and a test split. See `Scale` for the arguments."""
    groups = [None, *length_groups(test)]
    baselines = {
        (side, group): guess_most_frequent(training, test, side, positions, group) for side in SIDES for group in groups
    }
    return Scale(test, positions, minimum, groups, baselines)


def length_groups(sentences: TokenizedSentences) -> list[LengthGroup]:
    """Return at most `GROUPS` groups of lengths with about as many sentences each. Equal lengths are in one group."""
    ordered = sentences.lengths.sort().values.tolist()
    highs = sorted({ordered[len(ordered) * part // GROUPS - 1] for part in range(1, GROUPS + 1)})
    lows = [ordered[0], *(high + 1 for high in highs[:-1])]
    return [
        LengthGroup(low, high, sum(low <= length <= high for length in ordered))
        for low, high in zip(lows, highs, strict=True)
    ]


def in_group(sentences: TokenizedSentences, group: LengthGroup | None) -> Bool[Tensor, " sentences"]:
    """Return which sentences have a length of the group."""
    if group is None:
        return torch.ones_like(sentences.lengths, dtype=torch.bool)
    return (sentences.lengths >= group.low) & (sentences.lengths <= group.high)


def token_positions(
    sentences: TokenizedSentences,
) -> tuple[Int[Tensor, " tokens"], Int[Tensor, " tokens"], Int[Tensor, " tokens"]]:
    """Return each token's sentence, and its positions from the start and from the end, counted from 0."""
    rows = torch.arange(len(sentences.lengths)).repeat_interleave(sentences.lengths)
    from_start = torch.arange(len(sentences.tokens)) - sentences.starts[rows]
    return rows, from_start, sentences.lengths[rows] - 1 - from_start


def guess_most_frequent(
    training: TokenizedSentences, test: TokenizedSentences, side: Side, positions: int, group: LengthGroup | None
) -> Correct:
    """Return for which test tokens the baseline is correct: the token that is most frequent at the position.

    It is counted in the training sentences that have a length of the group; in all of them if none has. The smallest
    of several equally frequent ids is guessed.
    """
    correct = torch.zeros(len(test.tokens), dtype=torch.bool)
    for position in range(positions):
        seen = occurrences(training, position, side == "end")
        tokens = training.tokens[seen.tokens]
        similar = tokens[in_group(training, group)[seen.sentences]]
        guess = (similar if len(similar) else tokens).bincount().argmax()
        found = occurrences(test, position, side == "end").tokens
        correct[found] = test.tokens[found] == guess
    return correct

"""Guesses are summed into curves and totals as plain loops over the sentences sum them."""

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.insight.probe_curves import length_groups, make_scale
from seq2seq.insight.probe_records import SIDES, LengthGroup, Side
from seq2seq.insight.sentence_vectors import TokenizedSentences
from seq2seq.text.special_tokens import EOS

MINIMUM = 2

rows = st.lists(st.lists(st.integers(4, 7), min_size=1, max_size=6), min_size=4, max_size=12)


def from_rows(rows: list[list[int]]) -> TokenizedSentences:
    lengths = torch.tensor([len(row) for row in rows])
    tokens = torch.tensor([token for row in rows for token in row])
    return TokenizedSentences([[*row, EOS] for row in rows], tokens, lengths, lengths.cumsum(dim=0) - lengths)


def index_from(side: Side, length: int, position: int) -> int:
    return position if side == "start" else length - 1 - position


def most_frequent(training: list[list[int]], side: Side, position: int, group: LengthGroup | None) -> int:
    long = [row for row in training if len(row) > position]
    similar = [row for row in long if group is None or group.low <= len(row) <= group.high] or long
    counts = Counter(row[index_from(side, len(row), position)] for row in similar)
    return min(counts, key=lambda token: (-counts[token], token))


@quick
@given(rows, rows, st.integers(1, 4))
def test_sums_equal_those_of_plain_loops(training: list[list[int]], test: list[list[int]], positions: int) -> None:
    positions = min(positions, max(map(len, training)), max(map(len, test)))
    scale = make_scale(from_rows(training), from_rows(test), positions, MINIMUM)
    generator = torch.Generator().manual_seed(len(test))
    correct = {side: torch.rand(sum(map(len, test)), generator=generator) < 0.5 for side in SIDES}
    starts = [sum(map(len, test[:index])) for index in range(len(test))]
    for group in scale.groups:
        members = [
            (start, row)
            for start, row in zip(starts, test, strict=True)
            if group is None or group.low <= len(row) <= group.high
        ]
        for side in SIDES:
            curve = scale.curve("summary", True, side, group, correct[side])
            expected = []
            for position in range(positions):
                guess = most_frequent(training, side, position, group)
                long = [(start, row) for start, row in members if len(row) > position]
                places = [(start, row, index_from(side, len(row), position)) for start, row in long]
                hits = [bool(correct[side][start + index]) for start, _, index in places]
                frequent = [row[index] == guess for _, row, index in places]
                if len(places) >= MINIMUM:
                    count = len(places)
                    expected.append((position + 1, count, sum(hits) / count, sum(frequent) / count))
            points = [(point.position, point.sentences, point.accuracy, point.baseline) for point in curve.points]
            assert points == expected
        total = scale.total("memory", False, group, correct)
        hits, frequent = [], []
        for start, row in members:
            for index, token in enumerate(row):
                from_end = len(row) - 1 - index
                side: Side = "start" if index <= from_end else "end"
                position = min(index, from_end)
                if position < positions:
                    hits.append(bool(correct[side][start + index]))
                    frequent.append(token == most_frequent(training, side, position, group))
        assert total.tokens == len(hits)
        assert total.accuracy == sum(hits) / len(hits)
        assert total.baseline == sum(frequent) / len(frequent)
        assert total.low <= total.accuracy <= total.high


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([1, 2, 3, 4, 5, 6], [(1, 2, 2), (3, 4, 2), (5, 6, 2)]),
        ([4, 4, 4, 4], [(4, 4, 4)]),
        ([2, 2, 2, 2, 9], [(2, 2, 4), (3, 9, 1)]),
        ([5], [(5, 5, 1)]),
        ([1, 5], [(1, 1, 1), (2, 5, 1)]),
    ],
)
def test_groups_have_about_as_many_sentences_each(lengths: list[int], expected: list[tuple[int, int, int]]) -> None:
    groups = length_groups(from_rows([[4] * length for length in lengths]))
    assert [(group.low, group.high, group.sentences) for group in groups] == expected

"""The plain beam search against greedy and exhaustive search."""

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from toy_model import (
    HYPOTHESES,
    LIMIT,
    TOKENS,
    VOCABULARY,
    Memory,
    assert_same,
    limit,
    quick,
    rescore,
    seeds,
    step,
    toy,
    transitions,
)

from seq2seq.search.greedy import greedy_search
from seq2seq.search.options import SearchOptions
from seq2seq.search.plain_beam import plain_beam_search
from seq2seq.text.special_tokens import BOS, EOS


@quick
@given(seeds)
def test_a_beam_of_size_1_is_greedy(seed: int) -> None:
    memory, state = toy(seed)
    [tokens] = greedy_search(step, memory, state, limits=limit(12))
    hypotheses = plain_beam_search(step, memory, state, beam_size=1, length_penalty=0.6, limit=12)
    assert_same(hypotheses, [rescore(memory, state, tokens, SearchOptions(length_penalty=0.6))])


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0, 3.0, -2.0])
@settings(quick, max_examples=5)
@given(seed=seeds)
def test_a_wide_beam_is_exhaustive(length_penalty: float, seed: int) -> None:
    memory, state = toy(seed)
    translations = [tokens for length in range(LIMIT + 1) for tokens in product(TOKENS, repeat=length)]
    options = SearchOptions(length_penalty=length_penalty)
    expected = sorted(
        (rescore(memory, state, tokens, options) for tokens in translations), key=lambda scored: -scored.score
    )
    hypotheses = plain_beam_search(
        step, memory, state, beam_size=HYPOTHESES, length_penalty=length_penalty, limit=LIMIT
    )
    assert_same(hypotheses, expected)


def test_a_finished_hypothesis_keeps_its_slot() -> None:
    """With two slots: EOS takes one at the first step, and only the better of two tokens is left for the other."""
    table = torch.full((1, VOCABULARY, VOCABULARY), -9.0)
    table[0, BOS, [EOS, 4, 5]] = torch.tensor([-1.0, -2.0, -3.0])
    table[0, 4, [EOS, 5]] = torch.tensor([-2.0, -1.0])
    table[0, 5, EOS] = 0.0
    _, state = toy(0)
    memory = Memory(table, table[:, 0])
    hypotheses = plain_beam_search(transitions, memory, state, beam_size=2, length_penalty=0.0, limit=5)
    assert hypotheses == [((), -1.0, -1.0), ((4, 5), -3.0, -3.0)]

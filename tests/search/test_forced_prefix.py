"""Forced tokens, alone and in a beam search."""

from itertools import product

import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_model import HYPOTHESES, LIMIT, TOKENS, assert_same, limit, quick, rescore, seeds, select, step, toy

from seq2seq.search.beam import beam_search
from seq2seq.search.forced_prefix import forced_tokens
from seq2seq.search.options import SearchOptions
from seq2seq.text.special_tokens import EOS, PAD


def test_a_prefix_and_the_eos_at_the_limit_are_forced() -> None:
    prefix = torch.tensor([[4, 5, 6], [4, PAD, PAD], [PAD, PAD, PAD]])
    forced, limits = forced_tokens(limit(2, 3, 9), prefix, max_length=4)
    assert limits.tolist() == [3, 3, 4]
    assert forced.tolist() == [[4, 5, 6, EOS, PAD], [4, PAD, PAD, EOS, PAD], [PAD, PAD, PAD, PAD, EOS]]


@quick
@given(seeds, st.integers(1, 4), st.booleans())
def test_prefix_is_forced_and_counted(seed: int, beam_size: int, sampling: bool) -> None:
    memory, state = toy(seed, batch=4)
    options = SearchOptions(beam_size, n_best=beam_size, sampling=sampling)
    prefix = torch.tensor([[4, 5, 6, 5], [6, PAD, PAD, PAD], [PAD] * 4, [5, 5, EOS, PAD]])
    limits = limit(2, 6, 6, 6)
    generator = torch.Generator().manual_seed(seed)
    batch = beam_search(step, memory, state, options, limits=limits, prefix=prefix, generator=generator)
    assert {hypothesis.tokens for hypothesis in batch[0]} == {(4, 5, 6, 5)}
    assert all(hypothesis.tokens[0] == 6 and len(hypothesis.tokens) <= 6 for hypothesis in batch[1])
    assert {hypothesis.tokens for hypothesis in batch[3]} == {(5, 5)}
    for row, hypotheses in enumerate(batch):
        for hypothesis in hypotheses:
            assert_same([hypothesis], [rescore(*select(row, memory, state), hypothesis.tokens, options)])
    if not sampling:
        free = beam_search(step, memory, state, options, limits=limits)
        assert_same(batch[2], free[2])


@quick
@given(seeds)
def test_after_a_prefix_the_search_is_as_without_one(seed: int) -> None:
    memory, state = toy(seed)
    options = SearchOptions(HYPOTHESES, n_best=4)
    every = [(5, *tokens) for length in range(LIMIT) for tokens in product(TOKENS, repeat=length)]
    rescored = (rescore(memory, state, tokens, options) for tokens in every)
    expected = sorted(rescored, key=lambda hypothesis: -hypothesis.score)
    prefix = torch.tensor([[5]])
    [hypotheses] = beam_search(step, memory, state, options, limits=limit(LIMIT), prefix=prefix)
    assert_same(hypotheses, expected[:4])

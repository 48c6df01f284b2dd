"""Greedy search against a loop that takes each sentence's most probable token."""

import torch
from hypothesis import given
from toy_model import limit, quick, seeds, select, step, toy

from seq2seq.search.greedy import greedy_search
from seq2seq.text.special_tokens import BOS, EOS


@quick
@given(seeds)
def test_greedy_takes_the_most_probable_token_at_every_step(seed: int) -> None:
    memory, state = toy(seed, batch=4)
    limits = limit(12, 0, 5, 12)
    translations = greedy_search(step, memory, state, limits=limits)
    for row, translation in enumerate(translations):
        tokens: list[int] = []
        own_memory, own_state = select(row, memory, state)
        while len(tokens) < limits[row]:
            last = torch.tensor([[tokens[-1] if tokens else BOS]])
            log_probabilities, own_state = step(own_memory, own_state, last)
            token = EOS + int(log_probabilities[0, 0, EOS:].argmax())
            if token == EOS:
                break
            tokens.append(token)
        assert translation == tuple(tokens)


def test_greedy_with_a_limit_of_zero_is_empty() -> None:
    assert greedy_search(step, *toy(0, batch=2), limits=limit(0, 0)) == [(), ()]

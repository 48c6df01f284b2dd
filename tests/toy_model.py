"""A toy model for the search, without a network: the next token depends on the whole history."""

from typing import NamedTuple

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from torch import Tensor

from seq2seq.search.options import SearchOptions
from seq2seq.search.step import Hypothesis, select_sentences
from seq2seq.text.special_tokens import BOS, EOS, PAD, UNK

VOCABULARY = 7  # PAD, UNK, BOS, EOS and three others
TOKENS = range(EOS + 1, VOCABULARY)
LIMIT = 3
HYPOTHESES = sum(len(TOKENS) ** length for length in range(LIMIT + 1))  # 40: a beam of this size is exhaustive

quick = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)


class Memory(NamedTuple):
    table: Tensor  # (batch, vocabulary, vocabulary): what each token adds to the logits
    weight: Tensor  # (batch, vocabulary): for coverage


class State(NamedTuple):
    history: Tensor  # (batch, beam, vocabulary)


def step(memory: Memory, state: State, tokens: Tensor) -> tuple[Tensor, State]:
    history = 0.7 * state.history + transitions(memory, state, tokens)[0]
    return history.log_softmax(dim=2), State(history)


def transitions(memory: Memory, state: State, tokens: Tensor) -> tuple[Tensor, State]:
    """A step without a history: each token's row of the table holds the log-probabilities of the next one."""
    return memory.table.gather(1, tokens.unsqueeze(2).expand(-1, -1, VOCABULARY)), state


def coverage(memory: Memory, state: State) -> Tensor:
    return -(memory.weight.unsqueeze(1) * state.history).abs().mean(dim=2)


def toy(seed: int, batch: int = 1, eos: float = 0.0) -> tuple[Memory, State]:
    """Return a random model that gives PAD, UNK and BOS the highest probabilities, so that picking them would show."""
    generator = torch.Generator().manual_seed(seed)
    table = torch.randn(batch, VOCABULARY, VOCABULARY, generator=generator)
    table[:, :, [PAD, UNK, BOS]] += 2
    table[:, :, EOS] += eos
    weight = torch.rand(batch, VOCABULARY, generator=generator)
    return Memory(table, weight), State(torch.randn(batch, 1, VOCABULARY, generator=generator))


def select(row: int, memory: Memory, state: State) -> tuple[Memory, State]:
    """Return one sentence of a batch."""
    rows = torch.tensor([row])
    return select_sentences(memory, rows), select_sentences(state, rows)


def limit(*tokens: int) -> Tensor:
    return torch.tensor(tokens)


def rescore(memory: Memory, state: State, tokens: tuple[int, ...], options: SearchOptions) -> Hypothesis:
    """Score one hypothesis of one sentence by teacher forcing."""
    log_probability, last = 0.0, BOS
    for token in (*tokens, EOS):
        log_probabilities, state = step(memory, state, torch.tensor([[last]]))
        log_probability += log_probabilities[0, 0, token].item()
        last = token
    score = log_probability / ((5 + len(tokens) + 1) / 6) ** options.length_penalty
    score += options.coverage_penalty * coverage(memory, state).item()
    return Hypothesis(tokens, log_probability, score)


def assert_same(hypotheses: list[Hypothesis], expected: list[Hypothesis]) -> None:
    assert [hypothesis.tokens for hypothesis in hypotheses] == [hypothesis.tokens for hypothesis in expected]
    for ours, theirs in zip(hypotheses, expected, strict=True):
        assert ours.log_probability == pytest.approx(theirs.log_probability, abs=1e-4)
        assert ours.score == pytest.approx(theirs.score, abs=1e-4)

"""Sampling: the frequencies of the samples, their seed and their order."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor
from toy_model import Memory, State, assert_same, limit, quick, seeds, step, toy

from seq2seq.search.beam import beam_search
from seq2seq.search.options import SearchOptions
from seq2seq.search.step import Hypothesis
from seq2seq.text.special_tokens import BOS, EOS, PAD, UNK


def draw(seed: int, options: SearchOptions, memory: Memory, state: State) -> list[list[Hypothesis]]:
    limits = torch.full((len(memory.table),), 6)
    return beam_search(step, memory, state, options, limits=limits, generator=torch.Generator().manual_seed(seed))


def test_a_seed_gives_the_same_samples() -> None:
    memory, state = toy(1, batch=3)
    options = SearchOptions(8, n_best=8, sampling=True)
    assert draw(5, options, memory, state) == draw(5, options, memory, state)
    assert draw(5, options, memory, state) != draw(6, options, memory, state)


@pytest.mark.parametrize("narrow", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-4}])
@settings(quick, max_examples=10)
@given(seed=seeds)
def test_sampling_from_the_most_probable_token_is_greedy(narrow: dict[str, Any], seed: int) -> None:
    memory, state = toy(seed, batch=3)
    greedy = beam_search(step, memory, state, SearchOptions(beam_size=1), limits=limit(6, 6, 6))
    options = replace(SearchOptions(3, n_best=3, sampling=True), **narrow)
    for samples, [best] in zip(draw(seed, options, memory, state), greedy, strict=True):
        assert_same(samples, [best] * 3)


def only_top_p(probabilities: Tensor, top_p: float) -> Tensor:
    """Compute top-p slowly: add tokens, the most probable first, until their sum reaches top_p."""
    nucleus, total = torch.zeros_like(probabilities), 0.0
    for token in probabilities.argsort(descending=True).tolist():
        if total < top_p:
            nucleus[token] = probabilities[token]
            total += float(probabilities[token])
    return nucleus / nucleus.sum()


def only_top_k(probabilities: Tensor, top_k: int) -> Tensor:
    return probabilities.where(probabilities >= probabilities.sort(descending=True).values[top_k - 1], 0)


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({}, lambda p: p),
        ({"temperature": 2.0}, lambda p: p.sqrt()),
        ({"top_k": 2}, lambda p: only_top_k(p, 2)),
        ({"top_k": 50}, lambda p: p),
        ({"top_p": 0.7}, lambda p: only_top_p(p, 0.7)),
        (
            {"temperature": 0.5, "top_k": 3, "top_p": 0.8},
            lambda p: only_top_p(only_top_k(p**2, 3) / only_top_k(p**2, 3).sum(), 0.8),
        ),
    ],
)
def test_samples_come_as_often_as_they_should(options: dict[str, Any], change: Callable[[Tensor], Tensor]) -> None:
    draws = 4000
    memory, state = toy(3)
    log_probabilities, _ = step(memory, state, torch.tensor([[BOS]]))
    probabilities = log_probabilities[0, 0].softmax(dim=0)
    probabilities[[PAD, UNK, BOS]] = 0
    expected = change(probabilities / probabilities.sum())
    expected = expected / expected.sum()
    [samples] = draw(7, replace(SearchOptions(draws, n_best=draws, sampling=True), **options), memory, state)
    first = Counter(hypothesis.tokens[0] if hypothesis.tokens else EOS for hypothesis in samples)
    assert len(samples) == draws
    for token, p in enumerate(expected.tolist()):
        assert abs(first[token] / draws - p) <= 4.5 * (p * (1 - p) / draws) ** 0.5


def test_the_best_of_the_samples_comes_first() -> None:
    memory, state = toy(2, batch=1)
    [all_samples] = draw(1, SearchOptions(6, n_best=6, sampling=True), memory, state)
    [best] = draw(1, SearchOptions(6, n_best=2, sampling=True), memory, state)
    assert best[0] == all_samples[0]
    assert len(best) == 2

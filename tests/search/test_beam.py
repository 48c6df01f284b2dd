"""Batched beam search against the plain searches, on a toy model."""

from dataclasses import replace
from itertools import pairwise, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from toy_model import (
    HYPOTHESES,
    LIMIT,
    TOKENS,
    VOCABULARY,
    Memory,
    State,
    assert_same,
    coverage,
    limit,
    quick,
    rescore,
    seeds,
    select,
    step,
    toy,
    transitions,
)

from seq2seq.errors import UserError
from seq2seq.search.beam import beam_search
from seq2seq.search.greedy import greedy_search
from seq2seq.search.options import SearchOptions
from seq2seq.search.plain_beam import plain_beam_search
from seq2seq.search.step import Hypothesis
from seq2seq.text.special_tokens import BOS, EOS

ranks = pytest.mark.parametrize(
    ("length_penalty", "coverage_penalty"), [(0.0, 0.0), (0.6, 0.0), (1.0, 0.0), (3.0, 0.0), (-2.0, 0.0), (1.0, 0.5)]
)


def search(memory: Memory, state: State, options: SearchOptions, limits: Tensor) -> list[list[Hypothesis]]:
    return beam_search(step, memory, state, options, limits=limits, coverage=coverage)


def plain(memory: Memory, state: State, options: SearchOptions, limit: int) -> list[Hypothesis]:
    """Return what the plain search returns, ranked with the coverage penalty as well."""
    beam_size, length_penalty = options.beam_size, options.length_penalty
    hypotheses = plain_beam_search(step, memory, state, beam_size=beam_size, length_penalty=length_penalty, limit=limit)
    if options.coverage_penalty:
        rescored = (rescore(memory, state, hypothesis.tokens, options) for hypothesis in hypotheses)
        hypotheses = sorted(rescored, key=lambda hypothesis: -hypothesis.score)
    return hypotheses[: options.n_best]


@quick
@given(seeds, st.sampled_from([0.0, 1.0, 2.0]))
def test_a_beam_of_size_1_is_greedy(seed: int, eos: float) -> None:
    memory, state = toy(seed, batch=4, eos=eos)
    options, limits = SearchOptions(beam_size=1), limit(12, 0, 5, 12)
    greedy = greedy_search(step, memory, state, limits=limits)
    for row, hypotheses in enumerate(search(memory, state, options, limits)):
        assert_same(hypotheses, [rescore(*select(row, memory, state), greedy[row], options)])


@ranks
@settings(quick, max_examples=8)
@given(seed=seeds)
def test_a_wide_beam_is_exhaustive(length_penalty: float, coverage_penalty: float, seed: int) -> None:
    memory, state = toy(seed)
    options = SearchOptions(HYPOTHESES, length_penalty, coverage_penalty, n_best=5)
    every = [tokens for length in range(LIMIT + 1) for tokens in product(TOKENS, repeat=length)]
    rescored = (rescore(memory, state, tokens, options) for tokens in every)
    expected = sorted(rescored, key=lambda hypothesis: -hypothesis.score)
    assert_same(search(memory, state, options, limit(LIMIT))[0], expected[:5])
    all_of_them = replace(options, beam_size=HYPOTHESES + 3, n_best=HYPOTHESES + 3)
    assert_same(search(memory, state, all_of_them, limit(LIMIT))[0], expected)


@ranks
@settings(quick, max_examples=12)
@given(seed=seeds, beam_size=st.integers(1, 6), eos=st.sampled_from([-1.0, 1.0, 3.0]))
def test_a_beam_is_the_plain_beam(
    length_penalty: float, coverage_penalty: float, seed: int, beam_size: int, eos: float
) -> None:
    """The plain beam runs to the limit, so this also shows that stopping early changes nothing, for every n_best."""
    memory, state = toy(seed, eos=eos)
    options = SearchOptions(beam_size, length_penalty, coverage_penalty, n_best=beam_size)
    expected = plain(memory, state, options, limit=8)
    for n_best in range(1, beam_size + 1):
        [hypotheses] = search(memory, state, replace(options, n_best=n_best), limit(8))
        assert_same(hypotheses, expected[:n_best])


@quick
@given(seeds, st.integers(1, 6), st.sampled_from([0.0, 1.0, 2.0]), st.sampled_from([0.0, 1.0]))
def test_each_sentence_of_a_batch_is_searched_as_by_the_plain_beam(
    seed: int, beam_size: int, eos: float, length_penalty: float
) -> None:
    memory, state = toy(seed, batch=5, eos=eos)
    options = SearchOptions(beam_size, length_penalty, n_best=beam_size)
    limits = limit(9, 0, 5, 1, 9)
    for row, hypotheses in enumerate(search(memory, state, options, limits)):
        assert_same(hypotheses, plain(*select(row, memory, state), options, int(limits[row])))


@settings(quick, max_examples=100)
@given(seeds, st.integers(1, 6), st.sampled_from([0.0, 1.0]))
def test_ties_are_broken_as_by_the_plain_searches(seed: int, beam_size: int, length_penalty: float) -> None:
    """The log-probabilities are multiples of 1/4, so that many sums are equal and none is rounded."""
    _, state = toy(seed, batch=4)
    generator = torch.Generator().manual_seed(seed)
    table = -torch.randint(1, 4, (4, VOCABULARY, VOCABULARY), generator=generator) / 4
    memory, limits = Memory(table, table[:, 0]), limit(6, 3, 6, 1)
    options = SearchOptions(beam_size, length_penalty, n_best=beam_size)
    batch = beam_search(transitions, memory, state, options, limits=limits)
    for row, hypotheses in enumerate(batch):
        expected = plain_beam_search(
            transitions,
            *select(row, memory, state),
            beam_size=beam_size,
            length_penalty=length_penalty,
            limit=int(limits[row]),
        )
        assert hypotheses == expected
    first = beam_search(transitions, memory, state, SearchOptions(1), limits=limits)
    assert [best.tokens for [best] in first] == greedy_search(transitions, memory, state, limits=limits)


@quick
@given(seeds, st.integers(1, 5), st.sampled_from([0.0, 1.0, 2.0]))
def test_a_batch_is_its_sentences_one_by_one(seed: int, beam_size: int, eos: float) -> None:
    memory, state = toy(seed, batch=5, eos=eos)
    options = SearchOptions(beam_size, coverage_penalty=0.2, n_best=beam_size)
    limits = limit(9, 0, 5, 1, 9)
    together = search(memory, state, options, limits)
    for row in range(5):
        [alone] = search(*select(row, memory, state), options, limits[[row]])
        assert_same(together[row], alone)


@quick
@given(seeds, st.integers(1, 5), st.booleans())
def test_every_hypothesis_is_within_its_limit_and_scored_right(seed: int, beam_size: int, sampling: bool) -> None:
    memory, state = toy(seed, batch=4, eos=-1)
    options = SearchOptions(beam_size, n_best=beam_size, max_length=6, sampling=sampling)
    limits = limit(2, 0, 60, 5)
    generator = torch.Generator().manual_seed(seed)
    batch = beam_search(step, memory, state, options, limits=limits, generator=generator)
    for row, hypotheses in enumerate(batch):
        most = min(int(limits[row]), options.max_length)
        assert hypotheses
        assert all(better.score >= worse.score for better, worse in pairwise(hypotheses))
        for hypothesis in hypotheses:
            assert len(hypothesis.tokens) <= most
            assert set(hypothesis.tokens) <= set(TOKENS)
            assert_same([hypothesis], [rescore(*select(row, memory, state), hypothesis.tokens, options)])
        if not sampling:
            assert len({hypothesis.tokens for hypothesis in hypotheses}) == len(hypotheses)


@quick
@given(seeds)
def test_an_exhaustive_beam_is_never_below_greedy(seed: int) -> None:
    memory, state = toy(seed)
    [[greedy]] = search(memory, state, SearchOptions(1, length_penalty=0.0), limit(LIMIT))
    [[widest]] = search(memory, state, SearchOptions(HYPOTHESES, length_penalty=0.0), limit(LIMIT))
    assert widest.log_probability >= greedy.log_probability - 1e-5


def shapes_of_a_search(eos: list[float], options: SearchOptions) -> list[tuple[int, ...]]:
    """Return the (batch, beam) of the model's input at each step. `eos` holds each sentence's bias towards EOS."""
    shapes = []

    def recording_step(memory: Memory, state: State, tokens: Tensor) -> tuple[Tensor, State]:
        assert len(memory.table) == len(memory.weight) == len(state.history) == len(tokens)
        assert state.history.shape[1] == tokens.shape[1]
        shapes.append(tuple(tokens.shape))
        return step(memory, state, tokens)

    memory, state = toy(0, batch=len(eos))
    memory.table[:, :, EOS] += torch.tensor(eos).unsqueeze(1)
    beam_search(recording_step, memory, state, options, limits=torch.full((len(eos),), 20))
    return shapes


def test_finished_sentences_are_removed_from_the_batch() -> None:
    batches = [batch for batch, _ in shapes_of_a_search([30.0, -30.0, 30.0, -30.0], SearchOptions(beam_size=1))]
    assert batches == [4] + [2] * 20


def test_search_stops_once_nothing_better_can_come() -> None:
    steps = [len(shapes_of_a_search([1.0], SearchOptions(5, length_penalty))) for length_penalty in (0.0, 1.0, 3.0)]
    assert steps == sorted(steps)
    assert steps[0] < steps[-1] <= 21
    assert len(shapes_of_a_search([30.0], SearchOptions(5, length_penalty=1.0))) == 1


@pytest.mark.parametrize(("length_penalty", "at_once", "tokens"), [(1.0, 0.55, (4, 5, 6)), (-2.0, 0.4, (4,))])
def test_search_goes_on_while_something_better_can_come(
    length_penalty: float, at_once: float, tokens: tuple[int, ...]
) -> None:
    """Ending at once ranks above the unfinished hypothesis of that step, but below what it certainly becomes."""
    table = torch.full((1, VOCABULARY, VOCABULARY), -99.0)
    table[0, BOS, EOS] = torch.tensor(at_once).log()
    table[0, BOS, tokens[0]] = torch.tensor(1 - at_once).log()
    for token, following in pairwise((*tokens, EOS)):
        table[0, token, following] = 0.0
    _, state = toy(0)
    options = SearchOptions(2, length_penalty)
    most = limit(3 if length_penalty > 0 else 9)
    [[best]] = beam_search(transitions, Memory(table, table[:, 0]), state, options, limits=most)
    assert best.tokens == tokens


def test_finished_hypotheses_leave_the_beam() -> None:
    sizes = [size for _, size in shapes_of_a_search([0.0], SearchOptions(beam_size=9, n_best=9))]
    assert sizes[0] == 1
    assert max(sizes) > 3
    assert sizes[-1] < max(sizes)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_log_probabilities_may_have_any_precision(dtype: torch.dtype) -> None:
    memory, state = toy(4, batch=2)

    def cast(memory: Memory, state: State, tokens: Tensor) -> tuple[Tensor, State]:
        log_probabilities, state = step(memory, state, tokens)
        return log_probabilities.to(dtype), state

    for sampling in (False, True):
        options = SearchOptions(2, sampling=sampling)
        batch = beam_search(cast, memory, state, options, limits=limit(6, 6), generator=torch.Generator())
        for row, [hypothesis] in enumerate(batch):
            exact = rescore(*select(row, memory, state), hypothesis.tokens, options)
            assert hypothesis.log_probability == pytest.approx(exact.log_probability, abs=0.1)


@pytest.mark.parametrize("sampling", [False, True])
def test_a_model_of_nan_is_an_error_of_one_line(sampling: bool) -> None:
    memory, state = toy(0, batch=2)
    memory.table[1] = torch.nan
    with pytest.raises(UserError, match="not numbers"):
        beam_search(step, memory, state, SearchOptions(sampling=sampling), limits=limit(9, 9))


def test_a_coverage_penalty_needs_coverage() -> None:
    memory, state = toy(0)
    with pytest.raises(UserError, match=r"search\.coverage_penalty"):
        beam_search(step, memory, state, SearchOptions(coverage_penalty=0.1), limits=limit(9))

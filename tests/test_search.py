"""Search against slow, obvious searches, on a toy model whose next word depends on the whole history."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, product
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.search import Hypothesis, SearchOptions, search
from seq2seq.tensors import select
from seq2seq.vocabulary import BOS, EOS, PAD, UNK

VOCABULARY = 7  # PAD, UNK, BOS, EOS and three words
WORDS = range(EOS + 1, VOCABULARY)
LIMIT = 3
HYPOTHESES = sum(len(WORDS) ** length for length in range(LIMIT + 1))  # 40: a beam this wide is exhaustive

quick = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)
ranks = pytest.mark.parametrize(
    ("length_penalty", "coverage_penalty"), [(0.0, 0.0), (0.6, 0.0), (1.0, 0.0), (3.0, 0.0), (-2.0, 0.0), (1.0, 0.5)]
)


class Memory(NamedTuple):
    table: Tensor  # (batch, vocabulary, vocabulary): what each word adds to the logits
    weight: Tensor  # (batch, vocabulary): for coverage


class State(NamedTuple):
    history: Tensor  # (batch, width, vocabulary)


def step(memory: Memory, state: State, words: Tensor) -> tuple[Tensor, State]:
    rows = words.unsqueeze(2).expand(-1, -1, VOCABULARY)
    history = 0.7 * state.history + memory.table.gather(1, rows)
    return history.log_softmax(dim=2), State(history)


def coverage(memory: Memory, state: State) -> Tensor:
    return -(memory.weight.unsqueeze(1) * state.history).abs().mean(dim=2)


def toy(seed: int, batch: int = 1, eos: float = 0.0) -> tuple[Memory, State]:
    """A random model that likes PAD, UNK and BOS best of all, so that picking them would show."""
    generator = torch.Generator().manual_seed(seed)
    table = torch.randn(batch, VOCABULARY, VOCABULARY, generator=generator)
    table[:, :, [PAD, UNK, BOS]] += 2
    table[:, :, EOS] += eos
    weight = torch.rand(batch, VOCABULARY, generator=generator)
    return Memory(table, weight), State(torch.randn(batch, 1, VOCABULARY, generator=generator))


def limit(*words: int) -> Tensor:
    return torch.tensor(words)


def find(memory: Memory, state: State, options: SearchOptions, limits: Tensor) -> list[list[Hypothesis]]:
    return search(step, memory, state, options, limits=limits, coverage=coverage)


def rescore(memory: Memory, state: State, words: tuple[int, ...], options: SearchOptions) -> Hypothesis:
    """The slow obvious way: teacher-force one hypothesis of one sentence."""
    log_probability, last = 0.0, BOS
    for word in (*words, EOS):
        log_probabilities, state = step(memory, state, torch.tensor([[last]]))
        log_probability += log_probabilities[0, 0, word].item()
        last = word
    score = log_probability / ((5 + len(words) + 1) / 6) ** options.length_penalty
    score += options.coverage_penalty * coverage(memory, state).item()
    return Hypothesis(words, log_probability, score)


def slow_beam(memory: Memory, state: State, options: SearchOptions, most: int) -> list[Hypothesis]:
    """The shrinking beam of one sentence in plain lists; it never stops early."""
    live: list[tuple[float, tuple[int, ...], State]] = [(0.0, (), state)]
    finished: list[Hypothesis] = []
    for length in range(most + 1):
        candidates = []
        for total, words, before in live:
            log_probabilities, after = step(memory, before, torch.tensor([[words[-1] if words else BOS]]))
            for word in [EOS] if length == most else [EOS, *WORDS]:
                candidates.append((total + log_probabilities[0, 0, word].item(), (*words, word), after))
        candidates.sort(key=lambda candidate: -candidate[0])
        best = candidates[: options.width - len(finished)]
        live = [candidate for candidate in best if candidate[1][-1] != EOS]
        finished += [rescore(memory, state, words[:-1], options) for _, words, _ in best if words[-1] == EOS]
    return sorted(finished, key=lambda hypothesis: -hypothesis.score)[: options.n_best]


def assert_same(found: list[Hypothesis], expected: list[Hypothesis]) -> None:
    assert [hypothesis.words for hypothesis in found] == [hypothesis.words for hypothesis in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.log_probability == pytest.approx(theirs.log_probability, abs=1e-4)
        assert ours.score == pytest.approx(theirs.score, abs=1e-4)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("width", 0),
        ("n_best", 0),
        ("n_best", 6),
        ("coverage_penalty", -0.1),
        ("max_length", 0),
        ("temperature", 0.0),
        ("temperature", float("nan")),
        ("top_k", -1),
        ("top_p", 0.0),
        ("top_p", 1.1),
    ],
)
def test_an_option_out_of_range_is_named(key: str, value: Any) -> None:
    with pytest.raises(UserError, match=rf"^search\.{key}: .*not {value}$"):
        SearchOptions(**{key: value})


@quick
@given(seeds)
def test_width_1_is_greedy(seed: int) -> None:
    memory, state = toy(seed)
    words: list[int] = []
    after = state
    while len(words) < 12:
        log_probabilities, after = step(memory, after, torch.tensor([[words[-1] if words else BOS]]))
        word = EOS + int(log_probabilities[0, 0, EOS:].argmax())
        if word == EOS:
            break
        words.append(word)
    options = SearchOptions(width=1)
    [found] = find(memory, state, options, limit(12))
    assert_same(found, [rescore(memory, state, tuple(words), options)])


@ranks
@settings(quick, max_examples=8)
@given(seed=seeds)
def test_a_wide_beam_is_exhaustive(length_penalty: float, coverage_penalty: float, seed: int) -> None:
    memory, state = toy(seed)
    options = SearchOptions(HYPOTHESES, length_penalty, coverage_penalty, n_best=5)
    every = [words for length in range(LIMIT + 1) for words in product(WORDS, repeat=length)]
    expected = sorted((rescore(memory, state, words, options) for words in every), key=lambda one: -one.score)
    assert_same(find(memory, state, options, limit(LIMIT))[0], expected[:5])
    everything = replace(options, width=HYPOTHESES + 3, n_best=HYPOTHESES + 3)
    assert_same(find(memory, state, everything, limit(LIMIT))[0], expected)


@ranks
@settings(quick, max_examples=12)
@given(seed=seeds, width=st.integers(1, 6), eos=st.sampled_from([-1.0, 1.0, 3.0]))
def test_beam_is_the_slow_beam(
    length_penalty: float, coverage_penalty: float, seed: int, width: int, eos: float
) -> None:
    """The slow beam runs to the limit, so this also shows that stopping early changes nothing, for every n_best."""
    memory, state = toy(seed, eos=eos)
    full = SearchOptions(width, length_penalty, coverage_penalty, n_best=width)
    expected = slow_beam(memory, state, full, most=8)
    for n_best in range(1, width + 1):
        assert_same(find(memory, state, replace(full, n_best=n_best), limit(8))[0], expected[:n_best])


@quick
@given(seeds, st.integers(1, 5), st.sampled_from([0.0, 1.0, 2.0]))
def test_a_batch_is_its_sentences_one_by_one(seed: int, width: int, eos: float) -> None:
    memory, state = toy(seed, batch=5, eos=eos)
    options = SearchOptions(width, coverage_penalty=0.2, n_best=width)
    limits = limit(9, 0, 5, 1, 9)
    together = find(memory, state, options, limits)
    for row in range(5):
        rows = torch.tensor([row])
        [alone] = find(select(memory, rows), select(state, rows), options, limits[rows])
        assert_same(together[row], alone)


@quick
@given(seeds, st.integers(1, 5), st.booleans())
def test_what_every_hypothesis_keeps(seed: int, width: int, sampling: bool) -> None:
    memory, state = toy(seed, batch=4, eos=-1)
    options = SearchOptions(width, n_best=width, max_length=6, sampling=sampling)
    limits = limit(2, 0, 60, 5)
    generator = torch.Generator().manual_seed(seed)
    everything = search(step, memory, state, options, limits=limits, generator=generator)
    for row, hypotheses in enumerate(everything):
        most = min(int(limits[row]), options.max_length)
        assert hypotheses
        assert all(better.score >= worse.score for better, worse in pairwise(hypotheses))
        for hypothesis in hypotheses:
            assert len(hypothesis.words) <= most
            assert set(hypothesis.words) <= set(WORDS)
            rows = torch.tensor([row])
            assert_same([hypothesis], [rescore(select(memory, rows), select(state, rows), hypothesis.words, options)])
        if not sampling:
            assert len({hypothesis.words for hypothesis in hypotheses}) == len(hypotheses)


@quick
@given(seeds)
def test_an_exhaustive_beam_is_never_below_greedy(seed: int) -> None:
    memory, state = toy(seed)
    [[greedy]] = find(memory, state, SearchOptions(1, length_penalty=0), limit(LIMIT))
    [[widest]] = find(memory, state, SearchOptions(HYPOTHESES, length_penalty=0), limit(LIMIT))
    assert widest.log_probability >= greedy.log_probability - 1e-5


def shapes_of_a_search(eos: list[float], options: SearchOptions) -> list[tuple[int, ...]]:
    """The (batch, width) that the model is asked for at each step; one sentence for each bias towards EOS."""
    shapes = []

    def watched(memory: Memory, state: State, words: Tensor) -> tuple[Tensor, State]:
        assert len(memory.table) == len(memory.weight) == len(state.history) == len(words)
        assert state.history.shape[1] == words.shape[1]
        shapes.append(tuple(words.shape))
        return step(memory, state, words)

    memory, state = toy(0, batch=len(eos))
    memory.table[:, :, EOS] += torch.tensor(eos).unsqueeze(1)
    search(watched, memory, state, options, limits=torch.full((len(eos),), 20))
    return shapes


def test_finished_sentences_leave_the_batch() -> None:
    batches = [batch for batch, _ in shapes_of_a_search([30.0, -30.0, 30.0, -30.0], SearchOptions(width=1))]
    assert batches == [4] + [2] * 20


def test_search_stops_once_nothing_better_can_come() -> None:
    steps = [len(shapes_of_a_search([1.0], SearchOptions(5, length_penalty))) for length_penalty in (0.0, 1.0, 3.0)]
    assert steps == sorted(steps)
    assert steps[0] < steps[-1] <= 21
    assert len(shapes_of_a_search([30.0], SearchOptions(5, length_penalty=1.0))) == 1


@pytest.mark.parametrize(("length_penalty", "at_once", "words"), [(1.0, 0.55, (4, 5, 6)), (-2.0, 0.4, (4,))])
def test_search_goes_on_while_something_better_can_come(
    length_penalty: float, at_once: float, words: tuple[int, ...]
) -> None:
    """Ending at once ranks above the live hypothesis as it stands, and below what this one surely becomes."""
    table = torch.full((1, VOCABULARY, VOCABULARY), -99.0)
    table[0, BOS, EOS] = torch.tensor(at_once).log()
    table[0, BOS, words[0]] = torch.tensor(1 - at_once).log()
    for word, following in pairwise((*words, EOS)):
        table[0, word, following] = 0.0

    def chain(memory: Memory, state: State, last: Tensor) -> tuple[Tensor, State]:
        return memory.table.gather(1, last.unsqueeze(2).expand(-1, -1, VOCABULARY)), state

    _, state = toy(0)
    options = SearchOptions(2, length_penalty)
    most = limit(3 if length_penalty > 0 else 9)
    [[best]] = search(chain, Memory(table, table[:, 0]), state, options, limits=most)
    assert best.words == words


def test_finished_hypotheses_leave_the_beam() -> None:
    widths = [width for _, width in shapes_of_a_search([0.0], SearchOptions(width=9, n_best=9))]
    assert widths[0] == 1
    assert max(widths) > 3
    assert widths[-1] < max(widths)


@quick
@given(seeds, st.integers(1, 4), st.booleans())
def test_prefix_is_forced_and_counted(seed: int, width: int, sampling: bool) -> None:
    memory, state = toy(seed, batch=4)
    options = SearchOptions(width, n_best=width, sampling=sampling)
    prefix = torch.tensor([[4, 5, 6, 5], [6, PAD, PAD, PAD], [PAD] * 4, [5, 5, EOS, PAD]])
    limits = limit(2, 6, 6, 6)
    generator = torch.Generator().manual_seed(seed)
    found = search(step, memory, state, options, limits=limits, prefix=prefix, generator=generator)
    assert {hypothesis.words for hypothesis in found[0]} == {(4, 5, 6, 5)}
    assert all(hypothesis.words[0] == 6 and len(hypothesis.words) <= 6 for hypothesis in found[1])
    assert {hypothesis.words for hypothesis in found[3]} == {(5, 5)}
    for row, hypotheses in enumerate(found):
        rows = torch.tensor([row])
        for hypothesis in hypotheses:
            assert_same([hypothesis], [rescore(select(memory, rows), select(state, rows), hypothesis.words, options)])
    if not sampling:
        free = search(step, memory, state, options, limits=limits)
        assert_same(found[2], free[2])


@quick
@given(seeds)
def test_with_a_prefix_the_rest_is_searched_as_ever(seed: int) -> None:
    memory, state = toy(seed)
    options = SearchOptions(HYPOTHESES, n_best=4)
    every = [(5, *words) for length in range(LIMIT) for words in product(WORDS, repeat=length)]
    expected = sorted((rescore(memory, state, words, options) for words in every), key=lambda one: -one.score)
    prefix = torch.tensor([[5]])
    [found] = search(step, memory, state, options, limits=limit(LIMIT), prefix=prefix)
    assert_same(found, expected[:4])


def sample(seed: int, options: SearchOptions, memory: Memory, state: State) -> list[list[Hypothesis]]:
    limits = torch.full((len(memory.table),), 6)
    return search(step, memory, state, options, limits=limits, generator=torch.Generator().manual_seed(seed))


def test_a_seed_gives_the_same_samples() -> None:
    memory, state = toy(1, batch=3)
    options = SearchOptions(8, n_best=8, sampling=True)
    assert sample(5, options, memory, state) == sample(5, options, memory, state)
    assert sample(5, options, memory, state) != sample(6, options, memory, state)


@pytest.mark.parametrize("narrow", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-4}])
@settings(quick, max_examples=10)
@given(seed=seeds)
def test_sampling_from_the_most_probable_word_is_greedy(narrow: dict[str, Any], seed: int) -> None:
    memory, state = toy(seed, batch=3)
    greedy = search(step, memory, state, SearchOptions(width=1), limits=limit(6, 6, 6))
    options = replace(SearchOptions(3, n_best=3, sampling=True), **narrow)
    for samples, [best] in zip(sample(seed, options, memory, state), greedy, strict=True):
        assert_same(samples, [best] * 3)


def nucleus(probabilities: Tensor, top_p: float) -> Tensor:
    """The slow top-p: words join from the most probable down, until they hold top_p."""
    kept, held = torch.zeros_like(probabilities), 0.0
    for word in probabilities.argsort(descending=True).tolist():
        if held < top_p:
            kept[word] = probabilities[word]
            held += float(probabilities[word])
    return kept / kept.sum()


def top(probabilities: Tensor, top_k: int) -> Tensor:
    return probabilities.where(probabilities >= probabilities.sort(descending=True).values[top_k - 1], 0) / 1


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({}, lambda p: p),
        ({"temperature": 2.0}, lambda p: p.sqrt()),
        ({"top_k": 2}, lambda p: top(p, 2)),
        ({"top_k": 50}, lambda p: p),
        ({"top_p": 0.7}, lambda p: nucleus(p, 0.7)),
        ({"temperature": 0.5, "top_k": 3, "top_p": 0.8}, lambda p: nucleus(top(p**2, 3) / top(p**2, 3).sum(), 0.8)),
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
    [samples] = sample(7, replace(SearchOptions(draws, n_best=draws, sampling=True), **options), memory, state)
    first = Counter(hypothesis.words[0] if hypothesis.words else EOS for hypothesis in samples)
    assert len(samples) == draws
    for word, p in enumerate(expected.tolist()):
        assert abs(first[word] / draws - p) <= 4.5 * (p * (1 - p) / draws) ** 0.5


def test_the_best_of_the_samples_comes_first() -> None:
    memory, state = toy(2, batch=1)
    [everything] = sample(1, SearchOptions(6, n_best=6, sampling=True), memory, state)
    [best] = sample(1, SearchOptions(6, n_best=2, sampling=True), memory, state)
    assert best[0] == everything[0]
    assert len(best) == 2


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_log_probabilities_of_any_precision_will_do(dtype: torch.dtype) -> None:
    memory, state = toy(4, batch=2)

    def cast(memory: Memory, state: State, words: Tensor) -> tuple[Tensor, State]:
        log_probabilities, state = step(memory, state, words)
        return log_probabilities.to(dtype), state

    for sampling in (False, True):
        options = SearchOptions(2, sampling=sampling)
        found = search(cast, memory, state, options, limits=limit(6, 6), generator=torch.Generator())
        for row, [hypothesis] in enumerate(found):
            rows = torch.tensor([row])
            exact = rescore(select(memory, rows), select(state, rows), hypothesis.words, options)
            assert hypothesis.log_probability == pytest.approx(exact.log_probability, abs=0.1)


@pytest.mark.parametrize("sampling", [False, True])
def test_a_model_of_nan_is_an_error_of_one_line(sampling: bool) -> None:
    memory, state = toy(0, batch=2)
    memory.table[1] = torch.nan
    with pytest.raises(UserError, match="not numbers"):
        search(step, memory, state, SearchOptions(sampling=sampling), limits=limit(9, 9))


def test_a_coverage_penalty_needs_coverage() -> None:
    memory, state = toy(0)
    with pytest.raises(UserError, match=r"search\.coverage_penalty"):
        search(step, memory, state, SearchOptions(coverage_penalty=0.1), limits=limit(9))

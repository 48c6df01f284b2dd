"""An observer changes nothing, and what it is told is enough to repeat the search's result."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from toy_model import VOCABULARY, Memory, State, coverage, limit, quick, seeds, step, toy

from seq2seq.search.beam import beam_search
from seq2seq.search.candidates import total_log_probabilities
from seq2seq.search.observation import Observer, SearchEvent
from seq2seq.search.options import SearchOptions
from seq2seq.search.step import Hypothesis
from seq2seq.text.special_tokens import BOS, EOS, PAD

LIMITS = limit(9, 0, 5, 1, 9)
PREFIX = torch.tensor([[PAD, PAD], [PAD, PAD], [5, PAD], [4, 6], [6, 6]])
every_search = given(
    seeds,
    st.builds(
        SearchOptions,
        beam_size=st.integers(1, 5),
        length_penalty=st.sampled_from([0.0, 1.0, 3.0, -2.0]),
        coverage_penalty=st.sampled_from([0.0, 0.5]),
    ),
    st.sampled_from([0.0, 1.0, 2.0]),
    st.booleans(),
)


def search(
    memory: Memory, state: State, options: SearchOptions, prefix: Tensor | None, observe: Observer | None = None
) -> list[list[Hypothesis]]:
    generator = torch.Generator().manual_seed(1)
    more = {"limits": LIMITS, "coverage": coverage, "prefix": prefix, "generator": generator, "observe": observe}
    return beam_search(step, memory, state, options, **more)  # type: ignore[arg-type]


@quick
@every_search
def test_an_observer_changes_nothing(seed: int, options: SearchOptions, eos: float, forced: bool) -> None:
    memory, state = toy(seed, batch=5, eos=eos)
    for sampling in (False, True):
        options = replace(options, n_best=options.beam_size, sampling=sampling)
        events: list[SearchEvent] = []
        observed = search(memory, state, options, PREFIX if forced else None, events.append)
        assert observed == search(memory, state, options, PREFIX if forced else None)
        assert events


def finished(events: list[SearchEvent], sentence: int) -> list[Hypothesis]:
    """Return a sentence's finished hypotheses in the order of the search."""
    hypotheses = []
    for event in events:
        row = event.row.tolist().index(sentence)
        columns = event.after.tokens[row].tolist(), event.after.log_probability[row].tolist()
        for tokens, log_probability, score in zip(*columns, event.scores.total[row].tolist(), strict=True):
            if log_probability > -torch.inf and tokens[event.length + 1] == EOS:
                hypotheses.append(Hypothesis(tuple(tokens[1 : event.length + 1]), log_probability, score))
        if event.is_over[row]:
            break
    return sorted(hypotheses, key=lambda hypothesis: -hypothesis.score)


@quick
@every_search
def test_the_finished_hypotheses_are_the_results(seed: int, options: SearchOptions, eos: float, forced: bool) -> None:
    """This also shows that steps after a search is over change nothing."""
    memory, state = toy(seed, batch=5, eos=eos)
    for n_best in range(1, options.beam_size + 1):
        events: list[SearchEvent] = []
        options = replace(options, n_best=n_best)
        results = search(memory, state, options, PREFIX if forced else None, events.append)
        for sentence, hypotheses in enumerate(results):
            assert finished(events, sentence)[:n_best] == hypotheses


@quick
@every_search
def test_a_step_keeps_the_best_candidates(seed: int, options: SearchOptions, eos: float, forced: bool) -> None:
    memory, state = toy(seed, batch=5, eos=eos)
    events: list[SearchEvent] = []
    search(memory, state, options, PREFIX if forced else None, events.append)
    open_slots = [options.beam_size] * 5
    for event in events:
        totals = total_log_probabilities(event.before.log_probability, event.candidates)
        for row, sentence in enumerate(event.row.tolist()):
            values = sorted((value for value in totals[row].flatten().tolist() if value > -torch.inf), reverse=True)
            kept = event.after.log_probability[row]
            assert kept[kept > -torch.inf].tolist() == values[: open_slots[sentence]]
            ended = event.after.tokens[row, :, event.length + 1] == EOS
            open_slots[sentence] -= int((ended & (kept > -torch.inf)).sum())
            if event.forced[row] != PAD:
                assert {*event.candidates.tokens[row].flatten().tolist()} == {event.forced[row].item()}


@pytest.mark.parametrize("beam_size", [1, 4])
def test_the_tokens_before_a_step_are_those_that_went_on(beam_size: int) -> None:
    memory, state = toy(3)
    events: list[SearchEvent] = []
    beam_search(step, memory, state, SearchOptions(beam_size), limits=limit(8), observe=events.append)
    expected = [[BOS]]
    for event in events:
        assert event.candidates.tokens.shape[2] == min(beam_size, VOCABULARY - EOS)
        before = event.before.tokens[0, event.before.log_probability[0] > -torch.inf, : event.length + 1].tolist()
        assert before == expected
        kept = event.after.log_probability[0] > -torch.inf
        going_on = event.after.tokens[0, kept & (event.after.tokens[0, :, event.length + 1] != EOS)]
        expected = going_on[:, : event.length + 2].tolist()
        assert event.is_over.item() == (event is events[-1])

"""Beam search of a batch over an opaque step: the fast form of plain_beam.py. Sampling uses the same loop.

The beam shrinks (RNNsearch, Bahdanau et al. 2015): a hypothesis that finishes keeps its slot. A beam of size 1 is
therefore greedy search, and a beam with a slot for every possible hypothesis is exhaustive search.

Three tricks make it fast, and none of them changes a result. The tensors hold only as many slots as are in use. A
sentence is finished when no unfinished hypothesis can still win. Finished sentences are removed from the batch in
groups, because removing one copies all memory. Ties are broken as in plain_beam.py.
"""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.search.beam_tensors import Beam, Finished, Sentences, hypotheses_of, start_beam
from seq2seq.search.candidates import Candidates, most_probable, total_log_probabilities
from seq2seq.search.forced_prefix import force, forced_tokens
from seq2seq.search.observation import Observer, SearchEvent
from seq2seq.search.options import SearchOptions
from seq2seq.search.ranking import Ranking, length_penalties
from seq2seq.search.sampling import sample
from seq2seq.search.step import Hypothesis, Memory, State, Step, reorder_hypotheses, select_sentences
from seq2seq.text.special_tokens import EOS, PAD

REMOVAL_SHARE = 0.75  # remove finished sentences when at most this share of the batch is unfinished


@torch.inference_mode()
def beam_search(
    step: Step[Memory, State],
    memory: Memory,
    state: State,
    options: SearchOptions,
    *,
    limits: Int64[Tensor, " batch"],
    coverage: Callable[[Memory, State], Tensor] | None = None,
    prefix: Int64[Tensor, "batch prefix"] | None = None,
    generator: torch.Generator | None = None,
    observe: Observer | None = None,
) -> list[list[Hypothesis]]:
    """Return the n best hypotheses of every sentence, best first. Return fewer if fewer exist.

    Hypotheses are ranked by `Ranking`. The search never chooses PAD, UNK or BOS.

    Args:
        step: the model; see `Step`.
        memory: leaves (batch, …).
        state: leaves (batch, 1, …), the state before the first token.
        options: see `SearchOptions`.
        limits: the most tokens of each sentence's hypotheses, EOS not counted; `max_length` caps them. At its limit
            a hypothesis takes EOS, whatever its probability.
        coverage: (memory, state after the EOS) → (batch, beam), finite and at most 0: the equation's cp without β.
        prefix: the tokens that each sentence's hypotheses begin with, filled with PAD on the right. A prefix may be
            longer than the limit.
        generator: the source of random numbers for sampling, on the model's device. The same seed and batch give the
            same samples.
        observe: called after each step with what the search did. It must not change the tensors that it gets.

    Raises:
        UserError: the options have a coverage penalty and the model has no coverage, or the model's log-probabilities
            are not numbers.
    """
    if options.coverage_penalty and coverage is None:
        raise UserError("search.coverage_penalty: this model does not attend, so it has no coverage; set it to 0")
    propose = partial(most_probable, count=options.beam_size)
    if options.sampling:
        propose = partial(sample, options=options, generator=generator)
    forced, limits = forced_tokens(limits.to(memory[0].device), prefix, options.max_length)
    penalties = length_penalties(forced.shape[1], options.length_penalty, forced.device)
    ranking = Ranking(penalties, options.coverage_penalty, coverage if options.coverage_penalty else None)
    sentences = Sentences(
        row=torch.arange(len(limits), device=limits.device),
        forced=forced,
        last_penalty=penalties[limits],
        open_slots=torch.full_like(limits, options.beam_size),
    )
    return hypotheses_of(_search(step, memory, state, options, sentences, propose, ranking, observe))


def _search(
    step: Step[Memory, State],
    memory: Memory,
    state: State,
    options: SearchOptions,
    sentences: Sentences,
    propose: Callable[[Tensor], Candidates],
    ranking: Ranking[Memory, State],
    observe: Observer | None,
) -> Finished:
    """Return every sentence's finished hypotheses."""
    beam, finished = start_beam(options, sentences)
    state = reorder_hypotheses(state, torch.zeros_like(beam.tokens[:, :, 0]))
    results = Finished(*(leaf.clone() for leaf in finished))
    is_forcing = (sentences.forced != PAD).any(dim=0).tolist()  # (steps,)

    for length in range(len(is_forcing)):
        log_probabilities, state = step(memory, state, beam.tokens[:, :, length])
        candidates = propose(log_probabilities)
        if is_forcing[length]:
            candidates = force(candidates, log_probabilities, sentences.forced[:, length])
        extended, origin = _extend(beam, candidates, sentences.open_slots, options, length)
        scores = ranking.score(extended.log_probability, length, memory, state, origin)
        unended, finished, sentences = _collect_ended(extended, finished, sentences, scores.total, length)

        reachable = ranking.best_reachable_score(unended.log_probability, length, sentences.last_penalty)
        is_over = reachable <= finished.score[:, -1]
        if observe is not None:
            forced = sentences.forced[:, length]
            changes = beam, candidates, extended, origin
            observe(SearchEvent(sentences.row, length, forced, *changes, scores, reachable, is_over))
        unfinished, size = _unfinished(is_over, unended)
        is_removing = len(unfinished) <= REMOVAL_SHARE * len(reachable)
        if is_removing:
            _store(results, sentences, finished)
        if not unfinished:
            break
        beam, state = _shrink(unended, state, origin, size)
        if is_removing:
            memory, state, sentences, beam, finished = _remove_finished(
                unfinished, memory, state, sentences, beam, finished
            )
    return results


def _extend(
    beam: Beam, candidates: Candidates, open_slots: Int64[Tensor, " batch"], options: SearchOptions, length: int
) -> tuple[Beam, Int64[Tensor, "batch new_beam"]]:
    """Return the beam of each sentence's best candidates, and the index of the hypothesis that each one continues.

    Args:
        beam: the beam before this step.
        candidates: the next tokens of its hypotheses.
        open_slots: how many candidates each sentence may take.
        options: the beam size, and whether the candidates are samples.
        length: the number of tokens so far.
    """
    totals = total_log_probabilities(beam.log_probability, candidates).flatten(1)
    count = min(options.beam_size, totals.shape[1])
    if options.sampling:
        log_probability, index = totals.topk(count, dim=1)
    else:  # unlike topk, a stable sort gives equal candidates an order that does not depend on the rest of the batch
        log_probability, index = (leaf[:, :count] for leaf in totals.sort(dim=1, descending=True, stable=True))
    is_closed = torch.arange(count, device=index.device) >= open_slots.unsqueeze(1)
    origin = index // candidates.tokens.shape[2]
    tokens = reorder_hypotheses(beam, origin).tokens
    tokens[:, :, length + 1] = candidates.tokens.flatten(1).gather(1, index)
    return Beam(tokens, log_probability.masked_fill(is_closed, -torch.inf)), origin


def _collect_ended(
    beam: Beam, finished: Finished, sentences: Sentences, score: Float[Tensor, "batch beam"], length: int
) -> tuple[Beam, Finished, Sentences]:
    """Move the hypotheses that have just taken EOS from the beam to the finished ones, and close their slots."""
    is_used = beam.log_probability > -torch.inf
    is_ended = is_used & (beam.tokens[:, :, length + 1] == EOS)
    ended = Finished(*beam, score.masked_fill(~is_ended, -torch.inf))
    both = Finished(*(torch.cat(pair, dim=1) for pair in zip(finished, ended, strict=True)))
    order = both.score.argsort(dim=1, descending=True, stable=True)  # of equal scores, the first to finish comes first
    finished = reorder_hypotheses(both, order[:, : finished.score.shape[1]])
    sentences = sentences._replace(open_slots=sentences.open_slots - is_ended.sum(dim=1))
    return Beam(beam.tokens, beam.log_probability.masked_fill(~is_used | is_ended, -torch.inf)), finished, sentences


def _unfinished(is_finished: Bool[Tensor, " batch"], beam: Beam) -> tuple[list[int], int]:
    """Return the rows of the unfinished sentences, and the most slots that any of them uses."""
    used_slots = (beam.log_probability > -torch.inf).sum(dim=1)
    flags, counts = torch.stack((is_finished, used_slots)).tolist()  # the only time in a step that the CPU waits
    rows = [row for row, flag in enumerate(flags) if not flag]
    return rows, max((counts[row] for row in rows), default=0)


def _store(results: Finished, sentences: Sentences, finished: Finished) -> None:
    """Write the finished hypotheses into the sentences' rows of `results`."""
    for whole, part in zip(results, finished, strict=True):
        whole[sentences.row] = part


def _shrink(beam: Beam, state: State, origin: Int64[Tensor, "batch beam"], size: int) -> tuple[Beam, State]:
    """Keep the `size` best slots of the beam, best first, and reorder the state to match.

    Args:
        beam: the beam after this step.
        state: the model's state, still in the order of the beam before this step.
        origin: the index of each hypothesis in the beam before this step.
        size: how many slots to keep.
    """
    order = beam.log_probability.argsort(dim=1, descending=True, stable=True)[:, :size]
    return reorder_hypotheses(beam, order), reorder_hypotheses(state, origin.gather(1, order))


def _remove_finished(
    unfinished: list[int], memory: Memory, state: State, sentences: Sentences, beam: Beam, finished: Finished
) -> tuple[Memory, State, Sentences, Beam, Finished]:
    """Remove the finished sentences from the batch; `unfinished` holds the rows that remain."""
    rows = torch.tensor(unfinished, device=sentences.row.device)
    return (
        select_sentences(memory, rows),
        select_sentences(state, rows),
        select_sentences(sentences, rows),
        select_sentences(beam, rows),
        select_sentences(finished, rows),
    )

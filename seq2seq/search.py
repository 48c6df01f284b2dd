"""One batched search loop over an opaque step; greedy, beam and sampling are ways to pick the next words.

The beam is RNNsearch's (Bahdanau et al. 2015), which shrinks: a hypothesis that finishes takes its place with it.
Width 1 therefore is greedy search, and a beam as wide as there are hypotheses is exhaustive search.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite
from typing import NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

from seq2seq.errors import UserError, require
from seq2seq.picking import most_probable, sampler
from seq2seq.tensors import reorder, select
from seq2seq.vocabulary import BOS, EOS, PAD

Memory = TypeVar("Memory", bound=NamedTuple)
MemoryIn = TypeVar("MemoryIn", bound=NamedTuple, contravariant=True)
State = TypeVar("State", bound=NamedTuple)
STAYING = 0.75  # share of the batch's sentences at which the others leave it: each time, all memory is copied


class Step(Protocol[MemoryIn, State]):
    """One step of a model: what it thinks of every next word, and its next state.

    memory: leaves (batch, …), shared by a sentence's hypotheses. state: leaves (batch, width, …). words: int64
    (batch, width), each hypothesis's last word. Returns log-probabilities (batch, width, vocabulary) and the new state.
    """

    def __call__(self, memory: MemoryIn, state: State, words: Tensor, /) -> tuple[Tensor, State]: ...


@dataclass(frozen=True)
class SearchOptions:
    """How translations are searched for.

    Args:
        width: Hypotheses kept alive for each sentence. 1 is greedy search; 5 to 10 is usual; time grows with it.
        length_penalty: 0 ranks by plain probability, which favours short translations; 1 ranks by nearly the mean over
            words; more favours longer ones (Wu et al. 2016, equation 14).
        coverage_penalty: What a translation loses for source words that it hardly attended to; 0 is off, 0.2 is usual.
        n_best: Translations given for each sentence, best first; at most `width`.
        max_length: The most pieces a translation may have.
        sampling: Draw `width` independent translations at random in place of searching for the most probable ones.
        temperature: For sampling: below 1 keeps closer to the most probable words, above 1 strays further.
        top_k: For sampling: draw from this many most probable words only; 0 is all.
        top_p: For sampling: draw from the fewest words that hold this probability (Holtzman et al. 2020); 1 is all.

    Raises:
        UserError: a value is out of its range.
    """

    width: int = 5
    length_penalty: float = 1.0
    coverage_penalty: float = 0.0
    n_best: int = 1
    max_length: int = 200
    sampling: bool = False
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        rules = (
            ("width", self.width >= 1, "must be at least 1"),
            ("length_penalty", isfinite(self.length_penalty), "must be a finite number"),
            ("coverage_penalty", 0 <= self.coverage_penalty < inf, "must be 0 or more, and finite"),
            ("n_best", 1 <= self.n_best <= self.width, f"must be from 1 to search.width ({self.width})"),
            ("max_length", self.max_length >= 1, "must be at least 1"),
            ("temperature", 0 < self.temperature < inf, "must be more than 0, and finite"),
            ("top_k", self.top_k >= 0, "must be 0 (all words) or more"),
            ("top_p", 0 < self.top_p <= 1, "must be more than 0 and at most 1"),
        )
        require("search", self, rules)


class Hypothesis(NamedTuple):
    """A finished translation, in ids."""

    words: tuple[int, ...]  # without BOS and EOS
    log_probability: float  # the model's own, of the words and the EOS
    score: float  # what it is ranked by


class _Beam(NamedTuple):
    """The live hypotheses; leaves (batch, width, …)."""

    words: Tensor  # (batch, width, 1 + steps): BOS, the words so far, then PAD
    log_probability: Tensor  # (batch, width), best first; -inf: nobody is in this place


class _Finished(NamedTuple):
    """The n best finished hypotheses, best first; leaves (batch, n_best, …)."""

    words: Tensor  # (batch, n_best, 1 + steps): BOS, words, EOS, then PAD
    log_probability: Tensor  # (batch, n_best)
    score: Tensor  # (batch, n_best), -inf: not found yet


class _Sentences(NamedTuple):
    """What search must know of each sentence; leaves (batch, …)."""

    row: Tensor  # (batch,): its place in the batch that came in
    forced: Tensor  # (batch, steps): the word it must take at each step, PAD = it is free
    last_penalty: Tensor  # (batch,): the length penalty of its longest hypothesis
    places: Tensor  # (batch,): width less the hypotheses that have finished


@torch.inference_mode()
def search(
    step: Step[Memory, State],
    memory: Memory,
    state: State,
    options: SearchOptions,
    *,
    limits: Tensor,
    coverage: Callable[[Memory, State], Tensor] | None = None,
    prefix: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> list[list[Hypothesis]]:
    """Find the n best hypotheses of every sentence, best first (fewer, where fewer exist).

    They are ranked by log P / ((5 + |Y|) / 6)^length_penalty + coverage_penalty · coverage, where |Y| counts the words
    and the EOS (Wu et al. 2016, equation 14). A sentence is done when going on cannot change its result, and not
    before; those that are done leave the batch together. PAD, UNK and BOS are never picked.

    Args:
        step: the model; see `Step`.
        memory: leaves (batch, …).
        state: leaves (batch, 1, …), the state before the first word.
        options: see `SearchOptions`.
        limits: int64 (batch,), the most words of each sentence's hypotheses, EOS not counted; `max_length` caps them.
            At its limit a hypothesis takes EOS, whatever its probability.
        coverage: (memory, state after the EOS) → (batch, width), finite and at most 0: the equation's cp without β.
        prefix: int64 (batch, prefix), filled with PAD on the right: the words that a sentence's hypotheses begin with,
            even where they are more than its limit.
        generator: what sampling draws from, on the model's device. The same seed and batch give the same samples.

    Raises:
        UserError: a coverage penalty is asked of a model without coverage, or its probabilities are not numbers.
    """
    if options.coverage_penalty and coverage is None:
        raise UserError("search.coverage_penalty: this model does not attend, so it has no coverage; set it to 0")
    pick = most_probable(options.width)
    if options.sampling:
        pick = sampler(options.temperature, options.top_k, options.top_p, generator)
    forced, limits = _schedule(limits.to(state[0].device), prefix, options.max_length)
    forcing = (forced != PAD).any(dim=0).tolist()  # (steps,)
    # penalties[length] divides log P of a hypothesis of `length` words and its EOS.
    penalties = ((6 + torch.arange(forced.shape[1] + 1, device=forced.device)) / 6) ** options.length_penalty
    sentences, beam, finished = _start(options, forced, penalties[limits])
    state = reorder(state, torch.zeros_like(beam.words[:, :, 0]))
    found = _Finished(*(leaf.clone() for leaf in finished))

    for length, is_forcing in enumerate(forcing):
        log_probabilities, state = step(memory, state, beam.words[:, :, length])
        candidates = pick(log_probabilities)
        if is_forcing:
            candidates = _force(candidates, log_probabilities, sentences.forced[:, length])
        beam, origin = _extend(beam, candidates, sentences.places, options.width, length)

        alive = beam.log_probability.isfinite()
        ended = alive & (beam.words[:, :, length + 1] == EOS)
        score = beam.log_probability / penalties[length]
        if coverage is not None and options.coverage_penalty:
            score = score + options.coverage_penalty * coverage(memory, state).gather(1, origin)
        finished = _merge(finished, _Finished(*beam, score.masked_fill(~ended, -torch.inf)))
        sentences = sentences._replace(places=sentences.places - ended.sum(dim=1))

        live = beam.log_probability.masked_fill(~alive | ended, -torch.inf)
        # log P can only fall: at best it stays as it is and meets the kindest length penalty still ahead of it.
        hope = live.amax(dim=1) / torch.maximum(penalties[length + 1], sentences.last_penalty)
        done = hope <= finished.score[:, -1]
        kept, width = _survivors(done, live)
        leaving = len(kept) <= STAYING * len(done)
        if leaving:
            for whole, part in zip(found, finished, strict=True):
                whole[sentences.row] = part
        if not kept:
            break

        order = live.argsort(dim=1, descending=True, stable=True)[:, :width]
        beam = reorder(_Beam(beam.words, live), order)
        state = reorder(state, origin.gather(1, order))
        if leaving:
            rows = torch.tensor(kept, device=done.device)
            memory, state = select(memory, rows), select(state, rows)
            sentences, beam, finished = select(sentences, rows), select(beam, rows), select(finished, rows)
    return _hypotheses(found)


def _schedule(limits: Tensor, prefix: Tensor | None, max_length: int) -> tuple[Tensor, Tensor]:
    """The word that each sentence must take at each step, (batch, steps), PAD = it is free; and its limit (batch,)."""
    limits = limits.clamp(max=max_length)
    if prefix is None:
        prefix = limits.new_empty(len(limits), 0)
    prefix = prefix.to(limits.device)
    limits = torch.maximum(limits, (prefix != PAD).sum(dim=1))
    forced = limits.new_full((len(limits), int(limits.max()) + 1), PAD)
    prefix = prefix[:, : forced.shape[1]]
    forced[:, : prefix.shape[1]] = prefix
    return forced.scatter(1, limits.unsqueeze(1), EOS), limits


def _start(options: SearchOptions, forced: Tensor, last_penalty: Tensor) -> tuple[_Sentences, _Beam, _Finished]:
    """Everything as it is before the first word."""
    batch, steps = forced.shape
    # A beam spreads from one hypothesis; samples are independent from the first word on.
    width = options.width if options.sampling else 1
    beam = _Beam(forced.new_full((batch, width, 1 + steps), PAD), last_penalty.new_zeros(batch, width))
    beam.words[:, :, 0] = BOS
    nothing = last_penalty.new_full((batch, options.n_best), -torch.inf)
    finished = _Finished(forced.new_full((batch, options.n_best, 1 + steps), PAD), nothing, nothing)
    places = forced.new_full((batch,), options.width)
    return _Sentences(torch.arange(batch, device=forced.device), forced, last_penalty, places), beam, finished


def _force(candidates: tuple[Tensor, Tensor], log_probabilities: Tensor, forced: Tensor) -> tuple[Tensor, Tensor]:
    """Where a sentence must take a word, its hypotheses go on in that way alone. forced: (batch,), PAD = it is free."""
    values, words = candidates  # (batch, width, ways)
    word = forced.view(-1, 1, 1).expand(-1, values.shape[1], 1)
    free = word == PAD
    first = torch.where(free, values[..., :1], log_probabilities.gather(2, word))
    others = values[..., 1:].masked_fill(~free, -torch.inf)
    return torch.cat((first, others), dim=2), torch.where(free, words, word)


def _extend(
    beam: _Beam, candidates: tuple[Tensor, Tensor], places: Tensor, width: int, length: int
) -> tuple[_Beam, Tensor]:
    """The best `places` of each sentence's candidates as a beam, best first, and the hypotheses they go on from."""
    values, words = candidates  # (batch, width, ways)
    totals = (beam.log_probability.unsqueeze(2) + values.float()).flatten(1)  # (batch, width · ways)
    log_probability, index = totals.topk(min(width, totals.shape[1]), dim=1)
    taken = torch.arange(index.shape[1], device=index.device) >= places.unsqueeze(1)
    origin = index // values.shape[2]
    beam = reorder(_Beam(beam.words, beam.log_probability), origin)
    beam.words[:, :, length + 1] = words.flatten(1).gather(1, index)
    return _Beam(beam.words, log_probability.masked_fill(taken, -torch.inf)), origin


def _survivors(done: Tensor, live: Tensor) -> tuple[list[int], int]:
    """The rows of the sentences that are not done, and the most live hypotheses that any of these has."""
    leaving, counts = torch.stack((done, live.isfinite().sum(dim=1))).tolist()  # a step's one look at the device
    kept = [row for row, leaves in enumerate(leaving) if not leaves]
    return kept, max((counts[row] for row in kept), default=0)


def _merge(finished: _Finished, more: _Finished) -> _Finished:
    """The n best of both, best first; of equals, the one that finished first."""
    both = _Finished(*(torch.cat(pair, dim=1) for pair in zip(finished, more, strict=True)))
    order = both.score.argsort(dim=1, descending=True, stable=True)
    return reorder(both, order[:, : finished.score.shape[1]])


def _hypotheses(found: _Finished) -> list[list[Hypothesis]]:
    """The finished hypotheses of each sentence, out of their tensors."""
    sentences = []
    for rows in zip(*(leaf.tolist() for leaf in found), strict=True):
        ranked = [
            Hypothesis(tuple(words[1 : words.index(EOS)]), log_probability, score)
            for words, log_probability, score in zip(*rows, strict=True)
            if score > -torch.inf
        ]
        if not ranked:
            raise UserError("the model's probabilities are not numbers: its training diverged; lower its learning rate")
        sentences.append(ranked)
    return sentences

"""Beam search of one sentence, without tricks: the search that beam.py does for a whole batch at once.

This is RNNsearch's beam (Bahdanau et al. 2015), which shrinks: a hypothesis that finishes keeps its slot in the beam,
so that fewer slots are open for the others.

Ties: among equal candidates, those of the better hypothesis come first; within a hypothesis, `most_probable` decides.
Among equal finished hypotheses, the one that finished first comes first.
"""

from typing import Generic, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from seq2seq.search.candidates import most_probable
from seq2seq.search.step import Hypothesis, Memory, State, Step
from seq2seq.text.special_tokens import BOS, EOS


class _Partial(NamedTuple, Generic[State]):
    """A hypothesis during the search."""

    tokens: tuple[int, ...]  # with BOS, and with EOS once it has ended
    log_probability: Float[Tensor, ""]
    state: State  # after all tokens except the last


@torch.inference_mode()
def plain_beam_search(
    step: Step[Memory, State], memory: Memory, state: State, *, beam_size: int, length_penalty: float, limit: int
) -> list[Hypothesis]:
    """Return the finished hypotheses of one sentence, best first.

    They are ranked by log P / ((5 + |Y|) / 6)^length_penalty, where |Y| counts the tokens and the EOS (Wu et al. 2016,
    equation 14, without its coverage penalty).

    Args:
        step: the model; see `Step`. Its log-probabilities are finite.
        memory: leaves (1, …).
        state: leaves (1, 1, …), the state before the first token.
        beam_size: the number of slots in the beam.
        length_penalty: the exponent.
        limit: the most tokens of a hypothesis, EOS not counted. At its limit a hypothesis takes EOS.
    """
    device = memory[0].device
    live = [_Partial((BOS,), torch.zeros((), device=device), state)]
    finished: list[Hypothesis] = []
    for length in range(limit + 1):
        candidates = []
        for tokens, log_probability, before in live:
            log_probabilities, after = step(memory, before, torch.tensor([[tokens[-1]]], device=device))
            next_tokens = most_probable(log_probabilities, beam_size).tokens.flatten().tolist()
            for token in next_tokens if length < limit else [EOS]:
                total = log_probability + log_probabilities[0, 0, token].float()
                candidates.append(_Partial((*tokens, token), total, after))
        candidates.sort(key=lambda candidate: candidate.log_probability, reverse=True)
        open_slots = beam_size - len(finished)
        live = []
        for candidate in candidates[:open_slots]:
            if candidate.tokens[-1] == EOS:
                score = candidate.log_probability / ((6 + length) / 6) ** length_penalty
                finished.append(Hypothesis(candidate.tokens[1:-1], candidate.log_probability.item(), score.item()))
            else:
                live.append(candidate)
    return sorted(finished, key=lambda hypothesis: hypothesis.score, reverse=True)

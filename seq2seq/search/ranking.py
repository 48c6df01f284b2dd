"""The score that ranks finished hypotheses (Wu et al. 2016, equation 14)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from seq2seq.search.step import Memory, State


def length_penalties(steps: int, length_penalty: float, device: torch.device) -> Float[Tensor, " lengths"]:
    """Return ((5 + |Y|) / 6)^length_penalty for hypotheses of 0 to `steps` tokens.

    |Y| counts the EOS as well, so a hypothesis of n tokens has |Y| = n + 1.
    """
    penalties: Tensor = ((6 + torch.arange(steps + 1, device=device)) / 6) ** length_penalty
    return penalties


class Scores(NamedTuple):
    """The scores of hypotheses, and the terms of the equation."""

    total: Float[Tensor, "batch beam"]  # log P / length_penalty + coverage
    length_penalty: Float[Tensor, ""]
    coverage: Float[Tensor, "batch beam"] | None  # coverage_penalty · coverage; None: scored without it


@dataclass(frozen=True)
class Ranking(Generic[Memory, State]):
    """Score hypotheses by log P / ((5 + |Y|) / 6)^length_penalty + coverage_penalty · coverage.

    Args:
        length_penalties: see the function of this name.
        coverage_penalty: the weight of the coverage.
        coverage: (memory, state after the EOS) → (batch, beam), at most 0. None: score without it.
    """

    length_penalties: Float[Tensor, " lengths"]
    coverage_penalty: float
    coverage: Callable[[Memory, State], Tensor] | None

    def score(
        self,
        log_probability: Float[Tensor, "batch beam"],
        length: int,
        memory: Memory,
        state: State,
        origin: Int64[Tensor, "batch beam"],
    ) -> Scores:
        """Return the scores of hypotheses of `length` tokens that end with this step's EOS.

        Args:
            log_probability: of each hypothesis, EOS included.
            length: the number of tokens, EOS not counted.
            memory: the model's memory.
            state: the model's state, still in the order of the beam before this step.
            origin: the index of each hypothesis in the beam before this step.
        """
        length_penalty = self.length_penalties[length]
        score = log_probability / length_penalty
        if self.coverage is None:
            return Scores(score, length_penalty, None)
        coverage = self.coverage_penalty * self.coverage(memory, state).gather(1, origin)
        return Scores(score + coverage, length_penalty, coverage)

    def best_reachable_score(
        self, log_probability: Float[Tensor, "batch beam"], length: int, last_penalty: Float[Tensor, " batch"]
    ) -> Float[Tensor, " batch"]:
        """Return an upper bound of the scores that each sentence's hypotheses can still reach.

        Log P is negative and can only fall, and coverage is at most 0. So the bound is the best log P so far, divided
        by the greatest penalty to come: the next or the last, because penalties rise or fall with the length.

        Args:
            log_probability: of each unfinished hypothesis; -inf for an empty slot.
            length: the number of tokens that a hypothesis would have if it ended at this step.
            last_penalty: the length penalty at each sentence's limit.
        """
        return log_probability.amax(dim=1) / torch.maximum(self.length_penalties[length + 1], last_penalty)

"""The record of a beam search: every hypothesis at every step, and what became of it. Plain values, for JSON."""

from dataclasses import dataclass
from typing import Literal

from seq2seq.search.options import SearchOptions

EMPTY = 0  # the id of the empty hypothesis, from which every search grows

State = Literal["goes on", "finished", "pruned", "dropped"]


@dataclass(frozen=True)
class TracedHypothesis:
    """A hypothesis that a step considered: its parent with one more token.

    Args:
        id: counted from 1 over the whole search. `EMPTY` is the hypothesis before the first step.
        parent: the id of the hypothesis that this one continues.
        token: the new token as SentencePiece writes it: "▁" begins a word, "</s>" is EOS.
        token_id: the new token's number in the target vocabulary.
        token_probability: the model's, of the new token alone, given the parent.
        token_log_probability: its natural logarithm.
        log_probability: of all tokens so far: the parent's plus the new token's.
        state: "goes on": it is in the beam of the next step. "finished": it took EOS and keeps its slot. "pruned":
            better hypotheses took all open slots. "dropped": it had a slot, but the search ended, because it could no
            longer win.
    """

    id: int
    parent: int
    token: str
    token_id: int
    token_probability: float
    token_log_probability: float
    log_probability: float
    state: State


@dataclass(frozen=True)
class SearchStep:
    """A step of a search.

    Args:
        is_forced: whether every hypothesis had to take the same token: the prefix's, or EOS at the greatest length.
        best_reachable_score: no hypothesis that goes on can end with a higher score. None if none goes on. The search
            ends when the last of the n best finished ones has at least this score.
        hypotheses: all that the step considered, best first by log-probability. Those of one parent are the next tokens
            that the search considered for it.
    """

    is_forced: bool
    best_reachable_score: float | None
    hypotheses: list[TracedHypothesis]


@dataclass(frozen=True)
class FinishedHypothesis:
    """A finished hypothesis. score = log_probability / length_penalty + coverage (Wu et al. 2016, equation 14).

    Args:
        id: see `TracedHypothesis`.
        text: the translation.
        tokens, token_ids: its tokens, with "</s>" at the end.
        log_probability: of all tokens, natural logarithm.
        length_penalty: ((5 + tokens) / 6)^α; "</s>" counts as a token.
        coverage: the coverage penalty times the coverage, at most 0. It is 0 if the search has no such penalty.
        score: what the search ranks by.
    """

    id: int
    text: str
    tokens: list[str]
    token_ids: list[int]
    log_probability: float
    length_penalty: float
    coverage: float
    score: float


@dataclass(frozen=True)
class SearchTrace:
    """The search for one sentence's translation.

    Args:
        sentence: the source, raw text.
        source_tokens: its tokens, with "</s>" at the end. Empty for a blank sentence, which is not searched.
        prefix: what the translation had to begin with.
        options: how it was searched.
        steps: the steps. A hypothesis of step i (counted from 1) has i tokens.
        finished: all finished hypotheses, best first. The first `options.n_best` are the search's result.
        winner: the id of the best one. None for a blank sentence.
    """

    sentence: str
    source_tokens: list[str]
    prefix: str
    options: SearchOptions
    steps: list[SearchStep]
    finished: list[FinishedHypothesis]
    winner: int | None

    def path(self, hypothesis: int) -> list[int]:
        """Return the ids from the first step's hypothesis to the given one. The empty hypothesis has an empty path."""
        parents = {considered.id: considered.parent for step in self.steps for considered in step.hypotheses}
        ids = []
        while hypothesis != EMPTY:
            ids.append(hypothesis)
            hypothesis = parents[hypothesis]
        return ids[::-1]

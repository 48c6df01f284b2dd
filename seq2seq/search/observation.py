"""Watch a beam search: what it did in each step, for a caller that wants to show it."""

from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Bool, Float, Int64
from torch import Tensor

from seq2seq.search.beam_tensors import Beam
from seq2seq.search.candidates import Candidates
from seq2seq.search.ranking import Scores


class SearchEvent(NamedTuple):
    """One step of a search: the hypotheses before it, their candidates, and the hypotheses after it.

    A sentence whose search is over can stay in the batch for some more steps, which change nothing.
    """

    row: Int64[Tensor, " batch"]  # each sentence's row in the batch at the start
    length: int  # the number of tokens before this step, BOS not counted
    forced: Int64[Tensor, " batch"]  # the token that each sentence must take, PAD where it is free
    before: Beam  # the unfinished hypotheses, best first
    candidates: Candidates  # the next tokens of each of them; -inf: not a candidate
    after: Beam  # the best candidates, best first, those that take EOS included; -inf: no slot was open
    origin: Int64[Tensor, "batch new_beam"]  # the index in `before` of the hypothesis that each one continues
    scores: Scores  # of `after`; they count for the hypotheses that take EOS
    best_reachable_score: Float[Tensor, " batch"]  # an upper bound for the unfinished ones; -inf: there is none
    is_over: Bool[Tensor, " batch"]  # the search ends here: no unfinished hypothesis can still win


Observer = Callable[[SearchEvent], None]

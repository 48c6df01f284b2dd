"""Choose the next tokens that a search considers for each hypothesis: the most probable ones."""

from typing import NamedTuple

from jaxtyping import Float, Int64
from torch import Tensor

from seq2seq.search.topk import fast_topk
from seq2seq.text.special_tokens import EOS


class Candidates(NamedTuple):
    """Next tokens of each hypothesis. PAD, UNK and BOS are never among them."""

    log_probability: Float[Tensor, "batch beam candidates"]  # of the token alone, given its hypothesis
    tokens: Int64[Tensor, "batch beam candidates"]


def most_probable(log_probabilities: Float[Tensor, "batch beam vocabulary"], count: int) -> Candidates:
    """Return the `count` most probable next tokens of each hypothesis, most probable first.

    Greedy search needs one token. A beam search never needs more than its beam size: even if all its best candidates
    continue the same hypothesis, they are among that hypothesis's `count` most probable tokens.
    """
    values, indices = fast_topk(log_probabilities[..., EOS:], count)  # the vocabulary begins with PAD, UNK and BOS
    return Candidates(values, indices + EOS)


def total_log_probabilities(
    log_probability: Float[Tensor, "batch beam"], candidates: Candidates
) -> Float[Tensor, "batch beam candidates"]:
    """Return the log-probability of each hypothesis continued by each of its candidates.

    Args:
        log_probability: of the hypotheses; -inf for an empty slot.
        candidates: their next tokens.
    """
    return log_probability.unsqueeze(2) + candidates.log_probability.float()

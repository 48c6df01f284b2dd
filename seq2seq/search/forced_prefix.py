"""Tokens that a hypothesis must take: those of a given prefix, and the EOS at its limit."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from seq2seq.search.candidates import Candidates
from seq2seq.text.special_tokens import EOS, PAD


def forced_tokens(
    limits: Int64[Tensor, " batch"], prefix: Int64[Tensor, "batch prefix"] | None, max_length: int
) -> tuple[Int64[Tensor, "batch steps"], Int64[Tensor, " batch"]]:
    """Return the token that each sentence must take at each step, PAD where it is free, and each sentence's limit.

    Args:
        limits: the most tokens of each sentence's hypotheses.
        prefix: the tokens that hypotheses begin with, filled with PAD on the right. A longer prefix raises the limit.
        max_length: the greatest limit that is allowed without a prefix.
    """
    limits = limits.clamp(max=max_length)
    if prefix is None:
        prefix = limits.new_empty(len(limits), 0)
    prefix = prefix.to(limits.device)
    limits = torch.maximum(limits, (prefix != PAD).sum(dim=1))
    forced = limits.new_full((len(limits), int(limits.max()) + 1), PAD)
    prefix = prefix[:, : forced.shape[1]]
    forced[:, : prefix.shape[1]] = prefix
    return forced.scatter(1, limits.unsqueeze(1), EOS), limits


def force(
    candidates: Candidates,
    log_probabilities: Float[Tensor, "batch beam vocabulary"],
    forced: Int64[Tensor, " batch"],
) -> Candidates:
    """Replace the candidates of the sentences that must take a token by that token alone.

    Args:
        candidates: the candidates of every sentence.
        log_probabilities: the model's, of every next token.
        forced: the token that each sentence must take at this step, PAD where it is free.
    """
    token = forced.view(-1, 1, 1).expand(-1, log_probabilities.shape[1], 1)
    is_free = token == PAD
    first = torch.where(is_free, candidates.log_probability[..., :1], log_probabilities.gather(2, token))
    others = candidates.log_probability[..., 1:].masked_fill(~is_free, -torch.inf)
    return Candidates(torch.cat((first, others), dim=2), torch.where(is_free, candidates.tokens, token))

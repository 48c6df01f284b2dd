"""Draw the next token of each hypothesis at random."""

import torch
from jaxtyping import Float
from torch import Tensor

from seq2seq.search.candidates import Candidates
from seq2seq.search.options import SearchOptions
from seq2seq.text.special_tokens import EOS


def sample(
    log_probabilities: Float[Tensor, "batch beam vocabulary"],
    options: SearchOptions,
    generator: torch.Generator | None,
) -> Candidates:
    """Draw one next token for each hypothesis, after temperature, then top-k, then top-p.

    Args:
        log_probabilities: the model's, of every next token.
        options: `temperature`, `top_k` and `top_p`.
        generator: the source of random numbers, on the model's device. None: PyTorch's global one.
    """
    logits = log_probabilities[..., EOS:].flatten(0, 1).float() / options.temperature  # (batch · beam, allowed tokens)
    allowed = logits.shape[-1]
    count = min(options.top_k or allowed, allowed)
    if count < allowed or options.top_p < 1:
        logits, indices = logits.topk(count, dim=-1)
    else:
        indices = torch.arange(allowed, device=logits.device).expand_as(logits)
    probabilities = logits.softmax(dim=-1)
    if options.top_p < 1:
        more_probable = probabilities.cumsum(dim=-1) - probabilities  # the sum over the more probable tokens
        probabilities = probabilities.masked_fill(more_probable >= options.top_p, 0.0)
    # Ten times faster than torch.multinomial: take the first token whose running sum reaches a uniform random point.
    running = probabilities.cumsum(dim=-1)
    point = running[:, -1:] * (1 - torch.rand(len(running), 1, generator=generator, device=running.device))
    drawn = torch.searchsorted(running, point).clamp(max=count - 1)  # a NaN would lie past the end
    tokens = indices.gather(1, drawn).view(*log_probabilities.shape[:2], 1) + EOS
    return Candidates(log_probabilities.gather(2, tokens), tokens)

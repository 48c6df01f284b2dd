"""The tensors of a beam search: its sentences, their unfinished hypotheses, and their finished ones."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.search.options import SearchOptions
from seq2seq.search.step import Hypothesis
from seq2seq.text.special_tokens import BOS, EOS, PAD


class Sentences(NamedTuple):
    """Properties of each sentence, and its open slots."""

    row: Int64[Tensor, " batch"]  # its row in the batch at the start
    forced: Int64[Tensor, "batch steps"]  # the token that it must take at each step, PAD where it is free
    last_penalty: Float[Tensor, " batch"]  # the length penalty at its limit
    open_slots: Int64[Tensor, " batch"]  # the beam size, less one for each hypothesis that has finished


class Beam(NamedTuple):
    """The unfinished hypotheses, best first."""

    tokens: Int64[Tensor, "batch beam 1+steps"]  # BOS, the tokens so far, then PAD
    log_probability: Float[Tensor, "batch beam"]  # -inf: the slot is empty


class Finished(NamedTuple):
    """The n best finished hypotheses, best first."""

    tokens: Int64[Tensor, "batch n_best 1+steps"]  # BOS, the tokens, EOS, then PAD
    log_probability: Float[Tensor, "batch n_best"]
    score: Float[Tensor, "batch n_best"]  # -inf: no hypothesis yet


def start_beam(options: SearchOptions, sentences: Sentences) -> tuple[Beam, Finished]:
    """Return the beam before the first token, and no finished hypotheses."""
    # A beam grows out of one hypothesis. Samples are independent from the first token on.
    size = options.beam_size if options.sampling else 1
    batch, steps = sentences.forced.shape
    tokens = sentences.forced.new_full((batch, size, 1 + steps), PAD)
    tokens[:, :, 0] = BOS
    beam = Beam(tokens, sentences.last_penalty.new_zeros(batch, size))
    empty = sentences.last_penalty.new_full((batch, options.n_best), -torch.inf)
    return beam, Finished(sentences.forced.new_full((batch, options.n_best, 1 + steps), PAD), empty, empty)


def hypotheses_of(results: Finished) -> list[list[Hypothesis]]:
    """Convert each sentence's finished hypotheses from tensors.

    Raises:
        UserError: a sentence has none, because the model's log-probabilities are not numbers.
    """
    sentences = []
    for rows in zip(*(leaf.tolist() for leaf in results), strict=True):
        hypotheses = [
            Hypothesis(tuple(tokens[1 : tokens.index(EOS)]), log_probability, score)
            for tokens, log_probability, score in zip(*rows, strict=True)
            if score > -torch.inf
        ]
        if not hypotheses:
            raise UserError("the model's probabilities are not numbers: its training diverged; lower its learning rate")
        sentences.append(hypotheses)
    return sentences

"""Search for a batch's translations with a model. Only this file knows both the model and the search."""

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.search.beam import beam_search
from seq2seq.search.observation import Observer
from seq2seq.search.options import SearchOptions
from seq2seq.search.step import Hypothesis


def search_model(
    model: EncoderDecoder,
    source: Int64[Tensor, "batch source"],
    source_mask: Bool[Tensor, "batch source"],
    options: SearchOptions,
    prefix: Int64[Tensor, "batch prefix"] | None = None,
    generator: torch.Generator | None = None,
    observe: Observer | None = None,
) -> list[list[Hypothesis]]:
    """Return the n best hypotheses of each sentence of a batch, best first.

    A hypothesis has at most twice as many tokens as its source plus ten, and at most `options.max_length`.

    Args:
        model: the model, in evaluation mode.
        source: token ids.
        source_mask: True = a real token.
        options: see `SearchOptions`.
        prefix: see `beam_search`.
        generator: see `beam_search`.
        observe: see `beam_search`.
    """
    memory, state = model.encode(source, source_mask)
    limits = 2 * source_mask.sum(dim=1) + 10
    return beam_search(
        model.step,
        memory,
        state,
        options,
        limits=limits,
        coverage=model.log_coverage if model.attends else None,
        prefix=prefix,
        generator=generator,
        observe=observe,
    )

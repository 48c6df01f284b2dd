"""Scheduled sampling: train on the model's own predictions (Bengio et al. 2015)."""

import torch

from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.text.batch import Batch


@torch.no_grad()
def with_own_predictions(
    model: EncoderDecoder, batch: Batch, probability: float, generator: torch.Generator | None = None
) -> Batch:
    """Replace input tokens of the decoder by the model's own predictions, each with a probability. BOS stays.

    A first pass with teacher forcing makes the predictions (Mihaylova & Martins 2019). The second pass, which learns,
    is therefore as fast as teacher forcing.
    """
    predictions = batch.labels.masked_scatter(batch.target_mask, model(batch).argmax(dim=-1))
    predictions = predictions.roll(1, dims=1)  # a predicted label is the next step's input
    replaced = torch.rand(batch.inputs.shape, generator=generator, device=batch.inputs.device) < probability
    replaced[:, 0] = False
    return batch._replace(inputs=batch.inputs.where(~(replaced & batch.target_mask), predictions))

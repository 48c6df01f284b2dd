"""Check that a cell or an attention of a user's own keeps its contract, on two short sentences."""

import torch
from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.model.encoder_decoder import EncoderDecoder
from seq2seq.text.batch import Batch
from seq2seq.text.special_tokens import EOS

TOLERANCE = 1e-2  # by which a sum of attention weights may differ from 1: bfloat16 has three digits


@torch.no_grad()
def check_contract(model: EncoderDecoder) -> None:
    """Run a model once: teacher forcing, a step of a search, and the encoder's trace. Check what it returns.

    Args:
        model: new, on a device that computes. It may have classes of a user's own, which may raise anything here.

    Raises:
        UserError: attention weights are not weights, or the logits are not finite.
    """
    source, target = model.encoder.embedding.num_embeddings - 1, model.decoder.embedding.num_embeddings - 1
    batch = Batch.from_ids([[source, source, EOS], [source, EOS]], [[target, target, EOS], [target, EOS]])
    was_training = model.training
    model.eval()
    if not model(batch).isfinite().all():
        raise UserError("the model's first logits are not finite: its cells or its attention return inf or NaN")
    check_weights(model.align(batch), batch, model.attends, type(model.decoder.context).__name__)
    model.encoder.trace(batch.source, batch.source_mask)
    model.decoder.trace(*model.encode(batch.source, batch.source_mask), batch.inputs)
    model.step(*model.encode(batch.source, batch.source_mask), batch.inputs[:, :1])
    model.train(was_training)


def check_weights(weights: Tensor, batch: Batch, attends: bool, name: str) -> None:
    """Check the weights that a context returns: (batch, target, source).

    Raises:
        UserError: they have another shape; or, if it attends, they do not sum to 1 over the real tokens.
    """
    shape = (*batch.inputs.shape, batch.source.shape[1])
    if tuple(weights.shape) != shape:
        returned = tuple(weights.shape)
        raise UserError(f"{name}.forward: its weights must be (batch, beam, source): {shape}, not {returned}")
    if not attends:
        return
    if weights.min() < 0:
        raise UserError(f"{name}.forward: its weights must be 0 or more; use masked_softmax")
    if weights.masked_fill(batch.source_mask.unsqueeze(1), 0.0).any():
        raise UserError(f"{name}.forward: padding must get a weight of 0; use masked_softmax with memory.mask")
    if (weights.sum(dim=-1) - 1).abs().max() > TOLERANCE:
        raise UserError(f"{name}.forward: its weights must sum to 1 over the source; use masked_softmax")

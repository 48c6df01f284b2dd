"""Run the decoder once over a translation (teacher forcing), and keep all that it returns for each target token."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from seq2seq.text.batch import Batch
from seq2seq.translation.sentences import SentenceTranslation
from seq2seq.translation.translator import Translator


class ForcedReading(NamedTuple):
    """What a model returns while it is given a translation.

    Attributes:
        translation: of one sentence that is not blank.
        batch: the pair as a batch of one, on the model's device.
        log_probabilities: of every token of the vocabulary at each step, natural logarithm.
        attention: the weights over the source tokens at each step; all zero if the model does not attend.
    """

    translation: SentenceTranslation
    batch: Batch
    log_probabilities: Float[Tensor, "steps vocabulary"]
    attention: Float[Tensor, "steps source"]


@torch.inference_mode()
def read_translation(translator: Translator, translation: SentenceTranslation) -> ForcedReading:
    """Run the model over a sentence and a translation of it. The sentence must not be blank."""
    model, batch = translator.model, translator.sentences.batch(translation)
    readouts, weights = model.decoder(*model.encode(batch.source, batch.source_mask), batch.inputs)
    log_probabilities = model.decoder.vocabulary(readouts[0]).float().log_softmax(dim=-1)
    return ForcedReading(translation, batch, log_probabilities, weights[0].float())

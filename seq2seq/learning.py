"""What training minimises and how fast it goes: the loss, the learning rate's schedule, scheduled sampling."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from typing import Literal

import torch
from torch import Tensor

from seq2seq.batch import Batch
from seq2seq.cross_entropy import cross_entropy
from seq2seq.errors import require
from seq2seq.model import Model


@dataclass(frozen=True)
class TrainingOptions:
    """How a model is trained. What Lightning's Trainer does (epochs, clipping, precision, devices) is under `trainer`.

    Args:
        batch_tokens: the most that a batch's rows × its longest side come to, over all devices together: more devices
            make an update faster, not different.
        learning_rate: Adam's (Kingma & Ba 2015), at its highest.
        schedule: what becomes of the learning rate after the warm-up: `constant`; `inverse-square-root`; `cosine`, down
            to zero at the last update; `plateau`, halved whenever a validation's BLEU is no better.
        warm_up: updates in which the learning rate rises from zero.
        beta2: Adam's memory for the gradients' squares.
        label_smoothing: probability taken from the right word and spread over the vocabulary (Szegedy et al. 2016).
        scheduled_sampling: share of the decoder's input words that are the model's own guesses (Bengio et al. 2015).
        average: decay of the weights' exponential moving average, which is what is validated and kept; 0 is off.
        patience: validations without a better BLEU after which training stops; 0 is never.
        pool: pairs that are sorted by length together; also the shuffle buffer of a streaming corpus.
        workers: processes that prepare batches; 0 prepares them in the training process.
        samples: validation sentences whose translations are shown after every epoch.

    Raises:
        UserError: a value is out of its range.
    """

    batch_tokens: int = 2500
    learning_rate: float = 1e-3
    schedule: Literal["constant", "inverse-square-root", "cosine", "plateau"] = "cosine"
    warm_up: int = 0
    beta2: float = 0.999
    label_smoothing: float = 0.1
    scheduled_sampling: float = 0.0
    average: float = 0.0
    patience: int = 0
    pool: int = 50_000
    workers: int = 0
    samples: int = 3

    def __post_init__(self) -> None:
        rules = (
            ("batch_tokens", self.batch_tokens >= 1, "must be at least 1"),
            ("learning_rate", self.learning_rate > 0, "must be more than 0"),
            ("warm_up", self.warm_up >= 0, "must be 0 or more"),
            ("beta2", 0 <= self.beta2 < 1, "must be from 0 to less than 1"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "must be from 0 to less than 1"),
            ("scheduled_sampling", 0 <= self.scheduled_sampling <= 1, "must be from 0 to 1"),
            ("average", 0 <= self.average < 1, "must be from 0 (off) to less than 1"),
            ("patience", self.patience >= 0, "must be 0 (never) or more"),
            ("pool", self.pool >= 1, "must be at least 1"),
            ("workers", self.workers >= 0, "must be 0 or more"),
            ("samples", self.samples >= 0, "must be 0 or more"),
        )
        require("training", self, rules)


def total_loss(model: Model, batch: Batch, label_smoothing: float = 0.0) -> Tensor:
    """The cross-entropy of all real labels together, in nats: a scalar, the sum and not the mean."""
    projection = model.decoder.vocabulary
    labels = batch.labels[batch.target_mask]
    return cross_entropy(model.readouts(batch), projection.weight, projection.bias, labels, label_smoothing)


def learning_rate_factor(options: TrainingOptions, updates: int) -> Callable[[int], float]:
    """The share of `learning_rate` in force at each update, counted from 0; `updates`: how many there will be.

    `plateau` depends on what is measured on the way, not on the update alone: here it is constant after its warm-up.
    """
    warm_up = max(options.warm_up, 1)

    def factor(update: int) -> float:
        if update + 1 < warm_up:
            return (update + 1) / warm_up
        if options.schedule == "inverse-square-root":
            return float((warm_up / (update + 1)) ** 0.5)
        if options.schedule == "cosine":
            done = (update + 1 - warm_up) / max(updates - warm_up, 1)
            return (1 + cos(pi * min(done, 1.0))) / 2
        return 1.0

    return factor


@torch.no_grad()
def with_own_guesses(model: Model, batch: Batch, share: float, generator: torch.Generator | None = None) -> Batch:
    """Replace a share of the decoder's input words by what the model would have said in their place.

    Scheduled sampling (Bengio et al. 2015) in two passes (Mihaylova & Martins 2019): the guesses are those made while
    the given words were read, so that the second pass, which learns, is as fast as teacher forcing. BOS stays.
    """
    guesses = batch.labels.masked_scatter(batch.target_mask, model(batch).argmax(dim=-1))
    guesses = guesses.roll(1, dims=1)  # the guess at a label is the next step's input
    replaced = torch.rand(batch.inputs.shape, generator=generator, device=batch.inputs.device) < share
    replaced[:, 0] = False
    return batch._replace(inputs=batch.inputs.where(~(replaced & batch.target_mask), guesses))

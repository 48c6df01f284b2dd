"""Training, by Lightning: thin wrappers that hand it the model, the batches and the loss. `fitting` runs them."""

import math
from typing import Any

import datasets
import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from seq2seq.batch import Batch
from seq2seq.data import Batching, Collate, Numbered, Share, mix, scoring_batches, training_batches
from seq2seq.errors import UserError
from seq2seq.learning import TrainingOptions, learning_rate_factor, total_loss, with_own_guesses
from seq2seq.metrics import bleu
from seq2seq.model import Model
from seq2seq.reading import Rows
from seq2seq.search import SearchOptions
from seq2seq.tokenizer import Tokenizer

GREEDY = SearchOptions(width=1)
Scored = tuple[int, tuple[int, ...]]  # a row of the validation split, and the words of its translation


class Diverged(Exception):
    """The loss is no longer a number."""


class Learner(lightning.LightningModule):
    """A model that learns by teacher forcing and is validated by the BLEU of its own greedy translations.

    Args:
        model: the model.
        tokenizer: makes its translations text.
        options: how it learns.
        validation: the validation split's rows, with their texts.
        seed: of dropout and of scheduled sampling.
    """

    def __init__(
        self, model: Model, tokenizer: Tokenizer, options: TrainingOptions, validation: datasets.Dataset, seed: int
    ) -> None:
        super().__init__()
        self.seed = seed
        self.model = model
        self.tokenizer = tokenizer
        self.options = options
        self.validation = validation
        self.translated: list[Scored] = []  # of this process, in this epoch
        self.texts: dict[int, str] = {}  # by row, of all processes, after the epoch: for whoever shows them
        self.tokens = 0  # labels learned from so far, of all processes
        self.nats = 0.0  # their losses' sum
        self.best_bleu = -1.0
        self.halvings = 0  # of the learning rate, on plateaus

    def on_train_epoch_start(self) -> None:
        """Dropout follows from the seed and the epoch, so that a resumed run is the run that was never stopped."""
        torch.manual_seed(mix(self.seed, self.current_epoch, self.global_rank))

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """The mean loss over the labels of all processes' shares of the batch."""
        if self.options.scheduled_sampling:
            batch = with_own_guesses(self.model, batch, self.options.scheduled_sampling)
        total = total_loss(self.model, batch, self.options.label_smoothing)
        here = torch.stack([total.detach(), batch.target_mask.sum().float()])
        nats, labels = self.trainer.strategy.reduce(here, reduce_op="sum").tolist()  # over all processes
        if not math.isfinite(nats):  # so that none of them stops while the others wait for it
            raise Diverged(f"the loss is {nats} at update {self.trainer.global_step}")
        self.tokens += int(labels)
        self.nats += nats
        self.log("training_loss", nats / labels, prog_bar=True)
        # DistributedDataParallel will take the mean of the processes' gradients: times their number, it is the sum.
        loss: Tensor = total * self.trainer.world_size / labels
        return loss

    def validation_step(self, numbered: Numbered, index: int) -> None:
        """Sum the loss without smoothing, and translate."""
        rows, batch = numbered
        labels = int(batch.target_mask.sum())
        self.log("validation_loss", total_loss(self.model, batch) / labels, batch_size=labels, sync_dist=True)
        found = self.model.search(batch.source, batch.source_mask, GREEDY)
        self.translated += [(row, best[0].words) for row, best in zip(rows.tolist(), found, strict=True)]

    def on_validation_epoch_end(self) -> None:
        """One corpus BLEU over all processes' sentences."""
        everywhere: list[list[Scored]] = [self.translated]
        if self.trainer.world_size > 1:
            everywhere = [[] for _ in range(self.trainer.world_size)]
            torch.distributed.all_gather_object(everywhere, self.translated)
        words = dict(pair for share in everywhere for pair in share)
        self.translated = []
        self.texts = dict(
            zip(sorted(words), self.tokenizer.decode_target([words[row] for row in sorted(words)]), strict=True)
        )
        value = bleu(list(self.texts.values()), [self.validation[row]["target"] for row in self.texts]).value
        self.log("validation_bleu", value, sync_dist=True)
        if value > self.best_bleu:
            self.best_bleu = value
        elif self.options.schedule == "plateau":
            self.halvings += 1

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam, and the schedule."""
        options = self.options
        fused = "mixed" not in str(self.trainer.precision) or None  # Lightning does not clip for a fused one there
        optimizer = Adam(self.parameters(), lr=options.learning_rate, betas=(0.9, options.beta2), fused=fused)
        updates = self.trainer.estimated_stepping_batches if options.schedule == "cosine" else 0
        if updates < 0 or math.isinf(updates):  # -1: of a stream, whose length nobody knows
            raise UserError("training.schedule cosine needs an end: set trainer.max_steps, or of no stream max_epochs")
        factor = learning_rate_factor(options, int(updates))
        scheduler = LambdaLR(optimizer, lambda update: factor(update) * 0.5**self.halvings)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """What `plateau` has seen is kept, so that a resumed run goes on as it would have."""
        checkpoint["plateau"] = {"best_bleu": self.best_bleu, "halvings": self.halvings}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """The inverse of `on_save_checkpoint`."""
        self.best_bleu = checkpoint["plateau"]["best_bleu"]
        self.halvings = checkpoint["plateau"]["halvings"]

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Clip as the trainer was told to, and log the norm there was before (Pascanu et al. 2013)."""
        norm = torch.nn.utils.get_total_norm(p.grad for p in self.parameters() if p.grad is not None)
        self.log("gradient_norm", norm)
        self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)


class Batches(lightning.LightningDataModule):
    """The batches of every epoch, made anew for each: their order follows from the seed and the epoch."""

    def __init__(
        self,
        training: Rows,
        validation: datasets.Dataset,
        tokenizer: Tokenizer,
        options: TrainingOptions,
        sampling: float,
        seed: int,
    ) -> None:
        super().__init__()
        self.training = training
        self.validation = validation
        self.collate = Collate(tokenizer, sampling)
        self.batching = Batching(options.batch_tokens, options.pool, seed)
        self.workers = options.workers

    def train_dataloader(self) -> DataLoader[Batch]:
        assert self.trainer is not None
        return training_batches(
            self.training, self.collate, self.batching, self.trainer.current_epoch, self.share(), self.workers
        )

    def val_dataloader(self) -> DataLoader[Numbered]:
        return scoring_batches(self.validation, self.collate.tokenizer, self.batching.batch_tokens, self.share())

    def share(self) -> Share:
        assert self.trainer is not None
        return Share(self.trainer.global_rank, self.trainer.world_size)

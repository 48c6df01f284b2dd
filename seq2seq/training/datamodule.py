"""Batches for Lightning's Trainer."""

from typing import Any

import datasets
import lightning
from torch.utils.data import DataLoader

from seq2seq.recipe import TrainingOptions
from seq2seq.text.batch import Batch
from seq2seq.text.batching import Batching, Collator, ProcessRank
from seq2seq.text.data_loaders import NumberedBatch, training_loader, validation_loader
from seq2seq.text.opening import Rows
from seq2seq.text.tokenizer import Tokenizer


class TranslationDataModule(lightning.LightningDataModule):
    """Makes the batches of each epoch. Their order follows from the seed and the epoch's number alone.

    Args:
        training: the training split, tokenised unless it is a stream.
        validation: the validation split, tokenised.
        tokenizer: tokenises a stream, and samples subwords.
        options: the sizes of batches and pools, and the number of worker processes.
        sampling: the subword sampling of `TokenizerOptions`.
        seed: decides the order of the batches.
    """

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
        self.collator = Collator(tokenizer, sampling)
        self.batching = Batching(options.batch_tokens, options.pool, seed)
        self.workers = options.workers
        self.seen = {"epoch": 0, "batches": 0}  # the epoch that was going on when a run stopped, and its seen batches

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return the batches of the current epoch, without those that the model saw before the run stopped."""
        assert self.trainer is not None
        epoch = self.trainer.current_epoch
        seen = self.seen["batches"] if epoch == self.seen["epoch"] else 0
        return training_loader(self.training, self.collator, self.batching, epoch, self.rank(), self.workers, seen)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: which batches of which epoch are seen."""
        assert self.trainer is not None
        epoch, batches = self.trainer.current_epoch, self.trainer.fit_loop.epoch_loop.batch_progress
        seen = batches.current.completed
        if batches.is_last_batch and seen == batches.current.ready:
            return {"epoch": epoch + 1, "batches": 0}
        return {"epoch": epoch, "batches": seen}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.seen = state_dict

    def val_dataloader(self) -> DataLoader[NumberedBatch]:
        """Return the batches of the validation split."""
        return validation_loader(self.validation, self.collator.tokenizer, self.batching.batch_tokens, self.rank())

    def rank(self) -> ProcessRank:
        """Return the rank of this training process."""
        assert self.trainer is not None
        return ProcessRank(self.trainer.global_rank, self.trainer.world_size)

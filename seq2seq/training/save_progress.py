"""Save a training's progress: a checkpoint to go on from, and the best weights so far."""

from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO

from seq2seq.files import atomic
from seq2seq.run import Run
from seq2seq.training.checkpoints import load_checkpoint, model_weights


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint completely or not at all, in the run's own file system. The one before stays until then."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        with atomic(Path(path)) as temporary:
            torch.save(checkpoint, temporary)


class SaveProgress(Checkpoint):
    """Saves a checkpoint after every epoch and after every validation inside one, and validates the last updates.

    Args:
        run: the run. It gets the checkpoint, and the weights if the validation is the best so far.
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def on_train_batch_end(self, trainer: lightning.Trainer, *arguments: Any) -> None:
        """Have Lightning validate after the last batch of all, wherever in an epoch or an interval it is."""
        stops = trainer.should_stop and trainer.fit_loop._can_stop_early  # not before min_epochs and min_steps
        if stops or is_last_update(trainer):
            trainer.should_stop = True  # Lightning asks for these right after this hook
            trainer.check_val_every_n_epoch = 1
            trainer.fit_loop.min_epochs = trainer.fit_loop.epoch_loop.min_steps = None

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if not trainer.sanity_checking and not trainer.is_last_batch:
            self.save(trainer)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.is_last_batch:  # not if the training ends inside the epoch: that is saved by now
            self.save(trainer)

    def save(self, trainer: lightning.Trainer) -> None:
        """Write the checkpoint, and then the weights that it has if they are the best. All processes call this."""
        trainer.save_checkpoint(self.run.last_checkpoint)
        save_best_weights(self.run)


def is_last_update(trainer: lightning.Trainer) -> bool:
    """Return whether the training ends with the batch that the trainer has just been through."""
    if trainer.max_steps != -1 and trainer.global_step >= trainer.max_steps:
        return True
    return trainer.is_last_batch and trainer.current_epoch + 1 == trainer.max_epochs


def save_best_weights(run: Run) -> None:
    """Write model.safetensors if the last checkpoint has the best weights so far. Scores of other weights are removed.

    A kill may come between the checkpoint and the weights. This is therefore done again before a run goes on. The
    checkpoints of earlier versions do not say when the best weights were found: theirs are in a file of their own.
    """
    if not run.writes:
        return
    checkpoint = load_checkpoint(run.last_checkpoint)
    if checkpoint["plateau"].get("update") == checkpoint["global_step"]:
        run.replace_weights(model_weights(checkpoint))

"""Fit a model with Lightning's Trainer, from the first update or from a checkpoint."""

import inspect
import logging
import warnings
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import lightning
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger

from seq2seq.errors import UserError
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.callbacks import make_callbacks
from seq2seq.training.datamodule import TranslationDataModule
from seq2seq.training.module import DivergedError, TranslationModule

# Options of lightning.Trainer that a recipe cannot set, because a run depends on them.
RESERVED = ("logger", "callbacks", "default_root_dir", "use_distributed_sampler", "reload_dataloaders_every_n_epochs")

# Warnings of Lightning and torch that a user of a recipe cannot act on.
IRRELEVANT_WARNINGS = (
    ".*does not have many workers.*",
    ".*treespec.*",
    ".*isinstance.*LeafSpec.*",
    ".*exists and is not empty.*",
    ".*smaller than the logging interval.*",
    ".*could not find the monitored key.*",
)


def fit(module: TranslationModule, data: TranslationDataModule, recipe: Recipe, run: Run, resume: bool) -> None:
    """Train a model. Checkpoints, metrics.csv and TensorBoard's events go to the run's folder.

    Args:
        module: the model and its loss.
        data: the batches.
        recipe: options of the training and of lightning.Trainer.
        run: the run.
        resume: go on from the last checkpoint.

    Raises:
        UserError: an option of the trainer is invalid, or the loss is not finite. Checkpoints so far are kept.
        KeyboardInterrupt: the user pressed Ctrl-C.
    """
    silence_lightning()
    trainer = make_trainer(recipe.trainer, run.folder, make_callbacks(recipe, run))
    try:
        trainer.fit(module, data, ckpt_path=str(run.last_checkpoint) if resume else None)
    except DivergedError as error:
        raise UserError(
            f"{run}: {error}; its best checkpoint is kept. Try a lower training.learning_rate, a "
            "trainer.gradient_clip_val of 1, or trainer.precision 32-true"
        ) from error
    except (MisconfigurationException, ValueError) as error:
        if isinstance(error, ValueError) and "val_check_interval" not in str(error):
            raise
        raise UserError(f"trainer: {' '.join(str(error).split())}") from error
    except SystemExit as error:  # Lightning turns Ctrl-C into this
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
    if not run.metrics_path.exists():
        raise UserError(
            f"{run}: training ended before its first validation, so nothing is kept; give it more "
            "trainer.max_steps, or a smaller trainer.val_check_interval, and --force"
        )


def check_trainer_options(options: Mapping[str, Any]) -> None:
    """Check that lightning.Trainer has every option of a recipe's `trainer` section.

    Raises:
        UserError: it has no such option, or a recipe may not set it.
    """
    available = inspect.signature(lightning.Trainer.__init__).parameters.keys() - {"self", *RESERVED}
    for name in options:
        if name in RESERVED:
            raise UserError(f"trainer.{name} is decided by the run itself; leave it out of the recipe")
        if name not in available:
            similar = get_close_matches(name, available, n=1)
            hint = f"; did you mean trainer.{similar[0]}?" if similar else ""
            raise UserError(f"trainer.{name}: lightning.Trainer has no such option{hint}")


def make_trainer(options: Mapping[str, Any], folder: Path, callbacks: Sequence[Callback]) -> lightning.Trainer:
    """Return Lightning's Trainer with a recipe's options.

    Raises:
        UserError: an option is invalid.
    """
    defaults = {"num_sanity_val_steps": 0, "enable_model_summary": False, "log_every_n_steps": 10}
    try:
        return lightning.Trainer(
            **{**defaults, **options},
            logger=TensorBoardLogger(folder, name="", version="tensorboard"),
            callbacks=list(callbacks),
            default_root_dir=folder,
            use_distributed_sampler=False,  # the data module divides each batch among the processes
            reload_dataloaders_every_n_epochs=1,  # the order of an epoch's batches follows from its number
        )
    except (TypeError, ValueError, MisconfigurationException) as error:
        raise UserError(f"trainer: {' '.join(str(error).split())}") from error


def silence_lightning() -> None:
    """Hide Lightning's notes on hardware and its tips: they are for its own users."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in IRRELEVANT_WARNINGS:
        warnings.filterwarnings("ignore", message)

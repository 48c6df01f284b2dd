"""Fit a model with Lightning's Trainer, from the first update or from a checkpoint."""

import logging
import math
import threading
import warnings
from typing import Any

import datasets
import lightning
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger

from seq2seq.errors import UserError
from seq2seq.files import DISK_ERRORS
from seq2seq.recipe import Recipe, TrainingOptions
from seq2seq.run import Run
from seq2seq.run_files import TENSORBOARD
from seq2seq.text.batching import ProcessRank, epoch_batches, pair_lengths
from seq2seq.text.data_loaders import validation_loader
from seq2seq.training.callbacks import make_callbacks
from seq2seq.training.checkpoints import ADVICE, DAMAGE, first_line
from seq2seq.training.datamodule import TranslationDataModule
from seq2seq.training.module import NO_END, DivergedError, TranslationModule
from seq2seq.training.save_progress import WholeFiles

# Warnings of Lightning and torch that a user of a recipe cannot act on.
IRRELEVANT_WARNINGS = (
    ".*does not have many workers.*",
    ".*treespec.*",
    ".*isinstance.*LeafSpec.*",
    ".*exists and is not empty.*",
    ".*smaller than the logging interval.*",
    ".*could not find the monitored key.*",
    ".*ended before the epoch ended.*",  # the data module goes on with the batches that were not seen
    ".*callbacks used to create the checkpoint need to be provided.*",  # earlier versions had others
)


class FirstBatch(Callback):
    """Knows whether a training has been through a whole batch, so that its checkpoint was good."""

    done = False

    def on_train_batch_end(self, *arguments: Any) -> None:
        self.done = True


def fit(
    trainer: lightning.Trainer, module: TranslationModule, data: TranslationDataModule, run: Run, goes_on: bool
) -> None:
    """Train a model. Checkpoints, metrics.csv and TensorBoard's events go to the run's folder.

    Args:
        trainer: what `make_trainer` returned.
        module: the model and its loss.
        data: the batches.
        run: the run.
        goes_on: go on from the last checkpoint.

    Raises:
        UserError: an option of the trainer is invalid, the loss is not finite, the memory is too small, or the
            checkpoint is damaged. Checkpoints so far are kept.
        KeyboardInterrupt: the user pressed Ctrl-C, or another signal stopped the training (see `Stopped`).
    """
    first_batch = FirstBatch()
    trainer.callbacks.append(first_batch)  # type: ignore[attr-defined]
    checkpoint = str(run.last_checkpoint) if goes_on else None
    try:
        trainer.fit(module, data, ckpt_path=checkpoint, weights_only=True)  # no code in a checkpoint is executed
    except DivergedError as error:
        raise UserError(
            f"{run}: {error}; its best checkpoint is kept. Try a lower training.learning_rate, a "
            "trainer.gradient_clip_val of 1, or trainer.precision 32-true"
        ) from error
    except MisconfigurationException as error:
        raise UserError(f"trainer: {' '.join(str(error).split())}") from error
    except UserError:
        raise
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            problem = f"{run}: cannot be written: {error.strerror}"
            raise UserError(f"{problem}; when there is room, the same command goes on") from error
        if is_out_of_memory(error):
            advice = "try a smaller training.batch_tokens, or a smaller model"
            raise UserError(f"{run}: the memory is too small ({first_line(error)}); {advice}") from error
        if goes_on and not first_batch.done:
            message = f"training cannot go on from it ({type(error).__name__}: {first_line(error)})"
            raise UserError(f"{run.last_checkpoint}: {message}; {ADVICE}") from error
        raise
    except SystemExit as error:  # Lightning turns Ctrl-C into this
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
    if trainer.global_step == 0:
        raise UserError(f"{run}: nothing was trained; give it more trainer.max_time")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error is what torch raises if a GPU's memory or the main memory is too small."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def make_trainer(recipe: Recipe, run: Run) -> lightning.Trainer:
    """Return Lightning's Trainer with a recipe's options. Nothing is written yet.

    Raises:
        UserError: an option is invalid, or this machine does not have what it asks for.
    """
    silence_lightning()
    defaults = {"num_sanity_val_steps": 0, "enable_model_summary": False, "log_every_n_steps": 10}
    try:
        return lightning.Trainer(
            **{**defaults, **recipe.trainer},
            logger=TensorBoardLogger(run.folder, name="", version=TENSORBOARD),
            callbacks=make_callbacks(recipe, run),
            plugins=[WholeFiles()],
            default_root_dir=run.folder,
            use_distributed_sampler=False,  # the data module divides each batch among the processes
            reload_dataloaders_every_n_epochs=1,  # the order of an epoch's batches follows from its number
        )
    except (TypeError, ValueError, MisconfigurationException, ImportError) as error:
        raise UserError(f"trainer: {' '.join(str(error).split())}") from error


def check_training(trainer: lightning.Trainer, options: TrainingOptions, data: TranslationDataModule) -> None:
    """Check what Lightning would find only after it has begun: that training has an end and batches.

    Args:
        trainer: what `make_trainer` returned.
        options: of the training.
        data: the batches.

    Raises:
        UserError: it has not; or the interval between validations is impossible.
    """
    is_stream = isinstance(data.training, datasets.IterableDataset)
    if options.schedule == "cosine" and trainer.max_steps == -1 and (is_stream or trainer.max_epochs == -1):
        raise UserError(NO_END)
    process, batching = ProcessRank(0, trainer.world_size), data.batching
    validation = validation_loader(data.validation, data.collator.tokenizer, batching.batch_tokens, process)
    apply_limit(len(validation), trainer, "limit_val_batches")
    batches = math.inf
    if not is_stream:
        lengths = pair_lengths(data.training.select_columns(["source_ids", "target_ids"]))
        batches = apply_limit(len(epoch_batches(lengths, batching, 0, process)), trainer, "limit_train_batches")
    check_interval(trainer, batches)


def apply_limit(batches: int, trainer: lightning.Trainer, name: str) -> int:
    """Return how many batches of an epoch an option of the trainer leaves, which is a number or a fraction.

    Raises:
        UserError: it leaves none.
    """
    limit = getattr(trainer, name)
    left = min(batches, limit) if isinstance(limit, int) else math.floor(batches * limit)
    if left < 1:
        raise UserError(f"trainer.{name}: {limit} of {batches} batches is none")
    return left


def check_interval(trainer: lightning.Trainer, batches: float) -> None:
    """Check that the validations inside an epoch can be reached.

    Args:
        trainer: knows `val_check_interval` and `check_val_every_n_epoch`.
        batches: in an epoch; infinite for a stream.

    Raises:
        UserError: the interval is longer than an epoch, a fraction of a stream, or ends between two updates.
    """
    # Lightning has no such attribute if the interval is a time.
    interval, every = getattr(trainer, "val_check_interval", None), trainer.check_val_every_n_epoch
    if isinstance(interval, float) and math.isinf(batches) and interval != 1.0:
        raise UserError(f"trainer.val_check_interval: a stream needs a whole number of batches, not {interval}")
    if isinstance(interval, int) and interval > batches and every is not None:
        raise UserError(f"trainer.val_check_interval: must be at most an epoch's {batches} batches, not {interval}")
    if isinstance(interval, float) and math.isfinite(batches):
        interval = max(1, int(batches * interval))  # as Lightning counts
    together = trainer.accumulate_grad_batches
    starts = batches if every is None and math.isfinite(batches) else 0  # an epoch may start inside an interval
    if isinstance(interval, int) and interval < batches and (interval % together or starts % together):
        raise UserError(
            f"trainer.val_check_interval: {interval} batches are not a multiple of trainer.accumulate_grad_batches "
            f"{together}; a run could not go on from there"
        )


def silence_lightning() -> None:
    """Hide what users of a recipe cannot act on: Lightning's notes and tips, and what a thread repeats."""
    threading.excepthook = report_thread_error
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in IRRELEVANT_WARNINGS:
        warnings.filterwarnings("ignore", message)


def report_thread_error(arguments: threading.ExceptHookArgs) -> None:
    """Print the traceback of a thread, unless the disk failed: TensorBoard raises that again in the main thread."""
    if not isinstance(arguments.exc_value, OSError):
        threading.__excepthook__(arguments)

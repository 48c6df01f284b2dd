"""One training, from the first update or from a checkpoint to the last: Lightning's Trainer and what it calls back."""

import csv
import inspect
import logging
import sys
import time
import warnings
from collections.abc import Mapping
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import lightning
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import (
    Callback,
    EarlyStopping,
    EMAWeightAveraging,
    LearningRateMonitor,
    ModelCheckpoint,
    RichProgressBar,
)
from lightning.pytorch.loggers import TensorBoardLogger

from seq2seq.errors import UserError
from seq2seq.learning import TrainingOptions
from seq2seq.run import BEST, CHECKPOINTS, LAST, METRICS
from seq2seq.training import Batches, Diverged, Learner

OURS = ("logger", "callbacks", "default_root_dir", "use_distributed_sampler", "reload_dataloaders_every_n_epochs")


def fit(
    learner: Learner,
    batches: Batches,
    options: TrainingOptions,
    trainer_options: Mapping[str, Any],
    folder: Path,
    resume: bool,
) -> None:
    """Train; what happens is logged into `folder`.

    Args:
        learner, batches: what is trained, on what.
        options: for early stopping and averaging.
        trainer_options: handed to lightning.Trainer as they stand.
        folder: the run's: checkpoints/, metrics.csv and TensorBoard's events go there.
        resume: go on from the last checkpoint.

    Raises:
        UserError: the loss is no longer a number. Checkpoints so far are kept.
    """
    quiet()
    trainer = make_trainer(trainer_options, folder, make_callbacks(options, trainer_options, folder))
    last = str(folder / CHECKPOINTS / LAST)
    try:
        trainer.fit(learner, batches, ckpt_path=last if resume else None)
    except Diverged as error:
        raise UserError(
            f"{folder}: {error}; its best checkpoint is kept. Try a lower training.learning_rate, a "
            "trainer.gradient_clip_val of 1, or trainer.precision 32-true"
        ) from error
    except (MisconfigurationException, ValueError) as error:
        if isinstance(error, ValueError) and "val_check_interval" not in str(error):
            raise
        raise UserError(f"trainer: {' '.join(str(error).split())}") from error
    except SystemExit as stopped:  # Lightning's answer to Ctrl-C
        if isinstance(stopped.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from stopped
        raise
    if not (folder / METRICS).exists():
        raise UserError(
            f"{folder}: training ended before its first validation, so nothing is kept; give it more "
            "trainer.max_steps, or a smaller trainer.val_check_interval, and --force"
        )


def make_callbacks(options: TrainingOptions, trainer_options: Mapping[str, Any], folder: Path) -> list[Callback]:
    """What Lightning calls during a training: it saves, reports, averages and stops. Args: as `fit`."""
    # Saved between epochs, a run resumes exactly; validations inside an epoch are saved where they are.
    saving = partial(
        ModelCheckpoint,
        folder / CHECKPOINTS,
        enable_version_counter=False,
        save_on_train_epoch_end="val_check_interval" not in trainer_options,
    )
    callbacks: list[Callback] = [
        # Whole, though its weights are all that is wanted: only then does Lightning put the averaged ones in.
        saving(filename=BEST.removesuffix(".ckpt"), monitor="validation_bleu", mode="max"),
        saving(filename=LAST.removesuffix(".ckpt")),
        LearningRateMonitor("step"),
        Report(folder / METRICS, options.samples),
    ]
    if options.average:
        callbacks.append(EMAWeightAveraging(decay=options.average))
    if options.patience:
        callbacks.append(EarlyStopping("validation_bleu", mode="max", patience=options.patience))
    if trainer_options.get("enable_progress_bar", True):
        callbacks.append(Progress(leave=False, console_kwargs={"stderr": True}))
    return callbacks


def check_trainer_options(given: Mapping[str, Any]) -> None:
    """See that lightning.Trainer knows every key.

    Raises:
        UserError: it does not, or the key is one that a run decides by itself.
    """
    known = inspect.signature(lightning.Trainer.__init__).parameters.keys() - {"self", *OURS}
    for key in given:
        if key in OURS:
            raise UserError(f"trainer.{key} is decided by the run itself; leave it out of the recipe")
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"; did you mean trainer.{near[0]}?" if near else ""
            raise UserError(f"trainer.{key}: lightning.Trainer has no such option{hint}")


def make_trainer(given: Mapping[str, Any], folder: Path, callbacks: list[Callback]) -> lightning.Trainer:
    """Lightning's Trainer with the recipe's options.

    Raises:
        UserError: it does not take them.
    """
    check_trainer_options(given)
    options = {"num_sanity_val_steps": 0, "enable_model_summary": False, "log_every_n_steps": 10, **given}
    try:
        return lightning.Trainer(
            **options,
            logger=TensorBoardLogger(folder, name="", version="tensorboard"),
            callbacks=callbacks,
            default_root_dir=folder,
            use_distributed_sampler=False,  # `data` shares rows among processes by itself
            reload_dataloaders_every_n_epochs=1,  # each epoch's batches follow from its number
        )
    except (TypeError, ValueError, MisconfigurationException) as error:
        raise UserError(f"trainer: {' '.join(str(error).split())}") from error


class Progress(RichProgressBar):
    """Lightning's bar, on stderr, without the number that it gives to versions: a run has a name."""

    def get_metrics(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        return {name: value for name, value in super().get_metrics(trainer, pl_module).items() if name != "v_num"}


class Report(Callback):
    """After every validation: a line and a few translations on the terminal, a row in metrics.csv.

    Args:
        path: of the csv file; rows of a resumed run are added to what is there.
        samples: translations shown.
    """

    def __init__(self, path: Path, samples: int) -> None:
        self.path = path
        self.samples = samples
        self.since = (time.monotonic(), 0, 0.0)  # when the last report was, and the tokens and nats there were then

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, Learner)
        self.since = (time.monotonic(), pl_module.tokens, pl_module.nats)

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Training has paused: its time ends here, validation's is not counted in."""
        assert isinstance(pl_module, Learner)
        moment, tokens, nats = self.since
        seconds = time.monotonic() - moment
        done = pl_module.tokens - tokens
        pl_module.log("tokens_per_second", done / seconds, sync_dist=True)
        pl_module.log("mean_training_loss", (pl_module.nats - nats) / max(done, 1), sync_dist=True)

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, Learner)
        self.since = (time.monotonic(), pl_module.tokens, pl_module.nats)
        if not trainer.is_global_zero:
            return
        measured = {name: float(value) for name, value in trainer.callback_metrics.items()}
        row = {
            "epoch": epochs(trainer),
            "update": trainer.global_step,
            "training_loss": measured["mean_training_loss"],
            "validation_loss": measured["validation_loss"],
            "validation_bleu": measured["validation_bleu"],
            "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
            "tokens_per_second": measured["tokens_per_second"],
        }
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, row)
            if file.tell() == 0:
                writer.writeheader()
            writer.writerow(row)
        print(self.lines(row, pl_module), file=sys.stderr, flush=True)

    def lines(self, row: Mapping[str, float], learner: Learner) -> str:
        """The epoch in words."""
        shown = [
            f"epoch {row['epoch']:g}: training loss {row['training_loss']:.3f}, "
            f"validation loss {row['validation_loss']:.3f}, BLEU {row['validation_bleu']:.2f}, "
            f"{row['tokens_per_second']:,.0f} tokens/s"
        ]
        for number, text in list(learner.texts.items())[: self.samples]:
            pair = learner.validation[number]
            shown += [f"  source     {pair['source']}", f"  reference  {pair['target']}", f"  model      {text}"]
        return "\n".join(shown)


def epochs(trainer: lightning.Trainer) -> float:
    """Epochs so far, the current one's share included; whole ones, where nobody knows how long an epoch is."""
    share = (trainer.fit_loop.batch_idx + 1) / trainer.num_training_batches
    return round(trainer.current_epoch + (share or 1), 2)  # of a stream, the share is 0


def quiet() -> None:
    """Lightning's notes on hardware and its tips are not for our users; what they can act on, we say ourselves."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in (
        ".*does not have many workers.*",
        ".*treespec.*",
        ".*isinstance.*LeafSpec.*",
        ".*exists and is not empty.*",
        ".*smaller than the logging interval.*",
        ".*could not find the monitored key.*",
    ):
        warnings.filterwarnings("ignore", message)

"""Make the callbacks of Lightning's Trainer: checkpoints, reports, averaged weights and early stopping."""

import sys
import time
from dataclasses import dataclass
from functools import partial

import lightning
from lightning.pytorch.callbacks import (
    Callback,
    EarlyStopping,
    EMAWeightAveraging,
    LearningRateMonitor,
    ModelCheckpoint,
    RichProgressBar,
)

from seq2seq.recipe import Recipe
from seq2seq.run import EpochMetrics, Run
from seq2seq.training.module import TranslationModule


def make_callbacks(recipe: Recipe, run: Run) -> list[Callback]:
    """Return the callbacks of a training."""
    options = recipe.training
    # A checkpoint from the end of an epoch resumes exactly. A recipe that validates inside its epochs saves there.
    checkpoint = partial(
        ModelCheckpoint,
        run.checkpoints,
        enable_version_counter=False,
        save_on_train_epoch_end="val_check_interval" not in recipe.trainer,
    )
    callbacks: list[Callback] = [
        # Lightning saves averaged weights only in full checkpoints, so the best checkpoint is a full one, too.
        checkpoint(filename=run.best_checkpoint.stem, monitor="validation_bleu", mode="max"),
        checkpoint(filename=run.last_checkpoint.stem),
        LearningRateMonitor("step"),
        ValidationReport(run, options.shown_translations),
    ]
    if options.ema_decay:
        callbacks.append(EMAWeightAveraging(decay=options.ema_decay))
    if options.patience:
        callbacks.append(EarlyStopping("validation_bleu", mode="max", patience=options.patience))
    if recipe.trainer.get("enable_progress_bar", True):
        callbacks.append(ProgressBar(leave=False, console_kwargs={"stderr": True}))
    return callbacks


class ProgressBar(RichProgressBar):
    """Lightning's progress bar on standard error, without its version number: our runs have names."""

    def get_metrics(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        return {name: value for name, value in super().get_metrics(trainer, pl_module).items() if name != "v_num"}


@dataclass(frozen=True)
class Progress:
    """The progress of a training at one moment.

    Args:
        time: of the monotonic clock, in seconds.
        tokens: labels trained on so far.
        nats: the sum of their losses.
    """

    time: float
    tokens: int
    nats: float

    @staticmethod
    def of(module: TranslationModule) -> "Progress":
        return Progress(time.monotonic(), module.tokens, module.nats)


class ValidationReport(Callback):
    """Write each validation's results: a line and a few translations to the terminal, a row to metrics.csv.

    Args:
        run: the run whose metrics.csv gets the rows. A resumed run adds to the rows that are there.
        shown_translations: how many translations to show.
    """

    def __init__(self, run: Run, shown_translations: int) -> None:
        self.run = run
        self.shown_translations = shown_translations
        self.last_report = Progress(time.monotonic(), 0, 0.0)

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, TranslationModule)
        self.last_report = Progress.of(pl_module)

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Log the training's speed and loss before the validation begins, so that its time does not count."""
        assert isinstance(pl_module, TranslationModule)
        now, before = Progress.of(pl_module), self.last_report
        tokens = now.tokens - before.tokens
        pl_module.log("tokens_per_second", tokens / (now.time - before.time), sync_dist=True)
        pl_module.log("mean_training_loss", (now.nats - before.nats) / max(tokens, 1), sync_dist=True)

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, TranslationModule)
        self.last_report = Progress.of(pl_module)
        if not trainer.is_global_zero:
            return
        measured = {name: float(value) for name, value in trainer.callback_metrics.items()}
        row = EpochMetrics(
            epoch=epochs_so_far(trainer),
            update=trainer.global_step,
            training_loss=measured["mean_training_loss"],
            validation_loss=measured["validation_loss"],
            validation_bleu=measured["validation_bleu"],
            learning_rate=trainer.optimizers[0].param_groups[0]["lr"],
            tokens_per_second=measured["tokens_per_second"],
        )
        self.run.add_metrics(row)
        print(self.report(row, pl_module), file=sys.stderr, flush=True)

    def report(self, row: EpochMetrics, module: TranslationModule) -> str:
        """Return the lines for the terminal."""
        lines = [
            f"epoch {row.epoch:g}: training loss {row.training_loss:.3f}, validation loss {row.validation_loss:.3f}, "
            f"BLEU {row.validation_bleu:.2f}, {row.tokens_per_second:,.0f} tokens/s"
        ]
        for number, text in list(module.translations.items())[: self.shown_translations]:
            pair = module.validation[number]
            lines += [f"  source     {pair['source']}", f"  reference  {pair['target']}", f"  model      {text}"]
        return "\n".join(lines)


def epochs_so_far(trainer: lightning.Trainer) -> float:
    """Return the number of epochs, a part of the current one included; a whole number for a stream."""
    part = (trainer.fit_loop.batch_idx + 1) / trainer.num_training_batches
    return round(trainer.current_epoch + (part or 1), 2)  # a stream's number of batches is infinite: its part is 0

"""Make the callbacks of Lightning's Trainer: checkpoints, reports, averaged weights and early stopping."""

import time
from dataclasses import dataclass
from typing import Any

import lightning
from lightning.pytorch.callbacks import (
    Callback,
    EarlyStopping,
    EMAWeightAveraging,
    LearningRateMonitor,
    ModelCheckpoint,
    RichProgressBar,
)
from torch import Tensor

from seq2seq.evaluation.options import MetricTokenizer
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.run_metrics import EpochMetrics
from seq2seq.terminal_text import printable, write_message
from seq2seq.training.module import IMPROVEMENTS, TranslationModule

ZEROS = 3  # validations in a row with a BLEU of 0.00 before there is a warning


def make_callbacks(recipe: Recipe, run: Run) -> list[Callback]:
    """Return the callbacks of a training."""
    options = recipe.training
    checkpoint_options: dict[str, Any] = {
        "dirpath": run.checkpoints,
        "enable_version_counter": False,
        # A checkpoint from the end of an epoch resumes exactly. A recipe that validates inside its epochs saves there.
        "save_on_train_epoch_end": "val_check_interval" not in recipe.trainer,
    }
    callbacks: list[Callback] = [
        # Lightning puts the averaged weights only into whole checkpoints, so the best one is whole, too.
        BestCheckpoint(filename=run.best_checkpoint.stem, monitor=IMPROVEMENTS, mode="max", **checkpoint_options),
        ModelCheckpoint(filename=run.last_checkpoint.stem, **checkpoint_options),
        LearningRateMonitor("step"),
        ValidationReport(run, options.shown_translations),
    ]
    if options.ema_decay:
        callbacks.append(EMAWeightAveraging(decay=options.ema_decay))
    if options.patience:
        callbacks.append(EarlyStopping(IMPROVEMENTS, mode="max", patience=options.patience))
    if recipe.trainer.get("enable_progress_bar", True):
        callbacks.append(ProgressBar(leave=False, console_kwargs={"stderr": True}))
    return callbacks


class BestCheckpoint(ModelCheckpoint):
    """Saves a checkpoint when the last validation is the best so far.

    The module decides. Lightning's own comparison forgets the best score when a run's folder has moved.
    """

    def check_monitor_top_k(self, trainer: lightning.Trainer, current: Tensor | None = None) -> bool:
        assert isinstance(trainer.lightning_module, TranslationModule)
        return trainer.lightning_module.best.update == trainer.global_step


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
        self.zeros = 0  # validations in a row whose BLEU is 0.00
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
            validation_chrf=measured.get("validation_chrf"),
        )
        self.run.add_metrics(row)
        write_message(self.report(row, pl_module))
        self.zeros = self.zeros + 1 if round(row.validation_bleu, 2) == 0 else 0
        if self.zeros == ZEROS:
            write_message(zero_warning(pl_module.metric_tokenizer))

    def report(self, row: EpochMetrics, module: TranslationModule) -> str:
        """Return the lines for the terminal."""
        chrf = "" if row.validation_chrf is None else f"chrF {row.validation_chrf:.2f}, "
        lines = [
            f"epoch {row.epoch:g}: training loss {row.training_loss:.3f}, validation loss {row.validation_loss:.3f}, "
            f"BLEU {row.validation_bleu:.2f}, {chrf}{row.tokens_per_second:,.0f} tokens/s"
        ]
        for number, text in list(module.translations.items())[: self.shown_translations]:
            pair = module.validation[number]
            samples = {"source": pair["source"], "reference": pair["target"], "model": text}
            lines += [f"  {name:<9}  {printable(sample)}" for name, sample in samples.items()]
        return "\n".join(lines)


def zero_warning(tokenizer: MetricTokenizer) -> str:
    """Return what to do about a BLEU that stays 0.00."""
    return (
        f"warning: BLEU is 0.00 in {ZEROS} validations in a row (sacreBLEU's tokenizer {tokenizer}): if the target has "
        "no spaces between its words, set another evaluation.tokenizer (zh, char, ja-mecab); evaluation.best: loss "
        "chooses the best epoch without BLEU"
    )


def epochs_so_far(trainer: lightning.Trainer) -> float:
    """Return the number of epochs, a part of the current one included; a whole number for a stream."""
    part = (trainer.fit_loop.batch_idx + 1) / trainer.num_training_batches
    return round(trainer.current_epoch + (part or 1), 2)  # a stream's number of batches is infinite: its part is 0

"""Make the callbacks of Lightning's Trainer: checkpoints, reports, averaged weights and early stopping."""

import time

import lightning
from lightning.pytorch.callbacks import (
    Callback,
    EarlyStopping,
    EMAWeightAveraging,
    LearningRateMonitor,
    RichProgressBar,
)

from seq2seq.evaluation.options import MetricTokenizer
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.run_metrics import EpochMetrics
from seq2seq.terminal_text import printable, write_message
from seq2seq.training.module import IMPROVEMENTS, TranslationModule
from seq2seq.training.requeue import make_signal_callbacks
from seq2seq.training.save_progress import SaveProgress
from seq2seq.training.show_training import ShowTraining, epochs_so_far

ZEROS = 3  # validations in a row with a BLEU of 0.00 before there is a warning


def make_callbacks(recipe: Recipe, run: Run) -> list[Callback]:
    """Return the callbacks of a training."""
    options = recipe.training
    progress = SaveProgress(run)
    callbacks: list[Callback] = [
        progress,
        LearningRateMonitor("step"),
        ValidationReport(run, options.shown_translations),
        ShowTraining(run, recipe),  # before the averaging, which takes the averaged weights out of the model again
    ]
    if options.ema_decay:
        callbacks.append(EMAWeightAveraging(decay=options.ema_decay))
    if options.patience:
        callbacks.append(Patience(IMPROVEMENTS, mode="max", patience=options.patience))
    if recipe.trainer.get("enable_progress_bar", True):
        callbacks.append(ProgressBar(leave=False, console_kwargs={"stderr": True}))
    callbacks += make_signal_callbacks(progress.save)
    return callbacks


class Patience(EarlyStopping):
    """Lightning's EarlyStopping, which also stops a run that goes on although its patience was at an end."""

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        trainer.should_stop = self.wait_count >= self.patience


class ProgressBar(RichProgressBar):
    """Lightning's progress bar on standard error, without its version number: our runs have names."""

    def get_metrics(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        return {name: value for name, value in super().get_metrics(trainer, pl_module).items() if name != "v_num"}


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
        self.started = time.monotonic()
        self.tokens_before = 0  # counted before `started`, by the training that this one goes on with

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        assert isinstance(pl_module, TranslationModule)
        self.started, self.tokens_before = time.monotonic(), pl_module.tokens

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Log the training's speed and loss before the validation begins, so that its time does not count."""
        if trainer.sanity_checking:
            return
        assert isinstance(pl_module, TranslationModule)
        speed = (pl_module.tokens - self.tokens_before) / (time.monotonic() - self.started)
        pl_module.log("tokens_per_second", speed, sync_dist=True)
        pl_module.log("mean_training_loss", pl_module.nats / max(pl_module.tokens, 1), sync_dist=True)

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.sanity_checking:
            return
        assert isinstance(pl_module, TranslationModule)
        pl_module.tokens, pl_module.nats = 0, 0.0
        self.started, self.tokens_before = time.monotonic(), 0
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

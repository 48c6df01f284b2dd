"""Show a training while it runs: gates, gradients and translations, in TensorBoard and in training.html."""

import time

import lightning
from lightning.pytorch.callbacks import Callback

from seq2seq.insight.gate_statistics import LayerStatistics, gate_statistics, make_sample
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.run_snapshots import Sample, Snapshot
from seq2seq.text.batch import Batch
from seq2seq.training.module import TranslationModule
from seq2seq.training.training_page import write_training_page

SAMPLE_PAIRS, SAMPLE_TOKENS = 16, 64  # sentence pairs whose gates are measured, and the most tokens of a sentence
MOST_SENTENCES, MOST_CHARACTERS = 10, 300  # on the page


class ShowTraining(Callback):
    """Measures the model after each validation, and writes training.html.

    Only the first process does anything, and no process waits for it. It draws no random numbers and changes nothing
    that the training depends on.

    Args:
        run: gets the measurements and the page.
        recipe: of the run.
    """

    def __init__(self, run: Run, recipe: Recipe) -> None:
        self.run = run
        self.corpus = recipe.corpus
        self.sentences = min(recipe.training.shown_translations, MOST_SENTENCES)
        self.sample: Batch | None = None
        self.gates: list[LayerStatistics] = []
        self.seconds = 0.0  # of the measurement that is going on

    def on_validation_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Measure the gates while the model still has the weights that are validated."""
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        assert isinstance(pl_module, TranslationModule)
        started = time.perf_counter()
        if self.sample is None:
            batch = choose_sample(pl_module)
            self.sample = Batch(*(tensor.to(pl_module.device) for tensor in batch))
        self.gates = gate_statistics(pl_module.model, self.sample)
        self.seconds = time.perf_counter() - started

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Log the measurements, and write them and the page. The row in metrics.csv is there by now."""
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        assert isinstance(pl_module, TranslationModule)
        started = time.perf_counter()
        snapshot = Snapshot(
            epoch=epochs_so_far(trainer),
            update=trainer.global_step,
            gates=self.gates,
            gradients=pl_module.gradient_norms,
            samples=translated_samples(pl_module, self.sentences),
        )
        pl_module.gradient_norms = {}  # a validation between the batches of one update has none
        self.run.add_snapshot(snapshot)
        write_training_page(self.run, self.corpus)
        assert trainer.logger is not None
        trainer.logger.log_metrics(named_scalars(snapshot), step=trainer.global_step)
        seconds = self.seconds + time.perf_counter() - started
        trainer.logger.log_metrics({"show_training_seconds": seconds}, step=trainer.global_step)


def choose_sample(module: TranslationModule) -> Batch:
    """Return the sentence pairs whose gates are measured: from the whole validation split, at equal distances."""
    pairs = len(module.validation)
    rows = [module.validation[pairs * index // SAMPLE_PAIRS] for index in range(min(SAMPLE_PAIRS, pairs))]
    return make_sample([(row["source_ids"], row["target_ids"]) for row in rows], SAMPLE_TOKENS)


def translated_samples(module: TranslationModule, sentences: int) -> list[Sample]:
    """Return the first sentences of the validation split that were translated."""
    samples = []
    for row, translation in list(module.translations.items())[:sentences]:
        pair = module.validation[row]
        samples.append(Sample(row, *map(cut, (pair["source"], pair["target"], translation))))
    return samples


def cut(text: str) -> str:
    """Return a text, or its beginning if it is too long for the page."""
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def named_scalars(snapshot: Snapshot) -> dict[str, float]:
    """Return the measurements by the names that they have in TensorBoard."""
    scalars = {f"gradients/{layer}": norm for layer, norm in snapshot.gradients.items()}
    for statistics in snapshot.gates:
        for gate, values in statistics.gates.items():
            name = f"gates/{statistics.layer}/{gate}"
            scalars |= {f"{name}.mean": values.mean, f"{name}.saturated": values.saturated}
    return scalars


def epochs_so_far(trainer: lightning.Trainer) -> float:
    """Return the number of epochs, a part of the current one included; a whole number for a stream."""
    part = (trainer.fit_loop.batch_idx + 1) / trainer.num_training_batches
    return round(trainer.current_epoch + (part or 1), 2)  # a stream's number of batches is infinite: its part is 0

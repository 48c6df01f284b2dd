"""Estimate how long the trainings of a comparison will take, and how much disk, from a short measurement of each."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import datasets
import torch
from torch import nn

from seq2seq.comparison.variants import Job
from seq2seq.model.encoder_decoder import EncoderDecoder, count_parameters
from seq2seq.model.loss import total_loss
from seq2seq.recipe import Recipe
from seq2seq.search.options import SearchOptions
from seq2seq.text.batch import Batch
from seq2seq.text.batching import Batching, Collator, ProcessRank, epoch_batches, pair_lengths, tokenise_rows
from seq2seq.text.loading import load_split_in_memory
from seq2seq.text.tokenizer import Tokenizer
from seq2seq.training.corpus import load_corpus, train_tokenizer
from seq2seq.translation.decoding import search_model

SAMPLE = 4_000  # pairs from which the measured batches are made
BATCHES = 8  # batches that are measured; one more comes before them, to warm up
SENTENCES = 64  # sentences that are translated
DEFAULT_EPOCHS = 1000  # Lightning's, if a recipe says nothing
NUMBER_BYTES = 4  # of a weight in a file


class Forecast(NamedTuple):
    """What one training will need, by an estimate."""

    seconds: float
    bytes: int  # of the files that stay
    at_most: bool  # training.patience or trainer.max_time may end it sooner


class Sample(NamedTuple):
    """A part of a corpus, and how large the whole is.

    Args:
        batches: of training pairs, as a training makes them, from short ones to long ones. The first one warms up.
        batches_per_epoch: batches in an epoch.
        validation: a batch of the validation split, whose sentences are translated.
        validated: sentences of the validation split.
        tested: sentences of the test splits.
        loading_seconds: what it took to load the corpus and train the tokenizer.
    """

    batches: Sequence[Batch]
    batches_per_epoch: int
    validation: Batch
    validated: int
    tested: int
    loading_seconds: float


def forecast(jobs: Sequence[Job]) -> dict[str, Forecast] | None:
    """Return what the training of each variant will need. Return None for a stream: nobody knows how long it is.

    Every variant trains on a few batches, and translates a few sentences greedily and with the recipe's search.

    Args:
        jobs: the trainings; those of one variant need the same.

    Raises:
        UserError: the corpus cannot be loaded.
    """
    recipe = jobs[0].recipe
    started = time.perf_counter()
    corpus = load_corpus(recipe)
    if isinstance(corpus.training, datasets.IterableDataset):
        return None
    tokenizer = train_tokenizer(recipe, corpus.training)
    sample = draw_sample(recipe, corpus.training, corpus.validation, tokenizer)
    sample = sample._replace(loading_seconds=time.perf_counter() - started)
    recipes = {job.variant: job.recipe for job in reversed(jobs)}
    return {
        name: forecast_training(recipes[name], sample, tokenizer) for name in dict.fromkeys(job.variant for job in jobs)
    }


def draw_sample(
    recipe: Recipe, training: datasets.Dataset, validation: datasets.Dataset, tokenizer: Tokenizer
) -> Sample:
    """Return batches from all lengths, and the sizes of the whole corpus."""
    step = max(1, len(training) // SAMPLE)
    collate = Collator(tokenizer)
    rows = list(tokenise_rows(training.select(range(0, len(training), step)), tokenizer))
    batching = Batching(recipe.training.batch_tokens, recipe.training.pool, recipe.seed)
    lengths = pair_lengths(rows)
    batches = epoch_batches(lengths, batching, 0, ProcessRank(0, 1))
    validation_rows = list(tokenise_rows(validation.select(range(min(SENTENCES, len(validation)))), tokenizer))
    by_width = sorted(batches, key=lambda batch: max(max(lengths[row]) for row in batch))
    middles = [int((position + 0.5) * len(by_width) / BATCHES) for position in range(BATCHES)]
    chosen = [by_width[len(by_width) // 2], *(by_width[middle] for middle in middles)]  # the first one warms up
    splits = [split for split in (recipe.corpus.test, recipe.corpus.test_long) if split]
    return Sample(
        batches=[collate([rows[index] for index in batch]) for batch in chosen],
        batches_per_epoch=math.ceil(len(batches) * len(training) / len(rows)),
        validation=collate(validation_rows),
        validated=len(validation),
        tested=sum(len(load_split_in_memory(recipe.corpus, split)) for split in splits),
        loading_seconds=0.0,
    )


def forecast_training(recipe: Recipe, sample: Sample, tokenizer: Tokenizer) -> Forecast:
    """Return what one training will need, with all of its validations and its final evaluation."""
    device = training_device(recipe)
    model = recipe.build_model(tokenizer.source_size, tokenizer.target_size).to(device)
    per_batch = seconds_per_batch(model, [on(device, batch) for batch in sample.batches], recipe)
    validation = on(device, sample.validation)
    greedy, searched = (seconds_per_sentence(model, validation, size) for size in (1, recipe.search.beam_size))
    updates, validations = count_updates(recipe, sample.batches_per_epoch)
    seconds = sample.loading_seconds + updates * per_batch
    seconds += validations * sample.validated * greedy + sample.tested * (greedy + searched)
    copies = 4 + (recipe.training.ema_decay > 0)  # weights and Adam's two means in the checkpoint, and the weights
    size = copies * NUMBER_BYTES * count_parameters(model)
    return Forecast(seconds, size, at_most=bool(recipe.training.patience or recipe.trainer.get("max_time")))


def on(device: torch.device, batch: Batch) -> Batch:
    """Return a batch on a device."""
    return Batch(*(tensor.to(device) for tensor in batch))


def training_device(recipe: Recipe) -> torch.device:
    """Return the device that a training will use."""
    wanted = recipe.trainer.get("accelerator", "auto")
    has_gpu = torch.cuda.is_available() and wanted in ("auto", "gpu", "cuda")
    return torch.device("cuda" if has_gpu else "cpu")


def count_updates(recipe: Recipe, batches: int) -> tuple[float, float]:
    """Return how many batches a training has, and how often it is validated.

    An option that is not a number counts as its default: an interval may be a time, and mistakes are the training's to
    name.

    Args:
        recipe: what to train.
        batches: batches in an epoch.
    """

    def option(name: str, default: float) -> float:
        value = recipe.trainer.get(name)
        return value if isinstance(value, int | float) and value else default

    limit = option("limit_train_batches", 1.0)
    batches = max(1, min(batches, limit) if isinstance(limit, int) else int(batches * limit))
    epochs, steps = option("max_epochs", DEFAULT_EPOCHS), option("max_steps", -1)
    total = epochs * batches if epochs > 0 else math.inf
    if steps > 0:
        total = min(total, steps * option("accumulate_grad_batches", 1))
    interval = option("val_check_interval", 1.0)
    between = interval if isinstance(interval, int) else interval * batches
    return total, total / (between * option("check_val_every_n_epoch", 1))


def seconds_per_batch(model: EncoderDecoder, batches: Sequence[Batch], recipe: Recipe) -> float:
    """Return the mean time of an update: forward, backward, clipping and Adam."""
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-6)

    def update(batch: Batch) -> None:
        loss = total_loss(model, batch, recipe.training.label_smoothing) / batch.target_mask.sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), recipe.trainer.get("gradient_clip_val") or math.inf)
        optimizer.step()

    warm_up, *measured = batches
    update(warm_up)
    return measure(lambda: list(map(update, measured))) / len(measured)


def seconds_per_sentence(model: EncoderDecoder, batch: Batch, beam_size: int) -> float:
    """Return the mean time of a translation that is as long as the longest reference of the batch.

    A model that has learned nothing does not end its translations, so the length is given.
    """
    model.eval()
    options = SearchOptions(beam_size=beam_size, max_length=batch.labels.shape[1])
    return measure(lambda: search_model(model, batch.source, batch.source_mask, options)) / len(batch.source)


def measure(work: Callable[[], object]) -> float:
    """Return the seconds that some work takes, on the GPU too."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def describe_forecast(jobs: Sequence[Job], forecasts: dict[str, Forecast] | None, folder: Path) -> str:
    """Return how long the trainings will take together, and how much disk, as a line for the terminal."""
    trainings = "1 training" if len(jobs) == 1 else f"{len(jobs)} trainings"
    if forecasts is None:
        return f"{trainings} to do, in {folder}; the corpus is a stream, so nobody knows how long they take"
    needed = [forecasts[job.variant] for job in jobs]
    about = "at most about" if any(need.at_most for need in needed) else "about"
    megabytes = sum(need.bytes for need in needed) / 1e6
    return (
        f"{trainings} to do: {about} {format_duration(sum(need.seconds for need in needed))}, one after the other, and "
        f"{megabytes:,.0f} MB in {folder}; estimated from {BATCHES} batches of each variant on this machine"
    )


def format_duration(seconds: float) -> str:
    """Return a duration in the largest fitting unit: 40 seconds, 12 minutes, 5.5 hours."""
    if not math.isfinite(seconds):
        return "for ever"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"

"""A training from end to end: corpus, tokenizer, model, fit, test. Every process of a training runs all of it."""

import hashlib
import os
import platform
import sys
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import datasets
import torch

from seq2seq import figures, run
from seq2seq.data import Batching, Share, epoch_batches, pair_lengths, tokenise
from seq2seq.errors import UserError
from seq2seq.evaluation import evaluate, of_split, scored_by
from seq2seq.files import write
from seq2seq.fitting import check_trainer_options, fit
from seq2seq.model import parameters
from seq2seq.reading import Rows, clean, load, load_whole
from seq2seq.recipe import Recipe
from seq2seq.software import versions
from seq2seq.tokenizer import Tokenizer
from seq2seq.training import Batches, Learner

TOKENIZER_ROWS = 50_000  # of a stream, what its tokenizer is trained on: SentencePiece holds all of it in memory


class Corpus(NamedTuple):
    """Cleaned rows, not tokenised yet."""

    training: Rows
    validation: datasets.Dataset
    faults: Counter[str]


def train(recipe: Recipe, resolved: str, folder: Path, resume: bool = False, force: bool = False) -> dict[str, Any]:
    """Train a recipe into a run's folder, and score the best epoch on the test split.

    Args:
        recipe: what to do.
        resolved: the same as YAML, kept in the folder.
        folder: the run's.
        resume: go on with the run that is there; the recipe should be the one that it was started with.
        force: delete the run that is there.

    Returns:
        the test scores (see `evaluation.evaluate`); empty without a test split.

    Raises:
        UserError: see the rooms it goes through. What was trained so far stays, for --resume.
    """
    check_trainer_options(recipe.trainer)
    first = is_first_process()
    with run.alone(folder) if first else nullcontext():
        if first:
            run.prepare(folder, resume, force)
        if resume:
            run.check_resumed(folder, resolved)
        fit_recipe(recipe, resolved, folder, resume)
        return test(recipe, folder) if first else {}


def fit_recipe(recipe: Recipe, resolved: str, folder: Path, resume: bool) -> None:
    """The training itself, in a folder that is ready for it. Args, errors: as `train`."""
    first = is_first_process()
    corpus = read_corpus(recipe)
    tokenizer = Tokenizer.load(folder) if resume else train_tokenizer(recipe, corpus.training)
    torch.manual_seed(recipe.seed)
    model = run.build(recipe.model, tokenizer)
    say(describe(recipe, corpus, tokenizer, model))

    streaming = isinstance(corpus.training, datasets.IterableDataset)
    training = corpus.training if streaming else tokenise(corpus.training, tokenizer)
    validation = tokenise(corpus.validation, tokenizer)
    assert isinstance(validation, datasets.Dataset)
    batches = Batches(training, validation, tokenizer, recipe.training, recipe.tokenizer.sampling, recipe.seed)
    learner = Learner(model, tokenizer, recipe.training, validation, recipe.seed)
    if first:
        known = facts(recipe, corpus, tokenizer, model) | {"batches": order(training, batches.batching)}
        if resume:
            run.check_facts(folder, known)
        earlier = run.earlier(folder, resolved, known["versions"]) if resume else {}
        write(folder / run.RECIPE, resolved)
        tokenizer.save(folder)
        run.add_scores(folder, known | {"earlier": earlier, "finished": False})
    started = time.monotonic()
    finished = False
    try:
        fit(learner, batches, recipe.training, recipe.trainer, folder, resume)
        finished = True
    finally:
        if first:
            keep_best(folder, recipe, tokenizer)
            run.add_training(folder, command(), time.monotonic() - started, finished)
    if first:
        figures.learning_curves(folder / "learning_curves.png", run.read_metrics(folder))


def read_corpus(recipe: Recipe) -> Corpus:
    """The training split, cleaned, and the validation split as it is."""
    training, faults = clean(load(recipe.corpus, recipe.corpus.train), recipe.corpus)
    validation = load_whole(recipe.corpus, recipe.corpus.validation)
    if not len(validation):
        raise UserError(f"corpus {recipe.corpus.path}: split {recipe.corpus.validation!r} is empty")
    if recipe.corpus.test:
        load_whole(recipe.corpus, recipe.corpus.test)  # a mistake in its name is told now, not after the training
    return Corpus(training, validation, faults)


def train_tokenizer(recipe: Recipe, rows: Rows) -> Tokenizer:
    """A tokenizer of the training split, or of a stream's beginning."""
    if isinstance(rows, datasets.IterableDataset):
        rows = datasets.Dataset.from_list(list(rows.take(TOKENIZER_ROWS)))
    return Tokenizer.train(rows["source"], rows["target"], recipe.tokenizer)


def keep_best(folder: Path, recipe: Recipe, tokenizer: Tokenizer) -> None:
    """Write the best checkpoint's weights, if there is one yet, as what `translate` loads; others' scores go."""
    path, kept = folder / run.CHECKPOINTS / run.BEST, folder / run.WEIGHTS
    if path.exists():
        weights = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
        model = run.build(recipe.model, tokenizer)
        model.load_state_dict({name.removeprefix("model."): value for name, value in weights.items()})
        if not run.has_weights(model, kept):
            run.add_scores(folder, {"scores": {}})
            run.save_weights(model, kept)


def test(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Score the best weights on the test split, greedily and as the recipe searches."""
    if not recipe.corpus.test:
        return {}
    translator, options = run.load(folder)
    options = scored_by(options)
    searches = {replace(options, width=1), options}
    return evaluate(translator, folder, of_split(recipe, recipe.corpus.test), sorted(searches, key=lambda o: o.width))


def describe(recipe: Recipe, corpus: Corpus, tokenizer: Tokenizer, model: torch.nn.Module) -> str:
    """What is about to be trained, for the terminal."""
    pairs = "a stream of" if isinstance(corpus.training, datasets.IterableDataset) else f"{len(corpus.training):,}"
    left_out = ", ".join(f"{count:,} {fault}" for fault, count in corpus.faults.items()) or "none"
    return (
        f"{recipe.corpus.path}: {pairs} training pairs (left out: {left_out}), {len(corpus.validation):,} to validate\n"
        f"{tokenizer.source_size:,} source and {tokenizer.target_size:,} target pieces"
        f"{' (joint)' if tokenizer.joint else ''}; {parameters(model):,} parameters"
    )


def command() -> str:
    """What was typed."""
    return " ".join(["seq2seq", *sys.argv[1:]])


def facts(recipe: Recipe, corpus: Corpus, tokenizer: Tokenizer, model: torch.nn.Module) -> dict[str, Any]:
    """What somebody needs to know to do it again, and to believe that it was the same."""
    splits = {recipe.corpus.train: corpus.training, recipe.corpus.validation: corpus.validation}
    return {
        "seed": recipe.seed,
        "parameters": parameters(model),
        "tokenizer": tokenizer.fingerprint,
        "data": {split: fingerprint(rows) for split, rows in splits.items()},
        "versions": versions(),
        "hardware": f"{device_name(recipe.trainer.get('accelerator'))}, threads a process: {torch.get_num_threads()}",
    }


def fingerprint(rows: Rows) -> dict[str, Any]:
    """How many pairs a split has, and the SHA-256 of their text; a stream is not read for it."""
    if isinstance(rows, datasets.IterableDataset):
        return {"pairs": None, "sha256": None}
    digest = hashlib.sha256()
    for source, target in zip(rows["source"], rows["target"], strict=True):
        digest.update(f"{source}\t{target}\n".encode())
    return {"pairs": len(rows), "sha256": digest.hexdigest()}


def order(rows: Rows, batching: Batching) -> str | None:
    """The SHA-256 of which pairs the first epoch's batches hold, in their order; a stream is not read for it."""
    if isinstance(rows, datasets.IterableDataset):
        return None
    lengths = pair_lengths(rows.select_columns(["source_ids", "target_ids"]))
    return hashlib.sha256(str(epoch_batches(lengths, batching, 0, Share())).encode()).hexdigest()


def device_name(accelerator: str | None) -> str:
    """The GPU, unless the recipe will have none; or else the processor."""
    if accelerator != "cpu" and torch.cuda.is_available():
        return torch.cuda.get_device_name()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def is_first_process() -> bool:
    """Of several training processes, the one that writes. Their launchers tell by these variables."""
    return all(os.environ.get(name, "0") == "0" for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID", "NODE_RANK"))


def say(text: str) -> None:
    """Chatter, once."""
    if is_first_process():
        print(text, file=sys.stderr, flush=True)

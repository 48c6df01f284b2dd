"""A run: one training and its folder. Made by `train`, read by everything else.

runs/NAME/
    recipe.yaml          all that decided the run, resolved
    tokenizer.model      SentencePiece's (two files where it is not joint)
    model.safetensors    the best epoch's weights: no pickle
    checkpoints/         Lightning's, for resuming
    metrics.csv          a row for every validation; learning_curves.png draws it, tensorboard/ has more
    scores.json          scores with their signatures, the data's fingerprint, versions, time
"""

import csv
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
import yaml

from seq2seq.errors import UserError
from seq2seq.fairness import differences, flat
from seq2seq.files import atomic, write
from seq2seq.model import Model, ModelOptions
from seq2seq.precision import Weights, reduced
from seq2seq.recipe import Recipe, Trained, read
from seq2seq.search import SearchOptions
from seq2seq.tokenizer import Tokenizer
from seq2seq.translator import Translator

RECIPE = "recipe.yaml"
WEIGHTS = "model.safetensors"
CHECKPOINTS, BEST, LAST = "checkpoints", "best.ckpt", "last.ckpt"
METRICS = "metrics.csv"
SCORES = "scores.json"


def load(folder: Path, device: str = "cpu", weights: Weights = "float32") -> tuple[Translator, SearchOptions]:
    """A finished run's translator, and how its recipe says to search. Neither pickle nor Lightning is needed.

    Raises:
        UserError: no such run, it has no weights yet, a file is damaged or of another model, or no such device
            or precision.
    """
    check_there(folder)
    trained, _ = read(Trained, folder / RECIPE)
    tokenizer = Tokenizer.load(folder)
    model = build(trained.model, tokenizer)
    load_weights(model, folder / WEIGHTS)
    try:
        model = model.to(device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"--device {device}: not to be had here ({str(error).splitlines()[0]}); try cpu") from error
    return Translator(reduced(model, weights), tokenizer), trained.search


def check_there(folder: Path) -> None:
    """Raises UserError: the folder is no run's."""
    if not (folder / RECIPE).is_file():
        raise UserError(f"{folder}: no run there (it has no {RECIPE}); train one with: seq2seq train RECIPE")


def build(options: ModelOptions, tokenizer: Tokenizer) -> Model:
    """A model, its weights still random, that fits a tokenizer."""
    return Model(options, tokenizer.source_size, tokenizer.target_size, tokenizer.joint)


def save_weights(model: Model, path: Path) -> None:
    """Write a model's weights, whole or not at all; tied ones once."""
    with atomic(path) as temporary:
        safetensors.torch.save_model(model, str(temporary))


def has_weights(model: Model, path: Path) -> bool:
    """Whether a file holds a model's weights as they are."""
    try:
        there = safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError):
        return False
    weights = model.state_dict()
    return all(name in weights and torch.equal(value, weights[name]) for name, value in there.items())


def load_weights(model: Model, path: Path) -> None:
    """Read weights into a model.

    Raises:
        UserError: no such file, it is damaged, or it is of a model of another shape.
    """
    if not path.is_file():
        raise UserError(f"{path}: not there yet: the run has not finished an epoch; go on with: seq2seq train --resume")
    try:
        safetensors.torch.load_model(model, str(path))
    except (safetensors.SafetensorError, OSError) as error:
        raise UserError(
            f"{path}: damaged, or no safetensors file ({error}); write it again with: seq2seq train --resume"
        ) from error
    except RuntimeError as error:
        raise UserError(f"{path}: its weights are of another model than {path.with_name(RECIPE)} describes") from error


def prepare(folder: Path, resume: bool, force: bool) -> None:
    """Make sure that no run is overwritten by mistake.

    Raises:
        UserError: the folder has a run and neither `resume` nor `force` is given, or it is no run's folder at all, or
            there is nothing to resume.
    """
    if resume:
        if not (folder / RECIPE).is_file():
            raise UserError(f"{folder}: no run to resume there; train it without --resume")
        if not (folder / CHECKPOINTS / LAST).is_file():
            raise UserError(f"{folder}: no checkpoint to resume from; train with --force to start anew")
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        if not force:
            raise UserError(
                f"{folder}: exists already; --resume goes on with it, --force starts anew, --run NAME keeps both"
            )
        if not (folder / RECIPE).is_file():
            raise UserError(f"{folder}: not a run's folder, so --force does not delete it; choose another with --run")
        shutil.rmtree(folder)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep every other training away from a run's folder while the block lasts.

    Raises:
        UserError: another training is there, or no folder can be.
    """
    from filelock import FileLock, Timeout  # slow to import, and `translate` has no use for it

    lock = FileLock(folder.with_name(f".{folder.name}.lock"), timeout=0)  # beside it: --force deletes the folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise UserError(
            f"{folder}: is being trained by another process; wait for it, or choose another --run"
        ) from error
    except OSError as error:
        raise UserError(f"{folder}: cannot be made: {error.strerror or error}; choose another --run") from error
    try:
        yield
    finally:
        lock.release()


def changed(folder: Path, resolved: dict[str, Any], but: Sequence[str]) -> str | None:
    """The first key, in words, that a run's recipe has another value for; None if they are the same.

    Args:
        resolved: a recipe as YAML makes it, every key with its value. Keys that the run's does not know have defaults.
        but: sections that may differ.
    """
    there = yaml.safe_load(read(Recipe, folder / RECIPE)[1])
    before, after = ({key: value for key, value in each.items() if key not in but} for each in (there, resolved))
    found = differences({"was": flat(before), "is": flat(after)})
    return next((f"{key} was {sides['was']!r}, not {sides['is']!r}" for key, sides in found.items()), None)


def check_resumed(folder: Path, resolved: str) -> None:
    """See that a run goes on with the recipe that it was started with; only `trainer`, as its max_epochs, may change.

    Raises:
        UserError: another key has changed.
    """
    if found := changed(folder, yaml.safe_load(resolved), but=["trainer", "comparison"]):
        raise UserError(f"{folder}: {found}; go on with its own recipe: seq2seq train --resume --run {folder}")


def earlier(folder: Path, resolved: str, versions: dict[str, str]) -> dict[str, list[Any]]:
    """What a run that is resumed was trained with before, where it goes on with something else: by key, its values.

    With them, under `resumed_inside_an_epoch`, the updates after which it began an epoch's batches again.

    Args:
        resolved: the recipe that it goes on with, as YAML.
        versions: of the software that it goes on with.
    """
    known = read_scores(folder)
    before, now = (yaml.safe_load(recipe)["trainer"] for recipe in (read(Recipe, folder / RECIPE)[1], resolved))
    was = {"trainer": before, "versions": known.get("versions", {})}
    sides = {"was": flat(was), "is": flat({"trainer": now, "versions": versions})}
    changed = {key: values["was"] for key, values in differences(sides).items()}
    if "val_check_interval" in now and (rows := read_metrics(folder)):
        changed["resumed_inside_an_epoch"] = rows[-1]["update"]
    found: dict[str, list[Any]] = known.get("earlier", {})
    return found | {key: [*found.get(key, []), value] for key, value in changed.items()}


def check_facts(folder: Path, facts: dict[str, Any]) -> None:
    """See that a run goes on with the text that it began with.

    Raises:
        UserError: another corpus, or other batches.
    """
    before = read_scores(folder)
    for name in ("data", "batches"):
        if before.get(name, facts[name]) != facts[name]:
            raise UserError(f"{folder}: {name} is not what it was when the run began; start anew with --force")


def read_metrics(folder: Path) -> list[dict[str, str]]:
    """The rows of metrics.csv, one for each validation; none before the first."""
    path = folder / METRICS
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_scores(folder: Path) -> dict[str, Any]:
    """What is known of a run: the contents of scores.json, empty before the first evaluation."""
    path = folder / SCORES
    try:
        scores: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError as error:
        raise UserError(f"{path}: damaged; delete it and evaluate again") from error
    return scores


def add_training(folder: Path, command: str, seconds: float, finished: bool) -> None:
    """Add a training's command and time to scores.json: a resumed run has several, and the sum of their times."""
    known = read_scores(folder)
    commands, spent = known.get("commands", []), known.get("training_seconds", 0.0)
    add_scores(folder, {"commands": [*commands, command], "training_seconds": spent + seconds, "finished": finished})


def add_scores(folder: Path, news: dict[str, object]) -> None:
    """Add to scores.json what has just been measured."""
    write(folder / SCORES, json.dumps(read_scores(folder) | news, indent=2, ensure_ascii=False) + "\n")

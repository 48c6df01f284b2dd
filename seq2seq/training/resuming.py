"""Check that a resumed run has its own recipe and data, and record what has changed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from seq2seq.errors import UserError
from seq2seq.model.weights import is_readable
from seq2seq.provenance import Provenance, differences, flatten
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.training.checkpoints import ADVICE, DAMAGE, first_line, load_checkpoint, model_weights
from seq2seq.training.module import TranslationModule
from seq2seq.training.save_progress import save_best_weights


def check_recipe(run: Run, recipe: Recipe) -> None:
    """Check that a run has the recipe that it began with. Only `trainer` may differ, as in its max_epochs.

    The corpus may have moved, because `check_data` compares its text. The text of a stream cannot be compared.

    Raises:
        UserError: another key is different.
    """
    if run.provenance().data and not recipe.corpus.streaming:
        path = run.load_recipe().corpus.path
        recipe = replace(recipe, corpus=replace(recipe.corpus, path=path))
    if change := run.changed_key(recipe, ignore=["trainer", "comparison"]):
        raise UserError(
            f"{run}: a run of another recipe is there: {change}; choose another folder with --run, or train this one "
            "anew with --force"
        )


def check_data(run: Run, provenance: Provenance) -> None:
    """Check that a run goes on with the text and the batches that it began with.

    Args:
        run: the run, before it goes on.
        provenance: the provenance of the resumed training.

    Raises:
        UserError: the corpus or the batches are different.
    """
    before = run.provenance()
    for name, old, new in (("data", before.data, provenance.data), ("batches", before.batches, provenance.batches)):
        if old and old != new:
            raise UserError(f"{run}: {name} changed since the run began; start anew with --force")


def check_checkpoint(run: Run, module: TranslationModule, recipe: Recipe) -> int:
    """Check that a run's checkpoint fits its model and recipe, and return its number of updates.

    Raises:
        UserError: it is damaged, belongs to another model, or is from a later epoch than the recipe's last one.
    """
    last = load_checkpoint(run.last_checkpoint)
    check_parts(last, module, run.last_checkpoint)
    epochs = max((row.epoch for row in run.metrics()), default=0.0)
    for key, done in (("max_epochs", epochs), ("max_steps", last["global_step"])):
        limit = recipe.trainer.get(key)
        if isinstance(limit, int) and 0 <= limit < done:
            raise UserError(f"{run}: trainer.{key} is {limit}, but {done:g} are trained already; give that or more")
    updates: int = last["global_step"]
    return updates


def check_parts(checkpoint: Mapping[str, Any], module: TranslationModule, path: Path) -> None:
    """Check the parts of a checkpoint that training goes on from. See `check_checkpoint` for the arguments' use."""
    check_weights(checkpoint["state_dict"], module, path)
    shapes = [parameter.shape for parameter in module.parameters()]
    try:
        for name in ("epoch", "global_step"):
            if not isinstance(checkpoint[name], int) or not 0 <= checkpoint[name] < 10**12:
                raise ValueError(f"{name} is {checkpoint[name]!r:.60}")
        best = checkpoint["plateau"]
        numbers = [value for item in best.values() for value in (item if isinstance(item, tuple | list) else [item])]
        if not all(isinstance(value, int | float | None) for value in numbers):
            raise ValueError(f"plateau is {best!r:.60}")
        for state in checkpoint["optimizer_states"]:
            for index, means in state["state"].items():
                if any(mean.shape not in ((), shapes[index]) for mean in means.values()):
                    raise ValueError("the optimizer's state belongs to another model")
        if not all(isinstance(state, Mapping) for state in checkpoint["callbacks"].values()):
            raise TypeError("its callbacks have no state")
        since_validation = checkpoint.get("since_validation", {"tokens": 0, "nats": 0.0})
        if not all(isinstance(since_validation[name], int | float) for name in ("tokens", "nats")):
            raise ValueError(f"since_validation is {since_validation!r:.60}")
    except DAMAGE as error:
        raise UserError(f"{path}: damaged ({type(error).__name__}: {first_line(error)}); {ADVICE}") from error


def check_weights(weights: Mapping[str, Tensor], module: TranslationModule, path: Path) -> None:
    """Check that a checkpoint's weights are finite, and fit a model.

    Raises:
        UserError: they are not, or do not.
    """
    saved, built = (
        {name: value.shape for name, value in state.items() if value.numel()}  # earlier versions kept an empty one
        for state in (weights, module.state_dict())
    )
    if saved != built:
        raise UserError(f"{path}: its weights belong to another model than the recipe describes; {ADVICE}")
    if not all(value.isfinite().all() for value in weights.values()):
        raise UserError(f"{path}: damaged: it has weights that are infinite or not a number; {ADVICE}")


def earlier_values(run: Run, recipe: Recipe, versions: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return the values that a run was trained with before and that have changed since: for each key, a list.

    Args:
        run: the run, before it goes on.
        recipe: the recipe that it goes on with.
        versions: the software versions that it goes on with.
    """
    before = run.provenance()
    was = flatten({"trainer": run.load_recipe().trainer, "versions": before.versions})
    now = flatten({"trainer": recipe.trainer, "versions": versions})
    changed = {key: values["was"] for key, values in differences({"was": was, "now": now}).items()}
    earlier = {key: list(values) for key, values in before.earlier.items()}
    return earlier | {key: [*earlier.get(key, []), value] for key, value in changed.items()}


def repair(run: Run) -> None:
    """Finish what a kill interrupted between two files, so that they belong to the same update as the checkpoint.

    Raises:
        UserError: the weights of the best epoch are gone, and the checkpoint is from another one.
    """
    if not run.writes or not run.last_checkpoint.exists():
        return
    checkpoint = load_checkpoint(run.last_checkpoint)
    run.drop_validations_after(checkpoint["global_step"])
    if run.earlier_best_checkpoint.exists():  # earlier versions wrote the weights only at the end
        run.replace_weights(model_weights(load_checkpoint(run.earlier_best_checkpoint)))
        run.earlier_best_checkpoint.unlink()
    save_best_weights(run)
    if checkpoint["plateau"].get("update") and not is_readable(run.weights_path):
        raise UserError(f"{run.weights_path}: the best epoch's weights are gone or damaged; {ADVICE}")

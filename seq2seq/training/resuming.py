"""Check that a resumed run has its own recipe and data, and record what has changed."""

from collections.abc import Mapping
from typing import Any

from seq2seq.errors import UserError
from seq2seq.provenance import Provenance, differences, flatten
from seq2seq.recipe import Recipe
from seq2seq.run import Run


def check_recipe(run: Run, recipe: Recipe) -> None:
    """Check that a run goes on with the recipe that it began with. Only `trainer` may differ, as in its max_epochs.

    Raises:
        UserError: another key is different.
    """
    if change := run.changed_key(recipe, ignore=["trainer", "comparison"]):
        raise UserError(f"{run}: {change}; go on with its own recipe: seq2seq train --resume --run {run}")


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


def earlier_values(run: Run, recipe: Recipe, versions: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return the values that a run was trained with before and that have changed since: for each key, a list.

    The key `resumed_inside_an_epoch` holds the updates after which the run began an epoch's batches again.

    Args:
        run: the run, before it goes on.
        recipe: the recipe that it goes on with.
        versions: the software versions that it goes on with.
    """
    before = run.provenance()
    was = flatten({"trainer": run.load_recipe().trainer, "versions": before.versions})
    now = flatten({"trainer": recipe.trainer, "versions": versions})
    changed = {key: values["was"] for key, values in differences({"was": was, "now": now}).items()}
    if "val_check_interval" in recipe.trainer and (rows := run.metrics()):
        changed["resumed_inside_an_epoch"] = rows[-1].update
    earlier = {key: list(values) for key, values in before.earlier.items()}
    return earlier | {key: [*earlier.get(key, []), value] for key, value in changed.items()}

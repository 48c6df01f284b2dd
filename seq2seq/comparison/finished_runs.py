"""Load the finished runs of a comparison, and name the variant of each."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from seq2seq.errors import UserError
from seq2seq.provenance import Provenance
from seq2seq.recipe import Recipe, check_only_corpus
from seq2seq.run import Run
from seq2seq.run_metrics import EpochMetrics
from seq2seq.text.corpus import CorpusOptions


class FinishedRun(NamedTuple):
    """A run that has been trained to its end."""

    variant: str
    seed: int
    folder: Path
    recipe: Recipe  # as the run was trained
    corpus: CorpusOptions  # where the corpus is now
    provenance: Provenance
    epochs: Sequence[EpochMetrics]  # one for each validation, at least one


def load_finished_run(folder: Path, variant: str) -> FinishedRun:
    """Load a run from its folder.

    Args:
        folder: the run's folder.
        variant: the name of the variant that the run belongs to.

    Raises:
        UserError: the folder has no run, the run is not trained to its end, or a file is damaged.
    """
    run = Run(folder)
    run.check_exists()
    if not run.is_finished():
        raise UserError(f"{folder}: not trained to its end yet; go on with: seq2seq train --run {folder}")
    recipe = run.load_recipe()
    return FinishedRun(variant, recipe.seed, folder, recipe, recipe.corpus, run.provenance(), load_epochs(run))


def load_epochs(run: Run) -> list[EpochMetrics]:
    """Return the metrics of every validation of a run.

    Raises:
        UserError: the file is damaged, or has no rows.
    """
    epochs = run.metrics()
    if not epochs:
        raise UserError(f"{run.metrics_path}: no epochs; train the run anew")
    return epochs


def gather_runs(folders: Sequence[Path], overrides: Sequence[str] = ()) -> list[FinishedRun]:
    """Load runs from their folders. Runs whose recipes differ only in the seed belong to one variant.

    A variant is named after the folder of its first run, without the seed.

    Args:
        folders: the folders of the runs.
        overrides: new values of the recipes' `corpus` keys, for a corpus that has moved.

    Raises:
        UserError: a run cannot be loaded (see `load_finished_run`); all runs belong to one variant; two variants
            would have one name; or an override sets another key.
    """
    check_only_corpus(overrides)
    names: dict[str, str] = {}  # the variant's name by its recipe
    runs = []
    for folder in folders:
        run = load_finished_run(folder, variant="")
        recipe_without_seed = json.dumps(
            {**run.recipe.to_dict(), "seed": None, "comparison": None}, sort_keys=True, default=str
        )
        name = names.setdefault(recipe_without_seed, re.sub(rf"-{run.seed}$", "", folder.resolve().name))
        runs.append(run._replace(variant=name, corpus=Run(folder).load_recipe(overrides).corpus))
    if len(names) < 2:
        listed = ", ".join(map(str, folders))
        raise UserError(f"{listed}: runs of one recipe; a comparison takes two variants or more")
    [(name, count), *_] = Counter(names.values()).most_common(1)
    if count > 1:
        raise UserError(f"two variants have runs called {name}; rename a folder")
    return runs

"""A comparison's trainings: what is missing is started, what is there is read, and held against each other.

Each training is a command of its own, so that it can run anywhere.
"""

import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from seq2seq import fairness, run
from seq2seq.errors import UserError
from seq2seq.fairness import Differences
from seq2seq.recipe import Recipe, check_moved, read
from seq2seq.software import versions
from seq2seq.variants import Job

COLUMNS = ("epoch", "update", "validation_bleu", "tokens_per_second")


class Finished(NamedTuple):
    """A finished run."""

    variant: str
    seed: int
    folder: Path
    recipe: Recipe
    resolved: dict[str, Any]  # its recipe.yaml, every key with its value
    scores: dict[str, Any]  # its scores.json
    epochs: list[dict[str, float]]  # `COLUMNS` of its metrics.csv, a row for each validation


def command(job: Job, path: Path) -> list[str]:
    """The training that is left to do, as it is typed.

    Raises:
        UserError: the run's folder has a run of another recipe, or one that nobody can go on with.
    """
    resume = []
    if (job.folder / run.RECIPE).is_file():
        if changed := run.changed(job.folder, job.resolved, but=["comparison"]):
            raise UserError(f"{job.folder}: there is a run of another recipe: {changed}; choose another folder: --run")
        resume = ["--resume"]
        if not (job.folder / run.CHECKPOINTS / run.LAST).exists():
            if (job.folder / run.WEIGHTS).exists() and not is_finished(job.folder):
                raise UserError(f"{job.folder}: a half trained run whose checkpoints are gone; move it away")
            resume = ["--force"]  # it was stopped before its first epoch was over
    return ["train", str(path), "--run", str(job.folder), *resume, *job.options]


def is_finished(folder: Path) -> bool:
    """Whether a run has been trained to its end."""
    there = all((folder / name).is_file() for name in (run.RECIPE, run.WEIGHTS, run.METRICS))
    return there and run.read_scores(folder).get("finished", True) is True


def shown(arguments: Sequence[str]) -> str:
    """A command for a terminal."""
    return shlex.join(["seq2seq", *arguments])


def in_a_process(arguments: Sequence[str]) -> None:
    """Run `seq2seq` with these arguments; all it says goes to stderr.

    Raises:
        UserError: it failed.
    """
    stopped = False
    with subprocess.Popen([sys.executable, "-m", "seq2seq.cli", *arguments], stdout=sys.stderr) as training:
        while training.returncode is None:
            try:
                training.wait()
            except KeyboardInterrupt:  # the training has had Ctrl-C, too: it keeps what it has, and ends
                stopped = True
    if stopped or training.returncode == 130:
        raise KeyboardInterrupt
    if training.returncode:
        raise UserError(f"this failed: {shown(arguments)}; once that is mended, the same comparison goes on")


def check_software(jobs: Sequence[Job], allowed: Sequence[str]) -> None:
    """See that what is left would be trained by the software that the rest was trained by.

    Raises:
        UserError: it would not.
    """
    if not all(is_finished(job.folder) for job in jobs):
        begun = [job.folder for job in jobs if (job.folder / run.SCORES).is_file()]
        sides = {str(folder): fairness.of_software(run.read_scores(folder)) for folder in begun}
        fairness.check({**sides, "this installation": fairness.of_software({"versions": versions()})}, allowed)


def train(jobs: Sequence[Job], path: Path) -> None:
    """Train what is not trained yet, one job after the other.

    Raises:
        UserError: a training failed, or see `command`.
    """
    for job in jobs:
        command(job, path)  # mistakes are told before hours of training
    for number, job in enumerate(jobs, start=1):
        finished = is_finished(job.folder)
        arguments = command(job, path)  # anew: it may have been trained elsewhere meanwhile
        doing = "finished before" if finished else shown(arguments)
        print(f"{job.variant}, seed {job.seed} ({number} of {len(jobs)}): {doing}", file=sys.stderr, flush=True)
        if not finished:
            in_a_process(arguments)


def read_run(folder: Path, variant: str) -> Finished:
    """What a run's folder says of itself.

    Raises:
        UserError: no run there, one that is not trained to its end, or a damaged file.
    """
    run.check_there(folder)
    if not is_finished(folder):
        raise UserError(f"{folder}: not trained to its end yet; go on with: seq2seq train --resume --run {folder}")
    recipe, resolved = read(Recipe, folder / run.RECIPE)
    epochs = read_epochs(folder)
    return Finished(variant, recipe.seed, folder, recipe, yaml.safe_load(resolved), run.read_scores(folder), epochs)


def read_epochs(folder: Path) -> list[dict[str, float]]:
    """The rows of a run's metrics.csv; of several for one update, the last, by a run that went on from before it.

    Raises:
        UserError: no rows, or no numbers in them.
    """
    path = folder / run.METRICS
    try:
        rows = [{column: float(row[column]) for column in COLUMNS} for row in run.read_metrics(folder)]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: damaged: {error}; train the run anew") from error
    if not rows:
        raise UserError(f"{path}: no epochs; train the run anew")
    return list({row["update"]: row for row in rows}.values())


def gather(folders: Sequence[Path], overrides: Sequence[str] = ()) -> list[Finished]:
    """Runs that exist. Those whose recipes differ in nothing but the seed are one variant, named after their folders.

    Args:
        overrides: of the recipes' `corpus`, for one that has moved.

    Raises:
        UserError: see `read_run`; they are all one variant; an override of something else.
    """
    check_moved(overrides)
    names: dict[str, str] = {}
    found = []
    for folder in folders:
        one = read_run(folder, "")
        moved, resolved = read(Recipe, folder / run.RECIPE, overrides)
        key = json.dumps({**yaml.safe_load(resolved), "seed": None, "comparison": None}, sort_keys=True)
        name = names.setdefault(key, re.sub(rf"-{one.seed}$", "", folder.resolve().name))
        found.append(one._replace(variant=name, recipe=replace(one.recipe, corpus=moved.corpus)))
    if len(names) < 2:
        raise UserError(f"{', '.join(map(str, folders))}: of one recipe; a comparison takes two variants or more")
    [(name, count), *_] = Counter(names.values()).most_common(1)
    if count > 1:
        raise UserError(f"two variants have runs called {name}; rename a folder")
    return found


def check(runs: Sequence[Finished], allowed: Sequence[str]) -> Differences:
    """See that the trainings were fair: recipes, seeds, data, tokenizers, batches, updates, versions.

    Returns:
        what differs and was allowed to.

    Raises:
        UserError: see `fairness.check`; or a variant has a seed twice, or not as many seeds as another.
    """
    twice = Counter((one.variant, one.seed) for one in runs)
    [((variant, seed), count), *_] = twice.most_common(1)
    if count > 1:
        raise UserError(f"{variant} with seed {seed} is there {count} times; give each run once")
    found = fairness.check({str(one.folder): fairness.of_recipe(one.resolved) for one in runs}, allowed)
    seeds = {one.variant: sorted(each.seed for each in runs if each.variant == one.variant) for one in runs}
    found |= fairness.check({name: {"seeds": have} for name, have in seeds.items()}, allowed)
    if len(set(map(len, seeds.values()))) > 1:
        raise UserError(f"every variant needs as many seeds: {seeds}")
    found |= fairness.check({str(one.folder): fairness.of_training(one.scores) for one in runs}, allowed)
    patience = max(one.recipe.training.patience for one in runs)
    for seed in {one.seed for one in runs}:
        facts = {
            str(one.folder): fairness.of_seed(one.scores, one.epochs[-1], patience) for one in runs if one.seed == seed
        }
        # One key may differ for several seeds: each run's value is kept.
        found |= {key: {**found.get(key, {}), **values} for key, values in fairness.check(facts, allowed).items()}
    return found


def unrecorded(runs: Sequence[Finished]) -> list[str]:
    """What `check` could not see: keys that no run has a value for, as streams have no fingerprints."""
    facts = [{"batches": one.scores.get("batches"), **fairness.of_training(one.scores)} for one in runs]
    missing = [key for key in facts[0] if any(each.get(key) is None for each in facts)]
    if any(one.recipe.training.patience for one in runs):
        missing.append("updates (they were stopped early, all by one rule)")
    if 1 in Counter(one.seed for one in runs).values():
        missing.append("batches and updates (some seed is one run's alone)")
    return missing

"""The ablation's trainings: variants of a recipe, trained alike and with the same seeds.

Each is a command of its own, so that it can run anywhere. What is missing is started here, one after the other; then
the runs' folders are gathered and held against each other.
"""

import csv
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from seq2seq import fairness, run
from seq2seq.errors import UserError
from seq2seq.fairness import Differences
from seq2seq.fitting import CHECKPOINTS, LAST, METRICS
from seq2seq.recipe import Recipe, difference, read
from seq2seq.variants import Job


class Trained(NamedTuple):
    """A finished run."""

    variant: str
    seed: int
    folder: Path
    recipe: Recipe
    resolved: dict[str, Any]
    scores: dict[str, Any]  # its scores.json
    epochs: list[dict[str, str]]  # its metrics.csv


# What is to be trained.


def command(job: Job, path: Path) -> list[str]:
    """The training that is left to do, as it is typed.

    Raises:
        UserError: the run's folder has a run of another recipe.
    """
    resume = []
    if (job.folder / run.RECIPE).is_file():
        _, there = read(Recipe, job.folder / run.RECIPE)
        if changed := difference(yaml.safe_load(there), job.resolved):
            raise UserError(f"{job.folder}: there is a run of another recipe: {changed}; choose another folder: --run")
        resume = ["--resume" if (job.folder / CHECKPOINTS / LAST).exists() else "--force"]
    return ["train", str(path), "--run", str(job.folder), *resume, *job.options]


def is_finished(folder: Path) -> bool:
    """Whether a run has been trained to its end."""
    return run.read_scores(folder).get("finished") is True and (folder / run.WEIGHTS).exists()


def shown(arguments: Sequence[str]) -> str:
    """A command for a terminal."""
    return shlex.join(["seq2seq", *arguments])


def in_a_process(arguments: Sequence[str]) -> None:
    """Run `seq2seq` with these arguments; all it says goes to stderr.

    Raises:
        UserError: it failed.
    """
    with subprocess.Popen([sys.executable, "-m", "seq2seq.cli", *arguments], stdout=sys.stderr) as training:
        while True:
            try:
                status = training.wait()
                break
            except KeyboardInterrupt:
                continue  # the training has had Ctrl-C, too: it keeps what it has, and ends
    if status == 130:
        raise KeyboardInterrupt
    if status:
        raise UserError(f"this failed: {shown(arguments)}; once that is mended, the same comparison goes on")


def train(jobs: Sequence[Job], path: Path) -> None:
    """Train what is not trained yet, one job after the other.

    Raises:
        UserError: a training failed, or a folder has a run of another recipe.
    """
    commands = [command(job, path) for job in jobs]  # mistakes are told before hours of training
    for number, (job, arguments) in enumerate(zip(jobs, commands, strict=True), start=1):
        finished = is_finished(job.folder)
        doing = "finished before" if finished else shown(arguments)
        print(f"{job.variant}, seed {job.seed} ({number} of {len(jobs)}): {doing}", file=sys.stderr, flush=True)
        if not finished:
            in_a_process(arguments)


# What is there.


def gather(jobs: Sequence[Job]) -> list[Trained]:
    """The runs of a plan, all of them trained."""
    return [read_run(job.folder, job.variant) for job in jobs]


def read_run(folder: Path, variant: str, overrides: Sequence[str] = ()) -> Trained:
    """What a run's folder says of itself; overrides are of its recipe, for a corpus that has moved.

    Raises:
        UserError: no run there, or one that is not trained yet.
    """
    if not (folder / run.RECIPE).is_file():
        raise UserError(f"{folder}: no run there (it has no {run.RECIPE}); train one with: seq2seq train RECIPE")
    scores = run.read_scores(folder)
    if scores.get("finished") is False or not ((folder / run.WEIGHTS).is_file() and (folder / METRICS).is_file()):
        raise UserError(f"{folder}: not trained to its end yet; go on with: seq2seq train --resume --run {folder}")
    recipe, resolved = read(Recipe, folder / run.RECIPE, overrides)
    with (folder / METRICS).open(encoding="utf-8", newline="") as file:
        epochs = list(csv.DictReader(file))
    return Trained(variant, recipe.seed, folder, recipe, yaml.safe_load(resolved), scores, epochs)


def gather_folders(folders: Sequence[Path], overrides: Sequence[str]) -> list[Trained]:
    """Runs that exist. Those whose recipes differ in nothing but the seed are one variant, named after their folders.

    Raises:
        UserError: one is no finished run, or they are all one variant.
    """
    names: dict[str, str] = {}
    found = []
    for folder in folders:
        one = read_run(folder, "", overrides)
        key = json.dumps({**one.resolved, "seed": None}, sort_keys=True)
        name = names.setdefault(key, re.sub(rf"-{one.seed}$", "", folder.resolve().name))
        found.append(one._replace(variant=name))
    if len(names) < 2:
        raise UserError(f"{', '.join(map(str, folders))}: of one recipe; a comparison takes two variants or more")
    if len(set(names.values())) < len(names):
        raise UserError(f"two variants have runs of one name, {next(iter(names.values()))}; rename a folder")
    return found


def check_recipes(recipes: Mapping[str, dict[str, Any]], allowed: Sequence[str]) -> Differences:
    """See that variants' recipes, resolved, differ in their models alone; known before anything is trained.

    Raises:
        UserError: see `fairness.check`.
    """
    return fairness.check({name: fairness.of_recipe(resolved) for name, resolved in recipes.items()}, allowed)


def check_runs(runs: Sequence[Trained], allowed: Sequence[str]) -> Differences:
    """See that the trainings were fair: recipes, seeds, data, tokenizers, batches, updates, versions.

    Raises:
        UserError: see `fairness.check`.
    """
    variants = dict.fromkeys(one.variant for one in runs)
    found = check_recipes({one.variant: one.resolved for one in runs}, allowed)
    seeds = {name: {"seeds": sorted(one.seed for one in runs if one.variant == name)} for name in variants}
    found |= fairness.check(seeds, allowed)
    for seed in dict.fromkeys(one.seed for one in runs):
        same = [one for one in runs if one.seed == seed]
        facts = {
            one.variant: fairness.of_training(one.scores, one.epochs[-1], one.recipe.training.patience) for one in same
        }
        found |= fairness.check(facts, allowed)
    return found

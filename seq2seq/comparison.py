"""A comparison from end to end: train what is missing, see that it was fair, score, find, report."""

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import datasets

from seq2seq import charts, fairness, figures, run, trainings
from seq2seq.errors import UserError
from seq2seq.findings import Findings, find
from seq2seq.reading import clean, load
from seq2seq.recipe import Recipe
from seq2seq.scoring import align, held_out, score
from seq2seq.trainings import Finished
from seq2seq.variants import Job, widenings
from seq2seq.writing import FIGURES, answer, write_report


class Asked(NamedTuple):
    """How a comparison was asked for.

    allowed: keys that may differ, though it is less fair for it.
    joins: see `scoring.held_out`.
    command: what was typed.
    """

    allowed: Sequence[str]
    joins: Sequence[int]
    command: str


def check(jobs: Sequence[Job], asked: Asked) -> None:
    """Tell mistakes before hours of training.

    Raises:
        UserError: the variants differ in more than their models, or would; or there is nothing to compare them on.
    """
    trainings.check_software(jobs, asked.allowed)
    fairness.check({job.variant: fairness.of_recipe(job.resolved) for job in jobs}, asked.allowed)
    held_out(jobs[0].recipe, asked.joins)


def left(path: Path, jobs: Sequence[Job], asked: Asked) -> list[str]:
    """The commands of the trainings that are not finished. Args, errors: as `of_recipe`."""
    check(jobs, asked)
    return [trainings.shown(trainings.command(job, path)) for job in jobs if not trainings.is_finished(job.folder)]


def of_recipe(path: Path, jobs: Sequence[Job], folder: Path, asked: Asked) -> list[str]:
    """Compare a recipe's variants: train what is not trained yet, then report.

    Args:
        path: the recipe.
        jobs: of `variants.plan`.
        folder: where the report goes.

    Returns:
        the answer in a few lines, the path of report.html last.

    Raises:
        UserError: see the rooms it goes through. What was trained so far stays.
    """
    check(jobs, asked)
    trainings.train(jobs, path)
    runs = [trainings.read_run(job.folder, job.variant) for job in jobs]
    return of_runs(runs, folder, asked, widenings(jobs))


def of_runs(runs: Sequence[Finished], folder: Path, asked: Asked, remarks: Sequence[str] = ()) -> list[str]:
    """Compare runs that are there.

    Args:
        remarks: what readers have to know beside the findings.

    Returns, errors: as `of_recipe`.
    """
    differs = trainings.check(runs, asked.allowed)
    sets = held_out(runs[0].recipe, asked.joins)
    scored = [score(one, sets) for one in runs]
    findings = find(scored, sets)
    draw_examples(folder, findings, runs)
    findings["conditions"] = {
        "corpus": f"{runs[0].recipe.corpus.path}, {runs[0].recipe.corpus.source} to {runs[0].recipe.corpus.target}",
        "models": {one.variant: what_it_reads(one.resolved) for one in runs},
        "remarks": list(remarks),
        "differs": fairness.differences({one.variant: fairness.of_model(one.resolved) for one in runs}),
        "allowed": differs,
        "unchecked": trainings.unrecorded(runs),
        "recipe": runs[0].resolved,
        "command": asked.command,
        "facts": facts(runs) | lengths(runs[0].recipe),
    }
    return [*answer(findings), str(write_report(folder, findings))]


def draw_examples(folder: Path, findings: Findings, runs: Sequence[Finished]) -> None:
    """Draw attention over each example, of the second of the two variants if it attends, or else the first.

    The figure's name is added to the example.
    """
    folders = {(one.variant, one.seed): one.folder for one in runs}
    for each in findings["examples"]:
        stem = f"{FIGURES}/sentence-{each['sentence']}"
        for name, said in reversed(each["translations"].items()):
            translator, _ = run.load(folders[name, said["seed"]])
            found = align(translator, each["source"], said["text"])
            if translator.model.decoder.context.attends and found.matrix.numel():
                for suffix in charts.SUFFIXES:
                    figures.alignment_figure(folder / f"{stem}{suffix}", *found)
                each |= {"figure": stem, "attends": name}
                break


def what_it_reads(resolved: Mapping[str, Any]) -> str:
    """How a variant's decoder reads the source: the first line that its class says of itself."""
    module, _, name = resolved["model"]["decoder"]["context"]["class_path"].rpartition(".")
    documented = inspect.getdoc(getattr(import_module(module), name)) or name
    return documented.splitlines()[0]


def facts(runs: Sequence[Finished]) -> dict[str, str]:
    """What the runs were made of."""
    scores = runs[0].scores
    data = {
        split: f"{known['pairs']:,} pairs, SHA-256 {known['sha256']}" if known.get("sha256") else "a stream"
        for split, known in scores.get("data", {}).items()
    }
    software = ", ".join(f"{name} {number}" for name, number in scores.get("versions", {}).items())
    return {**data, "software": software or "not recorded"}


def lengths(recipe: Recipe) -> dict[str, str]:
    """How long the sentences are that were learned from, if they are at hand; a stream is not read for it."""
    try:
        rows, _ = clean(load(recipe.corpus, recipe.corpus.train), recipe.corpus)
    except UserError:
        return {}
    if isinstance(rows, datasets.IterableDataset):
        return {}
    words = sorted(len(source.split()) for source in rows["source"])
    most, longest = words[len(words) * 99 // 100], words[-1]
    return {"sources": f"{mean(words):.1f} words on average in training, 99% of up to {most}, the longest of {longest}"}

"""A comparison from end to end: train what is missing, see that it was fair, score, find, report."""

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from statistics import mean
from typing import Any

import datasets

import seq2seq
from seq2seq import charts, comparison, fairness, figures, run
from seq2seq.comparison import Trained
from seq2seq.findings import Findings, find
from seq2seq.reading import clean, load
from seq2seq.recipe import Recipe
from seq2seq.scoring import align, held_out, score
from seq2seq.variants import Job
from seq2seq.writing import FIGURES, answer, write_report


def of_recipe(
    path: Path,
    jobs: Sequence[Job],
    folder: Path,
    allowed: Sequence[str],
    joins: Sequence[int],
    command: str,
    remarks: Sequence[str] = (),
) -> list[str]:
    """Compare a recipe's variants: train what is not trained yet, then report.

    Args:
        path: the recipe.
        jobs: of `variants.plan`.
        folder: where the report goes.
        allowed: keys that may differ, though the comparison is less fair for it.
        joins: see `scoring.held_out`.
        command: what was typed.
        remarks: what readers have to know beside the findings.

    Returns:
        the answer in a few lines, the path of report.html last.

    Raises:
        UserError: see the rooms it goes through. What was trained so far stays.
    """
    comparison.check_recipes({job.variant: job.resolved for job in jobs}, allowed)
    held_out(jobs[0].recipe, joins)  # mistakes are told before hours of training
    comparison.train(jobs, path)
    return of_runs(comparison.gather(jobs), folder, allowed, joins, command, remarks)


def of_runs(
    runs: Sequence[Trained],
    folder: Path,
    allowed: Sequence[str],
    joins: Sequence[int],
    command: str,
    remarks: Sequence[str] = (),
) -> list[str]:
    """Compare runs that are there. Args, returns, errors: as `of_recipe`."""
    differs = comparison.check_runs(runs, allowed)
    sets = held_out(runs[0].recipe, joins)
    scored = [score(one, sets) for one in runs]
    findings = find(scored, sets)
    draw_examples(folder, findings, runs)
    findings["conditions"] = {
        "corpus": f"{runs[0].recipe.corpus.path}, {runs[0].recipe.corpus.source} to {runs[0].recipe.corpus.target}",
        "models": {one.variant: what_it_reads(one.resolved) for one in runs},
        "remarks": list(remarks),
        "differs": fairness.differences({one.variant: fairness.of_model(one.resolved) for one in runs}),
        "allowed": differs,
        "recipe": runs[0].resolved,
        "command": command,
        "facts": facts(runs) | lengths(runs[0].recipe),
    }
    return [*answer(findings), str(write_report(folder, findings))]


def draw_examples(folder: Path, findings: Findings, runs: Sequence[Trained]) -> None:
    """Draw attention over each example, where one of the two variants shown attends; the figure's name is added."""
    for name in list(findings["seeds"])[1::-1]:
        translator, _ = run.load(next(one.folder for one in runs if one.variant == name))
        if translator.model.decoder.context.attends:
            break
    else:
        return
    for each in findings["examples"]:
        stem = f"{FIGURES}/sentence-{each['sentence']}"
        found = align(translator, each["source"], each["translations"][name]["text"])
        if found.matrix.numel():
            for suffix in charts.SUFFIXES:
                figures.alignment_figure(folder / f"{stem}{suffix}", *found)
            each |= {"figure": stem, "attends": name}


def what_it_reads(resolved: Mapping[str, Any]) -> str:
    """How a variant's decoder reads the source: the first line that its class says of itself."""
    module, _, name = resolved["model"]["decoder"]["context"]["class_path"].rpartition(".")
    documented = inspect.getdoc(getattr(import_module(module), name)) or name
    return documented.splitlines()[0]


def facts(runs: Sequence[Trained]) -> dict[str, str]:
    """What the runs were made of, and on."""
    scores = runs[0].scores
    data = {split: f"{known['pairs']:,} pairs, SHA-256 {known['sha256']}" for split, known in scores["data"].items()}
    versions = ", ".join(f"{name} {number}" for name, number in scores["versions"].items())
    hardware = "; ".join(dict.fromkeys(str(one.scores.get("hardware")) for one in runs))
    return {**data, "software": f"seq2seq {seq2seq.__version__}, {versions}", "hardware": hardware}


def lengths(recipe: Recipe) -> dict[str, str]:
    """How long the sentences are that were learned from; a stream is not read for it."""
    rows, _ = clean(load(recipe.corpus, recipe.corpus.train), recipe.corpus)
    if isinstance(rows, datasets.IterableDataset):
        return {}
    words = sorted(len(source.split()) for source in rows["source"])
    most, longest = words[len(words) * 99 // 100], words[-1]
    return {
        "trained on": f"sources of {mean(words):.1f} words on average, 99% of up to {most}, the longest of {longest}"
    }

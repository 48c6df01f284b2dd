"""Compare variants from end to end: train what is missing, check that it was fair, score, and write the report."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import datasets

from seq2seq.class_names import short_name
from seq2seq.comparison.analysis import compute_results
from seq2seq.comparison.built_in_variants import describe_context
from seq2seq.comparison.controls import check_equal, check_runs, model_values, recipe_values, unchecked_keys
from seq2seq.comparison.examples import draw_example
from seq2seq.comparison.finished_runs import FinishedRun, load_finished_run
from seq2seq.comparison.forecast import describe_forecast, forecast
from seq2seq.comparison.report import check_report_folder, write_report
from seq2seq.comparison.report_scores import summarize
from seq2seq.comparison.results import Conditions
from seq2seq.comparison.scores import length_unit
from seq2seq.comparison.slurm import slurm_script
from seq2seq.comparison.test_sets import load_test_sets, score_run
from seq2seq.comparison.trainings import check_software, format_command, train_missing, training_command
from seq2seq.comparison.variants import Job, widening_remarks
from seq2seq.errors import UserError
from seq2seq.options import class_of, options_of
from seq2seq.provenance import Differences, differences
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.terminal_text import write_message
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.loading import filter_pairs, load_split
from seq2seq.text.words import count_words


class ComparisonRequest(NamedTuple):
    """The user's request, apart from the runs to compare.

    `allowed` has the keys that may differ; `joins` is explained at `load_test_sets`; `command` is what was typed;
    `code` has the files that the trainings may run.
    """

    allowed: Sequence[str]
    joins: Sequence[int]
    command: str
    code: Sequence[Path] = ()


def check_jobs(jobs: Sequence[Job], request: ComparisonRequest) -> None:
    """Check a comparison before hours of training.

    Raises:
        UserError: the variants differ, or would differ, in more than their models; or there is no test set.
    """
    check_software(jobs, request.allowed)
    check_equal({job.variant: recipe_values(job.recipe) for job in jobs}, request.allowed)
    load_test_sets(jobs[0].recipe.corpus, request.joins)


def remaining_jobs(jobs: Sequence[Job]) -> list[Job]:
    """Return the trainings that are not finished."""
    return [job for job in jobs if not Run(job.folder).is_finished()]


def remaining_commands(recipe_path: Path, jobs: Sequence[Job], request: ComparisonRequest) -> list[str]:
    """Return the commands of the trainings that are not finished. See `compare_recipe` for the arguments and errors."""
    check_jobs(jobs, request)
    return [format_command(training_command(job, recipe_path, request.code)) for job in remaining_jobs(jobs)]


def slurm_array(recipe_path: Path, jobs: Sequence[Job], request: ComparisonRequest) -> str:
    """Return the trainings that are not finished as a script for Slurm. See `compare_recipe`.

    Raises:
        UserError: see `compare_recipe`; or all trainings are finished.
    """
    commands = remaining_commands(recipe_path, jobs, request)
    if not commands:
        raise UserError("all trainings are finished; without --slurm, this command writes the report")
    forecasts = forecast(remaining_jobs(jobs))
    longest = max(need.seconds for need in forecasts.values()) if forecasts else None
    return slurm_script(commands, longest, f"seq2seq-{recipe_path.stem}")


def compare_recipe(recipe_path: Path, jobs: Sequence[Job], folder: Path, request: ComparisonRequest) -> list[str]:
    """Compare the variants of a recipe: train what is not trained yet, then write the report.

    Args:
        recipe_path: the recipe.
        jobs: what `variants.plan` returned.
        folder: where the report goes.
        request: the user's request.

    Returns:
        a summary in a few lines, and the path of report.html.

    Raises:
        UserError: the comparison would not be fair (see `check_jobs`), a training failed, or a file cannot be read or
            written (see `check_report_folder`). Finished trainings are kept.
    """
    check_report_folder(folder)
    check_jobs(jobs, request)
    if remaining := remaining_jobs(jobs):
        write_message(f"estimating how long {len(remaining)} trainings take …")
        write_message(describe_forecast(remaining, forecast(remaining), folder))
    train_missing(jobs, recipe_path, request.code)
    runs = [load_finished_run(job.folder, job.variant) for job in jobs]
    return compare_runs(runs, folder, request, widening_remarks(jobs))


def compare_runs(
    runs: Sequence[FinishedRun], folder: Path, request: ComparisonRequest, remarks: Sequence[str] = ()
) -> list[str]:
    """Compare finished runs and write the report.

    Args:
        runs: at least one run of each variant. The other variants are compared with the first run's variant.
        folder: where the report goes.
        request: the user's request.
        remarks: sentences that readers need in order to understand the results.

    Returns:
        a summary in a few lines, and the path of report.html.

    Raises:
        UserError: the comparison is not fair (see `check_runs`), or a file cannot be read or written (see
            `check_report_folder`).
    """
    check_report_folder(folder)
    allowed = check_runs(runs, request.allowed)
    test_sets = load_test_sets(runs[0].corpus, request.joins)
    scored_runs = [score_run(run, test_sets, runs[0].recipe.metric_tokenizer) for run in runs]
    conditions = describe_conditions(runs, request.command, allowed, remarks)
    results = compute_results(scored_runs, test_sets, conditions)
    results = replace(results, examples=[draw_example(example, runs, folder) for example in results.examples])
    return [*summarize(results), str(write_report(folder, results))]


def describe_conditions(
    runs: Sequence[FinishedRun], command: str, allowed: Differences, remarks: Sequence[str]
) -> Conditions:
    """Return what readers need in order to repeat a comparison.

    Args:
        runs: the runs of the comparison.
        command: the command that was typed.
        allowed: the differences that were accepted.
        remarks: sentences for the reader.
    """
    first = runs[0]
    return Conditions(
        corpus=f"{first.corpus.shown_path()}, {first.corpus.source} to {first.corpus.target}",
        models={run.variant: describe_model(run.recipe) for run in runs},
        remarks=list(remarks),
        differences=differences({run.variant: model_values(run.recipe) for run in runs}),
        allowed=allowed,
        unchecked=unchecked_keys(runs),
        recipe=first.recipe.to_dict(),
        command=command,
        facts=describe_data(first) | describe_lengths(first.corpus),
    )


def describe_model(recipe: Recipe) -> str:
    """Return how the decoder reads the source, and the cells.

    A class that is not a built-in variant's is described by the first line of its documentation.
    """
    encoder, decoder = recipe.model.encoder, recipe.model.decoder
    context = class_of(decoder.context)
    description = describe_context(context, options_of(decoder.context))
    if description is None:
        description = (inspect.getdoc(context) or context.__name__).splitlines()[0].rstrip(".")
    cells = f"{short_name(class_of(encoder.cell))} to {short_name(class_of(decoder.cell))}"
    return f"{description[0].upper()}{description[1:]}. Cells: {cells}."


def describe_data(run: FinishedRun) -> dict[str, str]:
    """Return the data and the software that a run was trained with."""
    data = {
        split: f"{fingerprint.pairs:,} pairs, SHA-256 {fingerprint.sha256}" if fingerprint.sha256 else "a stream"
        for split, fingerprint in run.provenance.data.items()
    }
    software = ", ".join(f"{name} {number}" for name, number in run.provenance.versions.items())
    return {**data, "software": software or "not recorded"}


def describe_lengths(corpus: CorpusOptions) -> dict[str, str]:
    """Return the lengths of the training sentences. Return nothing if they are missing or a stream."""
    try:
        rows, _ = filter_pairs(load_split(corpus, corpus.train), corpus)
    except UserError:
        return {}
    if isinstance(rows, datasets.IterableDataset):
        return {}
    lengths = sorted(map(count_words, rows["source"]))
    most, longest = lengths[len(lengths) * 99 // 100], lengths[-1]
    unit = length_unit(rows["source"])
    text = f"mean {mean(lengths):.1f} {unit} in training; 99% have at most {most}; the longest has {longest}"
    return {"sources": text}

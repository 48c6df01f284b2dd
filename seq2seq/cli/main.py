"""The `seq2seq` command: one short function for each verb, which imports the slow modules that only this verb needs."""

import argparse
import os
import shlex
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seq2seq.allowed_code import allow_code
from seq2seq.cli.given_arguments import check_no_unknown, check_renamed, override_search
from seq2seq.cli.parser import make_parser
from seq2seq.errors import UserError
from seq2seq.files import check_file_name
from seq2seq.stop_signals import exit_if_stopped
from seq2seq.terminal_text import format_warning, one_line, write_message, write_output

BROKEN_PIPE = 141  # exit status: 128 and the signal's number, as in a shell


def train(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Run `seq2seq train`."""
    from seq2seq.options import make_parser
    from seq2seq.recipe import Recipe
    from seq2seq.run import Run
    from seq2seq.training.processes import is_first_process

    if arguments.keys:
        make_parser(Recipe).print_help()
        return
    if arguments.recipe is None and arguments.run is None:
        raise UserError("which recipe? seq2seq train RECIPE, or to go on with a run: seq2seq train --run FOLDER")
    path = arguments.recipe or Run(arguments.run).recipe_path
    if not path.is_file():
        if recipes := [argument for argument in overrides if argument.endswith((".yaml", ".yml"))]:
            raise UserError(f"the recipe comes first, before its keys: seq2seq train {recipes[0]} …")
        if arguments.recipe is None and not overrides:
            Run(arguments.run).check_exists()
        if arguments.run is not None and overrides:
            raise UserError(f"{path}: no recipe; without one, keys are written --KEY=VALUE: {overrides[0]}={path}")
    recipe = Recipe.load(path, overrides, old_names=arguments.recipe is None)
    if arguments.run is None:
        check_file_name(path.stem, "without --run, a run is called as its recipe's file;")
    run = Run(arguments.run or Path("runs") / path.stem, writes=is_first_process())

    from seq2seq.evaluation.evaluate import format_scores
    from seq2seq.training.train import train  # slow to import: report mistakes in the recipe first

    evaluations = train(recipe, run, resume=arguments.resume, force=arguments.force)
    if evaluations:
        write_output(format_scores(evaluations))
    if run.writes:
        allowed = [word for path in arguments.allow_code for word in ("--allow-code", str(path))]
        write_message(f"translate with it: seq2seq translate {shlex.join([str(run), *allowed])}")


def translate(arguments: argparse.Namespace, unknown: Sequence[str]) -> None:
    """Run `seq2seq translate`."""
    from seq2seq.cli import filter
    from seq2seq.run import Run

    check_renamed(unknown)
    check_no_unknown(unknown)
    translator = Run(arguments.run).load_translator(arguments.device, arguments.weights)
    options = override_search(translator.options, arguments)
    if sys.stdin.isatty():
        from seq2seq.cli import prompt

        prompt.run(translator, options, str(arguments.run), arguments.seed)
        return
    output = filter.FilterOptions(arguments.scores, arguments.alignments, arguments.format, arguments.figure)
    filter.run(translator, options, output, filter.Streams.standard(), arguments.seed)


def evaluate(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Run `seq2seq evaluate`."""
    from seq2seq.evaluation.evaluate import EvaluationSet, evaluate, format_scores, single_best
    from seq2seq.evaluation.export import export
    from seq2seq.evaluation.options import EvaluationOptions
    from seq2seq.recipe import check_only_corpus
    from seq2seq.run import Run

    check_renamed(overrides)
    check_only_corpus(overrides)
    run = Run(arguments.run)
    run.check_exists()
    recipe = run.load_recipe(overrides)
    run.check_scores()
    split = arguments.split or recipe.corpus.test
    if arguments.files:
        source, *references = arguments.files
        if not references:
            raise UserError(f"--files {source}: a reference is missing; give --files SOURCE REFERENCE")
        evaluation_set = EvaluationSet.from_files(source, *references)
    elif split:
        evaluation_set = EvaluationSet.from_split(recipe.corpus, split)
    else:
        raise UserError(f"{run}: its recipe names no test split; give --split NAME or --files SOURCE REFERENCE")
    scoring = EvaluationOptions(arguments.tokenizer) if arguments.tokenizer else recipe.evaluation
    tokenizer = scoring.tokenizer_for(recipe.corpus.target)
    translator = run.load_translator(arguments.device, arguments.weights)
    search = override_search(single_best(translator.options), arguments)
    evaluations, failure = [], None
    for options in [replace(search, beam_size=1), search] if search.beam_size > 1 else [search]:
        evaluations.append(evaluate(translator, evaluation_set, options, arguments.weights, tokenizer))
        try:
            run.save_evaluation(evaluations[-1])
        except UserError as error:  # the folder is read-only, or the disk is full: the scores are shown all the same
            failure = error
    write_output(format_scores(evaluations))
    if failure:
        write_message(one_line(f"seq2seq: the scores were not saved: {failure}"))
    if arguments.export:
        names = ", ".join(map(str, export(arguments.export, evaluation_set, evaluations[-1])))
        write_message(f"written, with the translations of {evaluations[-1].search_name}: {names}")


def compare(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Run `seq2seq compare`."""
    from seq2seq.comparison.compare import (
        ComparisonRequest,
        compare_recipe,
        compare_runs,
        remaining_commands,
        slurm_array,
    )
    from seq2seq.comparison.finished_runs import gather_runs
    from seq2seq.comparison.trainings import format_command
    from seq2seq.comparison.variants import plan

    paths = arguments.paths
    command = format_command(sys.argv[1:])
    request = ComparisonRequest(arguments.allow_difference, arguments.join, command, arguments.allow_code)
    if len(paths) > 1 and (recipes := [str(path) for path in paths if path.is_file()]):
        raise UserError(f"one recipe, and it comes first, before its keys: seq2seq compare {recipes[-1]} …")
    if len(paths) > 1 or paths[0].is_dir():
        if arguments.plan or arguments.slurm or arguments.seeds or arguments.variants or arguments.match_parameters:
            raise UserError(
                "--plan, --slurm, --seeds, --variants and --match-parameters need a recipe; these runs are already "
                "trained"
            )
        folder = arguments.run or Path("runs") / "comparison"
        lines = compare_runs(gather_runs(paths, overrides), folder, request)
    else:
        [path] = paths
        folder = arguments.run or Path("runs") / f"{path.stem}-comparison"
        jobs = plan(path, arguments.variants, arguments.seeds, overrides, folder, arguments.match_parameters)
        if arguments.slurm:
            write_output(slurm_array(path, jobs, request).rstrip("\n"))
            return
        if arguments.plan:
            lines = remaining_commands(path, jobs, request)
            if not lines:
                write_message("all trainings are finished; without --plan, this command writes the report")
                return
        else:
            lines = compare_recipe(path, jobs, folder, request)
    write_output("\n".join(map(one_line, lines)))


def inspect(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Run `seq2seq inspect`."""
    from seq2seq.cli.inspect import run

    check_renamed(overrides)
    run(arguments, overrides)


def explore(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Run `seq2seq explore`."""
    from seq2seq.cli.explore import run

    check_renamed(overrides)
    run(arguments, overrides)


VERBS = {
    "train": train,
    "translate": translate,
    "evaluate": evaluate,
    "compare": compare,
    "inspect": inspect,
    "explore": explore,
}


def main() -> None:
    """Run the `seq2seq` command. A signal that stops it is one line on standard error, with exit status 128 + n."""
    exit_if_stopped(run)


def run() -> None:
    """Run the `seq2seq` command. A user's mistake is one line on standard error, with exit status 2."""
    warnings.formatwarning = format_warning
    arguments, unknown = make_parser().parse_known_args()
    try:
        allow_code(arguments.allow_code)
        VERBS[arguments.verb](arguments, unknown)
        print(end="", flush=True)  # Report a failed write here; Python would print a traceback at its exit.
    except UserError as error:
        sys.exit(fail(f"seq2seq: {error}", 2))
    except OSError as error:  # for example a full disk, or a reader that has left (`| head`)
        discard_output()
        file = f"{error.filename}: " if error.filename else ""
        is_broken_pipe = isinstance(error, BrokenPipeError)
        sys.exit(BROKEN_PIPE if is_broken_pipe else fail(f"seq2seq: {file}{error.strerror or error}", 2))


def discard_output() -> None:
    """Discard what a broken stream still holds. Otherwise Python's last flush fails, too."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:  # the process was started without it
            continue
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def fail(message: str, status: int) -> int:
    """Write a message to standard error, and return the exit status."""
    print(one_line(message), file=sys.stderr)
    return status

"""The command line: one short function a verb. Heavy rooms are imported by the verb that needs them."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from seq2seq.arguments import make_parser
from seq2seq.errors import UserError
from seq2seq.search import SearchOptions


def train(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """seq2seq train"""
    from seq2seq import recipe, run

    if arguments.keys:
        recipe.parser(recipe.Recipe).print_help()
        return
    if arguments.recipe is None and not (arguments.resume and arguments.run):
        raise UserError(
            "which recipe? seq2seq train RECIPE, or to go on with a run: seq2seq train --resume --run FOLDER"
        )
    path = arguments.recipe or arguments.run / run.RECIPE
    if not path.is_file():
        if recipes := [word for word in overrides if word.endswith((".yaml", ".yml"))]:
            raise UserError(f"the recipe comes first, before its keys: seq2seq train {recipes[0]} …")
        if arguments.run and arguments.resume and overrides:
            raise UserError(f"{path}: no recipe; without one, keys are written --KEY=VALUE: {overrides[0]}={path}")
    read, resolved = recipe.read(recipe.Recipe, path, overrides)
    folder = arguments.run or Path("runs") / path.stem

    from seq2seq import evaluation, experiment  # slow: after the recipe's mistakes have been told

    scores = experiment.train(read, resolved, folder, resume=arguments.resume, force=arguments.force)
    if scores:
        print(evaluation.table(read.corpus.test, scores))
    if experiment.is_first_process():
        print(f"translate with it: seq2seq translate {folder}", file=sys.stderr)


def translate(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """seq2seq translate"""
    from seq2seq import filtering, run

    refuse(overrides)
    translator, options = run.load(arguments.run, arguments.device, arguments.weights)
    options = searched(options, arguments)
    if sys.stdin.isatty():
        from seq2seq import interactive

        interactive.run(translator, options, str(arguments.run), arguments.seed)
        return
    filtering.run(
        translator,
        options,
        scores=arguments.scores,
        alignments=arguments.alignments,
        format=arguments.format,
        figure=arguments.figure,
        seed=arguments.seed,
    )


def evaluate(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """seq2seq evaluate"""
    from seq2seq import evaluation, recipe, run

    recipe.check_moved(overrides)
    read, _ = recipe.read(recipe.Recipe, arguments.run / run.RECIPE, overrides)
    split = arguments.split or read.corpus.test
    if not split and not arguments.files:
        raise UserError(
            f"{arguments.run}: its recipe names no test split; give --split NAME or --files SOURCE REFERENCE"
        )
    pairs = evaluation.of_files(*arguments.files) if arguments.files else evaluation.of_split(read, split)
    translator, options = run.load(arguments.run, arguments.device, arguments.weights)
    options = searched(evaluation.scored_by(options), arguments)
    searches = [replace(options, width=1), options] if options.width > 1 else [options]
    scores = evaluation.evaluate(translator, arguments.run, pairs, searches, arguments.weights)
    print(evaluation.table(pairs.name, scores))


def compare(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """seq2seq compare"""
    from seq2seq import comparison, trainings, variants

    what, allowed, joins = arguments.what, arguments.allow_difference, arguments.join
    asked = comparison.Asked(allowed, joins, trainings.shown(sys.argv[1:]))
    if len(what) > 1 and (recipes := [str(path) for path in what if path.is_file()]):
        raise UserError(f"one recipe, and it comes first, before its keys: seq2seq compare {recipes[-1]} …")
    if len(what) > 1 or what[0].is_dir():
        if arguments.plan or arguments.seeds or arguments.variants or arguments.match_parameters:
            raise UserError(
                "--plan, --seeds, --variants and --match-parameters are of a recipe; these runs are trained"
            )
        folder = arguments.run or Path("runs") / "comparison"
        said = comparison.of_runs(trainings.gather(what, overrides), folder, asked)
    else:
        [path] = what
        folder = arguments.run or Path("runs") / f"{path.stem}-comparison"
        chosen = (arguments.variants, arguments.seeds, overrides, folder, arguments.match_parameters)
        jobs = variants.plan(path, *chosen)
        plan = arguments.plan
        said = comparison.left(path, jobs, asked) if plan else comparison.of_recipe(path, jobs, folder, asked)
    print("\n".join(said))


def searched(options: SearchOptions, arguments: argparse.Namespace) -> SearchOptions:
    """The run's own way of searching, with what the command line says instead."""
    names = {field.name for field in fields(SearchOptions)}
    given = {name: value for name, value in vars(arguments).items() if name in names and value is not None}
    if "n_best" in given and "width" not in given:
        given["width"] = max(options.width, given["n_best"])  # who asks for N translations means a beam that has them
    return replace(options, **given)


def refuse(unknown: Sequence[str]) -> None:
    """Some verbs have recipes' keys as options; the others have not."""
    if unknown:
        raise UserError(f"unrecognized arguments: {' '.join(unknown)}; see --help")


VERBS = {"train": train, "translate": translate, "evaluate": evaluate, "compare": compare}


def main() -> None:
    """The `seq2seq` command. A user's mistake is one line on stderr and exit status 2; Ctrl-C is 130."""
    arguments, rest = make_parser().parse_known_args()
    try:
        VERBS[arguments.verb](arguments, rest)
        print(end="", flush=True)  # what cannot be written is told here, not by Python as it ends
    except UserError as error:
        sys.exit(fail(f"seq2seq: {error}", 2))
    except OSError as error:  # a full disk; a reader who has left (`| head`)
        close_broken()
        where = f"{error.filename}: " if error.filename else ""
        left = isinstance(error, BrokenPipeError)
        sys.exit(141 if left else fail(f"seq2seq: {where}{error.strerror or error}", 2))
    except KeyboardInterrupt:
        sys.exit(fail("seq2seq: stopped", 130))


def close_broken() -> None:
    """Send what a broken stream still holds nowhere, lest Python's own last flush fail, too."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def fail(message: str, status: int) -> int:
    """Say why on stderr; give the exit status."""
    print(message, file=sys.stderr)
    return status


if __name__ == "__main__":
    main()

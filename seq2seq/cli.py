"""The command line: one parser, one short function a verb. Heavy rooms are imported by the verb that needs them."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import seq2seq
from seq2seq.errors import UserError
from seq2seq.precision import WEIGHTS
from seq2seq.search import SearchOptions

TRAIN = """\
Train a recipe, a YAML file; its translations of the test split are scored at the end.

Every key of a recipe can be set on the command line as well, by its path:
    seq2seq train recipes/quickstart.yaml --trainer.max_epochs 3 --seed 7
    seq2seq train recipes/quickstart.yaml --model.decoder.context FixedContext --run runs/bottleneck
    seq2seq train recipes/multi30k-de-en.yaml --corpus.path FOLDER

Ctrl-C stops a training; --resume goes on with it. `--keys` lists all keys with their meaning."""

TRANSLATE = """\
Translate with a trained run.

In a terminal this is a prompt: type a sentence, or :help. Otherwise it is a filter: a line in, a line out, in order.
    seq2seq translate runs/quickstart
    seq2seq translate runs/quickstart < sentences.de > sentences.en
    echo 'Der Hund schläft.' | seq2seq translate runs/quickstart --figure alignment.png"""

EVALUATE = """\
Score a trained run: BLEU (cased; and lower-cased, to compare with papers) and chrF, each with its sacreBLEU signature,
greedy and by beam. The translations and scores.json are kept in the run's folder.
    seq2seq evaluate runs/multi30k-de-en
    seq2seq evaluate runs/multi30k-de-en --split validation --width 10
    seq2seq evaluate runs/multi30k-de-en --files my.de my.en
    seq2seq evaluate runs/multi30k-de-en --corpus.path FOLDER"""


def make_parser() -> argparse.ArgumentParser:
    """The parser of all verbs."""
    parser = argparse.ArgumentParser(
        "seq2seq", description="Translation with an LSTM encoder-decoder and attention: train, translate, evaluate."
    )
    parser.add_argument("--version", action="version", version=f"seq2seq {seq2seq.__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, summary: str, description: str) -> argparse.ArgumentParser:
        return verbs.add_parser(
            name,
            help=summary,
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    train = verb("train", "train a recipe", TRAIN)
    train.add_argument(
        "recipe", type=Path, nargs="?", help="the recipe's file; with --resume, the run's own by default"
    )
    train.add_argument(
        "--run", type=Path, metavar="FOLDER", help="the run's folder (default: runs/, with the recipe's name)"
    )
    train.add_argument("--resume", action="store_true", help="go on with the run that is there")
    train.add_argument("--force", action="store_true", help="delete the run that is there, and start anew")
    train.add_argument("--keys", action="store_true", help="list all keys of a recipe, and stop")

    translate = verb("translate", "translate, at a prompt or as a filter", TRANSLATE)
    translate.add_argument("run", type=Path, help="the run's folder")
    add_search(translate)
    translate.add_argument(
        "--nbest",
        type=int,
        dest="n_best",
        metavar="N",
        help="translations of each sentence (default: the run's recipe, 1)",
    )
    translate.add_argument(
        "--sample", action="store_true", default=None, dest="sampling", help="draw translations at random"
    )
    translate.add_argument(
        "--temperature", type=float, metavar="T", help="for --sample: below 1 is tamer, above 1 is wilder"
    )
    translate.add_argument("--top-k", type=int, metavar="K", help="for --sample: from the K most probable words")
    translate.add_argument(
        "--top-p", type=float, metavar="P", help="for --sample: from the words that hold probability P"
    )
    translate.add_argument("--seed", type=int, default=1, help="for --sample (default: 1)")
    translate.add_argument("--scores", action="store_true", help="filter: add each translation's score, after a tab")
    translate.add_argument(
        "--alignments", action="store_true", help="filter: add its word alignment (0-0 1-2 …), after a tab"
    )
    translate.add_argument(
        "--format", choices=("text", "json"), default="text", help="filter: json gives an object a line"
    )
    translate.add_argument(
        "--figure", type=Path, metavar="FILE", help="filter: draw the first line's alignment (png, svg, pdf)"
    )
    add_computing(translate)

    evaluate = verb("evaluate", "score a run by BLEU and chrF", EVALUATE)
    evaluate.add_argument("run", type=Path, help="the run's folder")
    evaluate.add_argument("--split", help="split of the recipe's corpus (default: its test split)")
    evaluate.add_argument(
        "--files", type=Path, nargs=2, metavar=("SOURCE", "REFERENCE"), help="two parallel text files instead"
    )
    add_search(evaluate)
    add_computing(evaluate)
    return parser


def add_search(parser: argparse.ArgumentParser) -> None:
    """Options of every search; the run's recipe has their defaults."""
    parser.add_argument(
        "--width", type=int, metavar="N", help="hypotheses kept alive; 1 is greedy (default: the run's recipe)"
    )
    parser.add_argument(
        "--length-penalty", type=float, metavar="X", help="0 favours short translations, 1 is even, more favours long"
    )
    parser.add_argument(
        "--coverage-penalty", type=float, metavar="X", help="what ignoring source words costs; 0 is off"
    )


def add_computing(parser: argparse.ArgumentParser) -> None:
    """Where a trained model computes, and with what numbers."""
    parser.add_argument("--device", default="cpu", help="where to compute: cpu, cuda, cuda:1, mps (default: cpu)")
    parser.add_argument(
        "--weights",
        choices=WEIGHTS,
        default="float32",
        help="on a CPU: float16 answers sooner; int8 is fastest, and may choose other words (default: float32)",
    )


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

    read, _ = recipe.read(recipe.Recipe, arguments.run / run.RECIPE, overrides)
    split = arguments.split or read.corpus.test
    if not split and not arguments.files:
        raise UserError(
            f"{arguments.run}: its recipe names no test split; give --split NAME or --files SOURCE REFERENCE"
        )
    pairs = evaluation.of_files(*arguments.files) if arguments.files else evaluation.of_split(read, split)
    translator, options = run.load(arguments.run, arguments.device, arguments.weights)
    options = replace(searched(options, arguments), n_best=1)
    searches = [replace(options, width=1), options] if options.width > 1 else [options]
    scores = evaluation.evaluate(translator, arguments.run, pairs, searches, arguments.weights)
    print(evaluation.table(pairs.name, scores))


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


VERBS = {"train": train, "translate": translate, "evaluate": evaluate}


def main() -> None:
    """The `seq2seq` command. A user's mistake is one line on stderr and exit status 2; Ctrl-C is 130."""
    arguments, rest = make_parser().parse_known_args()
    try:
        VERBS[arguments.verb](arguments, rest)
    except UserError as error:
        sys.exit(fail(f"seq2seq: {error}", 2))
    except KeyboardInterrupt:
        sys.exit(fail("seq2seq: stopped", 130))


def fail(message: str, status: int) -> int:
    """Say why on stderr; give the exit status."""
    print(message, file=sys.stderr)
    return status


if __name__ == "__main__":
    main()

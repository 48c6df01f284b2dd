"""Parse the command line: the verbs, and the options of each."""

import argparse
from pathlib import Path

import seq2seq
from seq2seq.cli import help_texts
from seq2seq.cli.explore_options import add_explore_options
from seq2seq.cli.inspect_options import add_inspect_options
from seq2seq.cli.shared_options import add_device_options, add_search_options
from seq2seq.evaluation.options import TOKENIZERS


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    parser = argparse.ArgumentParser(
        "seq2seq",
        description="Translation with an LSTM encoder-decoder and attention: train, translate, evaluate, compare.",
    )
    parser.add_argument("--version", action="version", version=f"seq2seq {seq2seq.__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, summary, description, add_options in (
        ("train", "train a recipe", help_texts.TRAIN, add_train_options),
        ("translate", "translate, at a prompt or as a filter", help_texts.TRANSLATE, add_translate_options),
        ("evaluate", "score a run by BLEU and chrF", help_texts.EVALUATE, add_evaluate_options),
        ("compare", "train and compare a recipe's variants", help_texts.COMPARE, add_compare_options),
        ("inspect", "look inside a trained model", help_texts.INSPECT, add_inspect_options),
        ("explore", "look inside a trained model in the browser", help_texts.EXPLORE, add_explore_options),
    ):
        layout = argparse.RawDescriptionHelpFormatter
        verb = verbs.add_parser(name, help=summary, description=description, formatter_class=layout, allow_abbrev=False)
        add_options(verb)
        verb.add_argument(
            "--allow-code",
            type=Path,
            action="append",
            default=[],
            metavar="FILE.py",
            help="run this Python file, so that the recipe may name its classes (FILE.MyAttention); may be repeated. "
            "Allow only code that you trust: nothing else runs code because a recipe or a run names it",
        )
    return parser


def add_train_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `seq2seq train`."""
    parser.add_argument(
        "recipe", type=Path, nargs="?", help="the recipe's file (default with --run: the run's own recipe)"
    )
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="the run's folder (default: runs/, with the recipe's name)"
    )
    existing_run = parser.add_mutually_exclusive_group()
    existing_run.add_argument("--resume", action="store_true", help="do not start a run, only go on with one")
    existing_run.add_argument(
        "--force",
        action="store_true",
        help="start anew: delete the run in the folder (its own files alone), once the new one is ready to begin",
    )
    parser.add_argument("--keys", action="store_true", help="list all keys of a recipe, and stop")


def add_translate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `seq2seq translate`."""
    parser.add_argument("run", type=Path, help="the run's folder")
    add_search_options(parser)
    parser.add_argument(
        "--nbest",
        type=int,
        dest="n_best",
        metavar="N",
        help="translations to write for each sentence, best first (default: as in the run's recipe)",
    )
    parser.add_argument(
        "--sample",
        action="store_true",
        default=None,
        dest="sampling",
        help="draw translations at random, as many as --nbest says, instead of searching for the most probable ones",
    )
    parser.add_argument(
        "--temperature",
        type=float,
        metavar="T",
        help="for --sample. Below 1: stay closer to the most probable tokens. Above 1: stray further from them",
    )
    parser.add_argument(
        "--top-k", type=int, metavar="K", help="for --sample. Draw only from the K most probable tokens. 0: from all"
    )
    parser.add_argument(
        "--top-p",
        type=float,
        metavar="P",
        help="for --sample. Draw only from the most probable tokens that together have probability P. 1: from all",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="for --sample. The same seed gives the same translations (default: 1)"
    )
    parser.add_argument("--scores", action="store_true", help="filter: add the score of each translation")
    parser.add_argument("--alignments", action="store_true", help="filter: add the word links of each translation")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="filter: write text, or a JSON object for each line"
    )
    parser.add_argument(
        "--figure",
        type=Path,
        metavar="FILE",
        help="filter: draw the alignment of the first translation that is not empty (.png, .svg or .pdf)",
    )
    add_device_options(parser)


def add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `seq2seq evaluate`."""
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.add_argument("--split", help="a split of the recipe's corpus (default: its test split)")
    parser.add_argument(
        "--files",
        type=Path,
        nargs="+",
        metavar=("SOURCE", "REFERENCE"),
        help="parallel text files instead: the source, and one or more references",
    )
    parser.add_argument(
        "--tokenizer",
        choices=("auto", *TOKENIZERS),
        help="what cuts text into the words that BLEU compares. 13a: languages with spaces. zh: Chinese. char: every "
        "character (Japanese, Thai, …). ja-mecab, ko-mecab: words of Japanese, Korean (pip install 'sacrebleu[ja]', "
        "'sacrebleu[ko]'). auto: by the code of the target language (default: as in the run's recipe)",
    )
    parser.add_argument(
        "--export",
        type=Path,
        metavar="FILE",
        help="write FILE.src, FILE.mt and FILE.ref, with the translations of the larger beam, as COMET reads them: "
        "comet-score -s FILE.src -t FILE.mt -r FILE.ref",
    )
    add_search_options(parser)
    add_device_options(parser)


def add_compare_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `seq2seq compare`."""
    parser.add_argument(
        "paths",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="a recipe's file, or the folders of two or more trained runs",
    )
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[], metavar="N", help="train with each seed (default: the recipe's)"
    )
    parser.add_argument(
        "--variants",
        nargs="+",
        default=[],
        metavar="NAME",
        help="the others are compared with the first (default: the recipe's `comparison`, or bottleneck bahdanau)",
    )
    parser.add_argument(
        "--run",
        type=Path,
        metavar="FOLDER",
        help="the folder of the runs and the report (default: runs/RECIPE-comparison; for trained runs: "
        "runs/comparison)",
    )
    parser.add_argument(
        "--plan",
        action="store_true",
        help="print the commands of the trainings that are still needed, one on each line, and stop",
    )
    parser.add_argument(
        "--slurm",
        action="store_true",
        help="print them as a script for Slurm's sbatch instead, one task of an array for each (no Slurm was tried)",
    )
    parser.add_argument(
        "--match-parameters",
        action="store_true",
        help="widen the decoders of smaller variants until all have as many parameters as the largest, within 2%%",
    )
    parser.add_argument(
        "--allow-difference",
        action="append",
        default=[],
        metavar="KEY",
        help="compare although this key differs, and say so in the report; can be repeated",
    )
    parser.add_argument(
        "--join",
        type=int,
        nargs="+",
        default=[],
        metavar="N",
        help="score the test split also with every N consecutive sentences joined to one: for a corpus without long "
        "sentences",
    )

"""What can be typed: one parser, and a function for each verb's options."""

import argparse
from pathlib import Path

import seq2seq
from seq2seq.precision import WEIGHTS

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
    seq2seq translate runs/quickstart --nbest 5 --alignments < sentences.de
    echo 'Der Hund schläft.' | seq2seq translate runs/quickstart --figure alignment.png

The filter's lines: the translation; with --scores, TAB and its score; with --alignments, TAB and its words' links,
"0-0 2-1": source word 2 to target word 1. With --nbest N, up to N lines: the input line's number ||| translation |||
score, and with --alignments ||| links. Lines and words are counted from 0. As json, an object a line:
{"source": …, "translations": [{"text": …, "score": …, "log_probability": …}, …]}."""

EVALUATE = """\
Score a trained run: BLEU (cased; and lower-cased, to compare with papers) and chrF, each with its sacreBLEU signature,
greedy and by beam. The translations and scores.json are kept in the run's folder.
    seq2seq evaluate runs/multi30k-de-en
    seq2seq evaluate runs/multi30k-de-en --split validation --width 10
    seq2seq evaluate runs/multi30k-de-en --files my.de my.en
    seq2seq evaluate runs/multi30k-de-en --corpus.path FOLDER
Of the recipe's keys only those of `corpus` can be set, for a corpus that has moved."""

COMPARE = """\
Compare variants of a recipe: a fixed context vector (the bottleneck) against attention, unless told otherwise. What is
not trained yet is trained; then all variants translate the same sentences, and one report is written: report.html,
report.md, report.json and the figures. Stopped, it goes on where it was.
    seq2seq compare recipes/quickstart.yaml
    seq2seq compare recipes/multi30k-de-en.yaml --seeds 1 2 3 --match-parameters --join 3
    seq2seq compare recipes/quickstart.yaml --variants initial-state bottleneck dot attention
    seq2seq compare recipes/quickstart.yaml --seeds 1 2 3 --plan | xargs -P 4 -d '\\n' -n 1 sh -c
    seq2seq compare runs/one runs/another

The variants: bottleneck (the encoder's last states at every step, Cho et al. 2014), initial-state (they start the
decoder, and that is all, Sutskever et al. 2014), attention (Bahdanau et al. 2015), dot (Luong et al. 2015), and those
that the recipe's own `comparison:` names, each with the keys that it sets:
    comparison: {shallow: {model.encoder.layers: 1}, deep: {model.encoder.layers: 2}}

All else has to be equal: a difference of data, tokenizer, batches, training, search, updates or software is refused by
its name. As with `train`, every key of the recipe can be set on the command line, for all variants."""


def make_parser() -> argparse.ArgumentParser:
    """The parser of all verbs."""
    parser = argparse.ArgumentParser(
        "seq2seq",
        description="Translation with an LSTM encoder-decoder and attention: train, translate, evaluate, compare.",
    )
    parser.add_argument("--version", action="version", version=f"seq2seq {seq2seq.__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, summary, description, add in (
        ("train", "train a recipe", TRAIN, add_train),
        ("translate", "translate, at a prompt or as a filter", TRANSLATE, add_translate),
        ("evaluate", "score a run by BLEU and chrF", EVALUATE, add_evaluate),
        ("compare", "train and compare a recipe's variants", COMPARE, add_compare),
    ):
        raw = argparse.RawDescriptionHelpFormatter
        add(verbs.add_parser(name, help=summary, description=description, formatter_class=raw, allow_abbrev=False))
    return parser


def add_train(parser: argparse.ArgumentParser) -> None:
    """seq2seq train's."""
    parser.add_argument(
        "recipe", type=Path, nargs="?", help="the recipe's file; with --resume, the run's own by default"
    )
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="the run's folder (default: runs/, with the recipe's name)"
    )
    there = parser.add_mutually_exclusive_group()
    there.add_argument("--resume", action="store_true", help="go on with the run that is there")
    there.add_argument("--force", action="store_true", help="delete the run that is there, and start anew")
    parser.add_argument("--keys", action="store_true", help="list all keys of a recipe, and stop")


def add_translate(parser: argparse.ArgumentParser) -> None:
    """seq2seq translate's."""
    parser.add_argument("run", type=Path, help="the run's folder")
    add_search(parser)
    parser.add_argument(
        "--nbest",
        type=int,
        dest="n_best",
        metavar="N",
        help="translations of each sentence (default: the run's recipe, 1)",
    )
    parser.add_argument(
        "--sample",
        action="store_true",
        default=None,
        dest="sampling",
        help="draw translations at random, as many as --nbest says",
    )
    parser.add_argument(
        "--temperature", type=float, metavar="T", help="for --sample: below 1 is tamer, above 1 is wilder"
    )
    parser.add_argument("--top-k", type=int, metavar="K", help="for --sample: from the K most probable words")
    parser.add_argument("--top-p", type=float, metavar="P", help="for --sample: from the words that hold probability P")
    parser.add_argument("--seed", type=int, default=1, help="for --sample (default: 1)")
    parser.add_argument("--scores", action="store_true", help="filter: add each translation's score")
    parser.add_argument("--alignments", action="store_true", help="filter: add its word alignment")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="filter: json gives an object a line"
    )
    parser.add_argument(
        "--figure", type=Path, metavar="FILE", help="filter: draw the first line's alignment (png, svg, pdf)"
    )
    add_computing(parser)


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """seq2seq evaluate's."""
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.add_argument("--split", help="split of the recipe's corpus (default: its test split)")
    parser.add_argument(
        "--files", type=Path, nargs=2, metavar=("SOURCE", "REFERENCE"), help="two parallel text files instead"
    )
    add_search(parser)
    add_computing(parser)


def add_compare(parser: argparse.ArgumentParser) -> None:
    """seq2seq compare's."""
    parser.add_argument("what", type=Path, nargs="+", help="a recipe's file; or folders of trained runs, two or more")
    parser.add_argument("--seeds", type=int, nargs="+", default=[], metavar="N", help="default: the recipe's own")
    parser.add_argument(
        "--variants",
        nargs="+",
        default=[],
        metavar="NAME",
        help="the first is the one to compare with (default: the recipe's comparison:, or bottleneck attention)",
    )
    parser.add_argument(
        "--run", type=Path, metavar="FOLDER", help="of runs and report (default: runs/NAME-comparison; runs/comparison)"
    )
    parser.add_argument(
        "--plan", action="store_true", help="print the trainings that are left, a command a line, and stop"
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
        help="compare although this is not equal, and say so in the report; can be given again",
    )
    parser.add_argument(
        "--join",
        type=int,
        nargs="+",
        default=[],
        metavar="N",
        help="score the test split also with every N consecutive sentences joined to one, for want of long ones",
    )


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

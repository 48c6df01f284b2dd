"""Options that several verbs have."""

import argparse

from seq2seq.translation.quantization import WEIGHTS


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of every search. Their defaults are in the run's recipe."""
    parser.add_argument(
        "--beam-size",
        type=int,
        metavar="N",
        help="hypotheses kept for each sentence. 1: greedy search (default: as in the run's recipe)",
    )
    parser.add_argument(
        "--length-penalty",
        type=float,
        metavar="X",
        help="0: rank by log-probability (prefers short translations). 1: rank by roughly the mean per token. "
        "Above 1: prefer longer ones (default: as in the run's recipe)",
    )
    parser.add_argument(
        "--coverage-penalty",
        type=float,
        metavar="X",
        help="penalty for source tokens that got little attention. 0: off. 0.2 is usual (default: as in the run's "
        "recipe)",
    )


def add_device_options(parser: argparse.ArgumentParser, weights: bool = True) -> None:
    """Add the option for the device of a trained model, and the one for its precision unless `weights` is False."""
    parser.add_argument("--device", default="cpu", help="where to compute: cpu, cuda, cuda:1, mps (default: cpu)")
    if not weights:
        return
    parser.add_argument(
        "--weights",
        choices=WEIGHTS,
        default="float32",
        help="precision of the weights, on a CPU. float16: faster. int8: fastest, but may give other translations "
        "(default: float32)",
    )

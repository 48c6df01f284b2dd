"""The options of `seq2seq inspect`."""

import argparse
from pathlib import Path

from seq2seq.cli.shared_options import add_device_options, add_search_options


def add_inspect_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `seq2seq inspect`."""
    parser.add_argument("run", type=Path, nargs="?", help="the run's folder (not for --cells)")
    parser.add_argument("sentence", nargs="?", help="what to translate")
    measurements = parser.add_mutually_exclusive_group()
    measurements.add_argument(
        "--gradients",
        action="store_true",
        help="how much of a gradient is left k steps back, on sentences of the test split",
    )
    measurements.add_argument(
        "--memory",
        action="store_true",
        help="how well a linear probe guesses the source's tokens from the encoder's last states, and from the memory "
        "that attention reads; probes are trained on the training split and measured on the test split",
    )
    measurements.add_argument(
        "--cells",
        action="store_true",
        help="train an RNN, a GRU and an LSTM to remember a symbol over a gap, for about a minute, and show what they "
        "solve and how their gradients decay",
    )
    parser.add_argument("--target", metavar="TEXT", help="the translation to read, instead of searching for one")
    parser.add_argument("--prefix", metavar="TEXT", help="what the translation must begin with")
    parser.add_argument(
        "--units", type=int, nargs="+", default=[], metavar="N", help="show these single units, counted from 0"
    )
    parser.add_argument("--only", choices=("search", "gates"), help="show one of the two (default: both)")
    parser.add_argument(
        "--beside",
        type=Path,
        nargs="+",
        default=[],
        metavar="RUN",
        help="with --memory: other runs, measured on the same sentences and drawn in the same figure",
    )
    parser.add_argument(
        "--split", metavar="NAME", help="with --gradients and --memory: measure on this split (default: the test split)"
    )
    parser.add_argument(
        "--sentences",
        type=int,
        metavar="N",
        help="with --gradients: the first N pairs of the split (default: 100)",
    )
    parser.add_argument("--seed", type=int, help="with --cells, and of --memory's random weights (default: 1)")
    parser.add_argument(
        "--figure", type=Path, metavar="FILE", help="draw the gates, or the measurement, as .png, .svg or .pdf"
    )
    parser.add_argument("--search-figure", type=Path, metavar="FILE", help="draw the search as a tree")
    parser.add_argument("--json", action="store_true", help="write all numbers as one JSON object, and no drawing")
    add_search_options(parser)
    add_device_options(parser, weights=False)

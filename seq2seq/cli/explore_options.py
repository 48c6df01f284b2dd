"""The options of `seq2seq explore`."""

import argparse
from pathlib import Path

from seq2seq.cli.shared_options import add_device_options


def add_explore_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `seq2seq explore`."""
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="the folders of one run or several")
    parser.add_argument(
        "--export",
        type=Path,
        metavar="FILE",
        help="write the page as one HTML file with the sentences on standard input, one on each line, and stop",
    )
    parser.add_argument("--port", type=int, metavar="N", help="the first port to try; 0: any (default: 8765)")
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        help="listen on this address of the machine, so that others can reach the page; there is no password "
        "(default: 127.0.0.1, which only this machine reaches)",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="answer to this name, too: of a proxy, for example; may be repeated",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    add_device_options(parser, weights=False)

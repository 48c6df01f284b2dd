"""Run `seq2seq` with the point of the environment variable CRASH_POINT: event|number|signal|rank."""

import os
import sys
from pathlib import Path

from crash.points import Point, install


def main() -> None:
    """Install the point, and run the command."""
    event, number, signal, rank = os.environ["CRASH_POINT"].split("|")
    install(Point(event, int(number), int(signal), int(rank)) if event else None, Path(os.environ["CRASH_LOG"]))
    from seq2seq.cli.main import main

    main()


if __name__ == "__main__":
    sys.argv[0] = os.path.abspath(sys.argv[0])  # Lightning starts it again for the second process
    main()

"""Run the whole crash test, and count what happened: `PYTHONPATH=$PWD:tests python -m crash.tally`."""

import argparse
import importlib.util
import tempfile
from collections import Counter
from pathlib import Path

from crash.cases import Laboratory, all_cases, full_disks, stopped_by_signals
from crash.commands import import_everything

SIZES = [16, 48, 96, 160, 224, 288, 352, 416, 480, 560]  # KiB; a whole run has about 600


def main() -> None:
    """Print a line for each case with a problem, and a table of counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every Nth case only")
    parser.add_argument("--parts", nargs="+", default=["kills", "disks", "signals"])
    options = parser.parse_args()
    import_everything()
    goes_on = importlib.util.find_spec("seq2seq.training.save_progress") is not None
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        laboratory = Laboratory(Path(folder), goes_on)
        if "kills" in options.parts:
            count_kills(laboratory, options.every)
        if "disks" in options.parts:
            show("full disks", dict((f"{size} KiB", found) for size, found in full_disks(laboratory, SIZES)))
        if "signals" in options.parts:
            show("signals", dict(stopped_by_signals(laboratory)))


def count_kills(laboratory: Laboratory, every: int) -> None:
    """Examine the cases, and print the counts."""
    counts: Counter[str] = Counter()
    moments: Counter[str] = Counter()
    for case in all_cases()[::every]:
        outcome = laboratory.examine(case)
        counts["cases"] += 1
        counts["kills"] += outcome.kills
        moments[case.event] += 1
        counts["bit-equal"] += not outcome.problems and not outcome.lost
        counts["finished epochs lost"] += outcome.lost
        counts["updates trained again"] += outcome.updates
        for problem in {problem.partition(":")[0] for problem in outcome.problems}:
            counts[f"problem: {problem}"] += 1
        if outcome.problems or outcome.lost:
            print(f"{case}: {'epochs lost; ' * outcome.lost}{'; '.join(outcome.problems)}", flush=True)
    print(f"\nkills: {dict(counts)}\nby moment: {dict(moments)}", flush=True)


def show(title: str, results: dict[str, list[str]]) -> None:
    """Print how many of some results have no problem, and the problems of the others."""
    for name, problems in results.items():
        if problems:
            print(f"{title}, {name}: {'; '.join(problems)}")
    print(f"\n{title}: {sum(not problems for problems in results.values())} of {len(results)}", flush=True)


if __name__ == "__main__":
    main()

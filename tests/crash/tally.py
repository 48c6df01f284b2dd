"""Run the whole crash test, and count what happened: `PYTHONPATH=$PWD:tests python -m crash.tally`."""

import argparse
import importlib.util
import sys
import tempfile
from collections import Counter
from pathlib import Path

from crash.cases import Laboratory, all_cases, full_disks, stopped_by_signals
from crash.commands import import_everything


def main() -> None:
    """Print a line for each case with a problem, and a table of counts. The exit status is 1 if there is a problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every Nth case only")
    parser.add_argument("--parts", nargs="+", default=["kills", "disks", "signals"])
    options = parser.parse_args()
    import_everything()
    goes_on = importlib.util.find_spec("seq2seq.training.save_progress") is not None
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        laboratory = Laboratory(Path(folder), goes_on)
        problems = 0
        if "kills" in options.parts:
            problems += count_kills(laboratory, options.every)
        if "disks" in options.parts:
            problems += show("full disks", {f"{size} KiB": found for size, found in full_disks(laboratory)})
        if "signals" in options.parts:
            problems += show("signals", dict(stopped_by_signals(laboratory)))
    sys.exit(min(problems, 1))


def count_kills(laboratory: Laboratory, every: int) -> int:
    """Examine the cases, print the counts, and return how many cases have a problem."""
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
    return counts["cases"] - counts["bit-equal"]


def show(title: str, results: dict[str, list[str]]) -> int:
    """Print how many of some results have no problem, and the problems of the others; return how many have one."""
    for name, problems in results.items():
        if problems:
            print(f"{title}, {name}: {'; '.join(problems)}")
    good = sum(not problems for problems in results.values())
    print(f"\n{title}: {good} of {len(results)}", flush=True)
    return len(results) - good


if __name__ == "__main__":
    main()

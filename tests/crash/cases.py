"""The cases of the crash test: recipes, moments and file systems, and what must hold after "start, or go on"."""

import csv
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from crash.commands import Ended, run_fork, run_processes
from crash.points import Point
from tiny_training import RECIPE, write_corpus

UPDATES = 9  # in an epoch
RECIPES = {  # with the most updates that a kill may make the training repeat
    "epochs": ("--trainer.max_epochs=3", UPDATES),
    "averaged": ("--trainer.max_epochs=3 --training.ema_decay=0.9", UPDATES),
    "patience": ("--trainer.max_epochs=6 --training.patience=1 --training.learning_rate=1e-9", UPDATES),
    "inside": ("--trainer.val_check_interval=3 --trainer.max_epochs=2", 3),
    "updates": ("--trainer.max_steps=20 --trainer.max_epochs=3", UPDATES),
    "processes": ("--trainer.max_epochs=3 --trainer.devices=2 --trainer.strategy=ddp", UPDATES),
}
MOMENTS = {  # how many of 100 kills are at each event
    "half a checkpoint": 16,
    "before rename": 10,
    "after rename": 10,
    "half the weights": 5,
    "half a text": 5,
    "half a copy": 3,
    "half a figure": 2,
    "before score": 8,
    "after score": 8,
    "before fsync": 3,
    "after unlink": 2,
    "after mkdir": 2,
    "update": 14,
}
ALONE, TOGETHER = sum(MOMENTS.values()), 12
OTHER_FILE_SYSTEM = Path("/dev/shm")


class Case(NamedTuple):
    """A training that is killed once or twice.

    number: of the case; it decides everything that is drawn.
    recipe: a key of `RECIPES`.
    event: a key of `MOMENTS`.
    twice: it is killed again when it goes on.
    across: TMPDIR is on another file system than the run.
    """

    number: int
    recipe: str
    event: str
    twice: bool
    across: bool

    def __str__(self) -> str:
        words = [f"{self.number}", self.recipe, self.event, "twice" * self.twice, "across" * self.across]
        return "-".join(word.replace(" ", "-") for word in words if word)


def all_cases() -> list[Case]:
    """Return 100 cases: most in one process, and some in two."""
    alone = [name for name in RECIPES if name != "processes"]
    events = [event for event, count in MOMENTS.items() for _ in range(count)]
    Random(1).shuffle(events)
    cases = [Case(n, alone[n % len(alone)], event, n % 3 == 0, n % 2 == 0) for n, event in enumerate(events)]
    together = ["half a checkpoint", "before rename", "after score", "update"] * 3
    return cases + [Case(ALONE + n, "processes", event, False, n % 2 == 0) for n, event in enumerate(together)]


@dataclass
class Outcome:
    """What happened in a case.

    problems: why it did not end like the undisturbed run; empty if it did.
    updates: how many updates were trained again.
    lost: whether finished epochs were lost, because the run had to be started anew.
    """

    kills: int = 0
    problems: list[str] = field(default_factory=list)
    updates: int = 0
    lost: bool = False


class Laboratory:
    """The corpus, the recipes and the undisturbed runs that cases are compared with.

    Args:
        folder: where to work.
        starts_or_goes_on: whether `train` goes on by itself. Earlier versions needed --resume or --force.
    """

    def __init__(self, folder: Path, starts_or_goes_on: bool = True) -> None:
        self.folder = folder
        self.starts_or_goes_on = starts_or_goes_on
        corpus = folder / "corpus"
        corpus.mkdir()
        write_corpus(corpus, train=120, validation=13, test=9)
        (folder / "tiny.yaml").write_text(RECIPE.replace("CORPUS", str(corpus)), encoding="utf-8")
        self.references: dict[str, tuple[dict[str, Any], dict[str, int]]] = {}

    def train(self, recipe: str, work: Path, point: Point | None, across: bool, *words: str) -> Ended:
        """Run `seq2seq train` once."""
        run = run_processes if recipe == "processes" else run_fork
        options = RECIPES[recipe][0].split()
        temporary = OTHER_FILE_SYSTEM if across and OTHER_FILE_SYSTEM.is_dir() else None
        return run(["train", str(self.folder / "tiny.yaml"), "--run", "run", *options, *words], work, point, temporary)

    def reference(self, recipe: str) -> tuple[dict[str, Any], dict[str, int]]:
        """Return the contents of an undisturbed run, and how often each event happened."""
        if recipe not in self.references:
            work = self.folder / f"reference-{recipe}"
            work.mkdir()
            ended = self.train(recipe, work, None, across=False)
            assert ended.status == 0, ended.stderr
            self.references[recipe] = contents(work / "run"), ended.events
        return self.references[recipe]

    def go_on(self, recipe: str, work: Path, point: Point | None, across: bool, outcome: Outcome) -> Ended:
        """Start, or go on. Earlier versions are helped: the user chooses the option that the state needs."""
        run = work / "run"
        if self.starts_or_goes_on:
            return self.train(recipe, work, point, across)
        if not run.exists() or not any(run.iterdir()):
            return self.train(recipe, work, point, across)
        if (run / "checkpoints" / "last.ckpt").exists():
            return self.train(recipe, work, point, across, "--resume")
        outcome.lost |= (run / "metrics.csv").exists()
        return self.train(recipe, work, point, across, "--force")

    def examine(self, case: Case) -> Outcome:
        """Kill a training, let it go on, and compare it with the undisturbed one."""
        expected, events = self.reference(case.recipe)
        random = Random(f"crash {case.number}")
        outcome = Outcome()
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=f"{case.number}-") as name:
            work = Path(name)
            for kill in range(2 if case.twice else 1):
                point = self.choose_point(case, events, random, first=kill == 0)
                ended = self.go_on(case.recipe, work, point, case.across, outcome)
                if ended.status == -signal.SIGKILL or case.recipe == "processes":
                    outcome.kills += 1
                    outcome.problems += ["orphans"] * bool(ended.orphans)
            ended = self.go_on(case.recipe, work, None, case.across, outcome)
            outcome.problems += judge(ended, work / "run", expected)
            trained = (work / "updates").stat().st_size if (work / "updates").exists() else 0
            outcome.updates = max(0, trained - expected["global_step"])
            most = RECIPES[case.recipe][1] * outcome.kills
            if outcome.updates > most:
                outcome.problems.append(f"repeated {outcome.updates} updates")
        return outcome

    def choose_point(self, case: Case, events: dict[str, int], random: Random, first: bool) -> Point:
        """Draw the number of the event. Where it never happens, the training is stopped at an update."""
        if case.recipe == "processes":  # its events are not counted
            most = {"half a checkpoint": 3, "before rename": 12, "after score": 4, "update": 24}[case.event]
            return Point(
                case.event, random.randint(1, most), rank=random.randint(0, 1) if case.event == "update" else 0
            )
        event = case.event if events.get(case.event) else "before rename"
        return Point(event, random.randint(1, max(1, events[event] if first else events[event] // 2)))


def judge(ended: Ended, run: Path, expected: dict[str, Any]) -> list[str]:
    """Return why a run that went on is not like the undisturbed one."""
    if ended.status:
        return [f"stuck: {(ended.stderr.splitlines() or [''])[-1][:200]}"]
    problems = ["orphans"] * bool(ended.orphans) + ["traceback"] * ("Traceback" in ended.stderr)
    try:
        found = contents(run)
    except (OSError, KeyError, RuntimeError) as error:
        return [*problems, f"incomplete: {error}"]
    problems += [f"other {name}" for name in expected if not is_equal(found[name], expected[name])]
    leftovers = [path.name for path in run.rglob(".*")]
    return problems + [f"left over: {', '.join(leftovers)}"] * bool(leftovers)


def contents(run: Path) -> dict[str, Any]:
    """Return everything of a run that its training decides."""
    import json

    import safetensors.torch
    import torch

    with (run / "metrics.csv").open(encoding="utf-8") as file:
        rows = [{name: float(row[name]) for name in row if name != "tokens_per_second"} for row in csv.DictReader(file)]
    checkpoint = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    scores = json.loads((run / "scores.json").read_text("utf-8"))["scores"]["test"]
    return {
        "metrics": rows,
        "weights": safetensors.torch.load_file(run / "model.safetensors"),
        "shown": [(run / name).read_bytes() for name in ("snapshots.jsonl", "training.html")],
        "scores": {name: (search["bleu"], search["chrf"]) for name, search in scores.items()},
        "translations": {path.name: path.read_bytes() for path in sorted((run / "hypotheses").iterdir())},
        "finished": json.loads((run / "provenance.json").read_text("utf-8"))["finished"],
        **{name: checkpoint[name] for name in ("state_dict", "optimizer_states", "lr_schedulers", "global_step")},
    }


def is_equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal, tensors bit by bit."""
    import torch

    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_equal(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_equal, one, other))
    return bool(one == other)


def full_disks(laboratory: Laboratory) -> Iterator[tuple[int, list[str]]]:
    """Train on ten file systems that are too small, enlarge them and go on. Needs root.

    Yields:
        each size in KiB, and its problems.
    """
    expected, _ = laboratory.reference("epochs")
    files = (laboratory.folder / "reference-epochs" / "run").rglob("*")
    whole = sum(-(-path.stat().st_size // 4096) * 4 for path in files)  # KiB, in pages of 4 KiB
    for size in (whole * part // 11 for part in range(1, 11)):
        work = laboratory.folder / f"disk-{size}"
        (work / "run").mkdir(parents=True)
        mount(work / "run", f"size={size}k")
        try:
            ended = laboratory.train("epochs", work, None, across=False)
            lines = [line for line in ended.stderr.splitlines() if line.startswith("seq2seq: ")]
            problems = [] if ended.status == 2 and len(lines) == 1 else [f"status {ended.status}, {len(lines)} lines"]
            problems += ["traceback"] * ("Traceback" in ended.stderr)
            mount(work / "run", "remount,size=64m")
            outcome = Outcome()
            ended = laboratory.go_on("epochs", work, None, False, outcome)
            problems += ["epochs lost"] * outcome.lost + judge(ended, work / "run", expected)
        finally:
            os.system(f"umount {work / 'run'}")
        shutil.rmtree(work)
        yield size, problems


def mount(folder: Path, options: str) -> None:
    """Mount a file system in memory, or change its size."""
    if os.system(f"mount -t tmpfs -o {options} tmpfs {folder}"):
        raise PermissionError(f"{folder}: cannot mount")


def stopped_by_signals(laboratory: Laboratory) -> Iterator[tuple[str, list[str]]]:
    """Send SIGTERM and SIGHUP at three moments each; yield a name and its problems."""
    expected, _ = laboratory.reference("epochs")
    for number, name in ((signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "SIGHUP")):
        for event, count in (("update", 14), ("before score", 2), ("before score", 5)):
            with tempfile.TemporaryDirectory(dir=laboratory.folder) as folder:
                work, outcome = Path(folder), Outcome()
                ended = laboratory.train("epochs", work, Point(event, count, number), across=False)
                lines = [line for line in ended.stderr.splitlines() if line.startswith("seq2seq: ")]
                problems = [f"status {ended.status}"] * (ended.status != 128 + number)
                problems += [f"{len(lines)} lines"] * (len(lines) != 1) + ["traceback"] * ("Traceback" in ended.stderr)
                ended = laboratory.go_on("epochs", work, None, False, outcome)
                problems += ["epochs lost"] * outcome.lost + judge(ended, work / "run", expected)
            yield f"{name} {event} {count}", problems

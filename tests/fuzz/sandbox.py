"""Run a command on hostile input, and judge how it ended."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from fuzz.server import STARTS_PROCESSES

ROOT = Path(__file__).parents[2]
SECONDS = 15.0  # of a processor, for one command; a sound one takes less than 3
USAGE = "usage: seq2seq"  # argparse's messages have two lines
SECRET = "the secret of another folder"  # must not come out of any command
REORDERING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


@dataclass(frozen=True)
class Command:
    """A command line, with what it reads and where it may write.

    Args:
        words: what follows `seq2seq`.
        run: the folder of the run that it may write to, relative to the case's folder.
        stdin: what it reads.
        terminal: whether its standard output says that it is a terminal.
    """

    words: Sequence[str]
    run: str
    stdin: bytes = b""
    terminal: bool = False


class Finding(NamedTuple):
    """Something that must not happen.

    `kind` is one of: traceback, hang, killed, status, message, control character, write outside, executed, secret,
    network, too many processes. `cause` tells the findings of one kind apart.
    """

    kind: str
    cause: str
    command: str
    text: str  # the end of what it wrote to standard error


@dataclass
class Sandbox:
    """A server that runs commands, and a folder in which they may do so.

    Args:
        folder: an empty folder.
        module: run the `main` of this module; by default, that of `seq2seq`.
    """

    folder: Path
    module: str = ""
    server: Any = field(init=False)
    ends: Counter[tuple[str, int]] = field(default_factory=Counter)  # by verb and exit status

    def __post_init__(self) -> None:
        home = self.folder / "home"
        self.environment = {
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "HF_HOME": str(home / "huggingface"),
            "HF_DATASETS_CACHE": str(home / "huggingface" / "datasets"),
            "MPLCONFIGDIR": str(home / "matplotlib"),
            **dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "OMP_NUM_THREADS"), "1"),
        }
        (home / "tmp").mkdir(parents=True)
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        self.server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "fuzz.server", *filter(None, [self.module])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **self.environment, "PYTHONPATH": path},
            cwd=ROOT,
            text=True,
        )
        assert self.server.stdout.readline() == "ready\n", "the server of the fuzzer does not start"

    def close(self) -> None:
        self.server.stdin.close()
        self.server.stdout.close()
        self.server.wait(30)

    def execute(self, command: Command, folder: Path) -> tuple[dict[str, Any], bytes, bytes]:
        """Run a command in a folder. Return how it ended, and what it wrote to its two streams."""
        streams = {
            name: Path(tempfile.mkstemp(dir=self.folder, prefix=name)[1]) for name in ("stdin", "stdout", "stderr")
        }
        streams["stdin"].write_bytes(command.stdin)
        run = folder / command.run
        home = self.environment["HOME"]
        request = {
            "words": list(map(str, command.words)),
            "folder": str(folder),
            "terminal": command.terminal,
            "seconds": SECONDS,
            "writes": [str(run), home, "/dev", *map(str, streams.values())],
            "environment": self.environment,
            **{name: str(path) for name, path in streams.items()},
        }
        print(json.dumps(request), file=self.server.stdin, flush=True)
        answer = json.loads(self.server.stdout.readline())
        stdout, stderr = (streams[name].read_bytes() for name in ("stdout", "stderr"))
        for path in streams.values():
            path.unlink()
        return answer, stdout, stderr

    def findings(self, command: Command, folder: Path) -> list[Finding]:
        """Run a command, and return everything about it that must not happen."""
        answer, stdout, stderr = self.execute(command, folder)
        self.ends[command.words[0], answer["status"]] += 1
        words = " ".join(map(str, command.words))
        messages = stderr.decode("utf-8", "replace")
        found = [*judge_end(answer, messages), *judge_text(command, folder, stdout, messages)]
        return [Finding(kind, cause, words, messages[-1500:]) for kind, cause in dict.fromkeys(found)]


@contextmanager
def open_sandbox(folder: Path, module: str = "") -> Iterator[Sandbox]:
    """Provide a sandbox while the block lasts."""
    sandbox = Sandbox(folder, module)
    try:
        yield sandbox
    finally:
        sandbox.close()


def judge_end(answer: dict[str, Any], messages: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the cause of what was wrong with a command's end."""
    status, events = answer["status"], answer["events"]
    yield from ((kind, re.sub(r"/\S*/", "…/", text)[:100]) for kind, text in events)
    lines = messages.splitlines() or [""]
    if answer["ended_by"] != "itself":
        if sum(line.startswith("epoch ") for line in lines) < 3:  # a training of many epochs may take its time
            yield "hang", answer["ended_by"]
    elif status < 0:
        yield "killed", f"by signal {-status}"
    elif not events and "Traceback (most recent call last)" in messages:
        yield "traceback", f"printed: {lines[-1][:60]}"
    elif not events and status not in (0, 2, STARTS_PROCESSES):
        yield "status", str(status)
    elif status == 2 and not lines[-1].startswith("seq2seq: ") and USAGE not in messages:
        yield "message", f"not one line: {lines[-1][:60]}"
    elif status == 2 and len(lines[-1]) > 4000:
        yield "message", "endless"


def judge_text(command: Command, folder: Path, stdout: bytes, messages: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the cause of what was wrong with what a command wrote."""
    texts = {"standard error": messages}
    if command.words[0] != "translate" or command.terminal:  # a pipe gets every byte of a translation
        texts["standard output"] = stdout.decode("utf-8", "replace")
    for name in ("report.md", "report.html", "training.html"):
        if (path := folder / command.run / name).is_file():
            texts[name] = path.read_text(encoding="utf-8", errors="replace")
            path.unlink()
    for name, text in texts.items():
        if odd := sorted({character for character in text if is_obeyed(character)}):
            yield "control character", f"{name}: {', '.join(f'U+{ord(character):04X}' for character in odd[:3])}"
        if name.startswith("report") and SECRET in text:
            yield "secret", name


def is_obeyed(character: str) -> bool:
    """Return whether a terminal would obey a character. Written apart from the code under test."""
    if character in "\n\t":
        return False
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or ord(character) in REORDERING

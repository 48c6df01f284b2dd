"""Run commands of `seq2seq` in forks of a process that has imported everything, each with limits and under watch.

`python -m fuzz.server` reads a request from each line of standard input (see `sandbox.Sandbox`). It answers with
a line: how the command ended, and what it did that no command may do. `python -m fuzz.server MODULE` runs the `main` of
another module.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import re
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

MEMORY = 6 * 2**30  # bytes that a command may take beside what the server has
FILE_SIZE = 2**29  # bytes of the largest file that a command may write
PROCESSES = 8  # that a command may start
IDLE_SECONDS = 6.0  # a command that computes nothing for so long waits for something that never comes
STARTS_PROCESSES = 98  # exit status of a command that starts more trainings: what they do is not watched
TOO_MANY_PROCESSES = 97
HARMLESS_PROGRAMS = {"uname", "ldconfig", "gcc", "cc", "ld", "objdump", "lscpu", "sysctl", "nvidia-smi", "git"}
PATH_PROGRAM = "import sys, json; print(json.dumps(sys.path))"  # of typeshed_client, which jsonargparse uses
CANARIES = {"canary", "antigravity", "this"}  # modules that nothing of ours imports


def serve() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")  # commands print to descriptor 1
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    main = importlib.import_module(sys.argv[1]).main if len(sys.argv) > 1 else import_everything()
    gc.freeze()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line), main)), file=answers, flush=True)


def import_everything() -> Any:
    """Import the package with all that its modules import late, and return the function `main`."""
    import torch

    torch.set_num_threads(1)
    import seq2seq

    late = ("lightning", "datasets", "sacrebleu", "scipy.stats", "rich.progress", "matplotlib.figure", "tensorboard")
    backends = ("matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.font_manager")
    names = [module.name for module in pkgutil.walk_packages(seq2seq.__path__, "seq2seq.")]
    for name in [*late, *backends, *names]:
        if not name.endswith("__main__"):
            importlib.import_module(name)
    try:
        return importlib.import_module("seq2seq.cli.main").main
    except ModuleNotFoundError:  # an earlier version
        return importlib.import_module("seq2seq.cli").main


def run(request: dict[str, Any], main: Any) -> dict[str, Any]:
    """Run one command in a fork, and return how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        behave(request, main, writing)
    os.close(writing)
    started = time.monotonic()
    status, ended_by = watch(child, request["seconds"])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # whatever it has started
    with os.fdopen(reading, encoding="utf-8", errors="replace") as file:
        events = [json.loads(line) for line in file.read().splitlines() if line.startswith("[")]
    return {"status": status, "ended_by": ended_by, "events": events, "seconds": round(time.monotonic() - started, 1)}


def watch(child: int, seconds: float) -> tuple[int, str]:
    """Wait for a child, and kill it if it waits for nothing or computes for too long.

    Returns:
        its exit status (negative: the signal that ended it), and "itself", "waiting" or "computing".
    """
    computed, since = 0.0, time.monotonic()
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), "itself"
        now = computing_seconds(child)
        if now > computed:
            computed, since = now, time.monotonic()
        reason = "computing" if computed > seconds else "waiting" if time.monotonic() - since > IDLE_SECONDS else ""
        if reason:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -9, reason
        time.sleep(0.01)


def computing_seconds(child: int) -> float:
    """Return the processor's seconds of a process. A process that waits for a processor counts as computing."""
    try:
        stat = Path(f"/proc/{child}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    running = time.monotonic() * 1e-9 if stat[0] in "RD" else 0.0
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK") + running


def behave(request: dict[str, Any], main: Any, writing: int) -> None:
    """Be the command: redirect the streams, set the limits, and run `main`."""
    os.setsid()
    for descriptor, name, flags in ((0, "stdin", os.O_RDONLY), (1, "stdout", os.O_WRONLY), (2, "stderr", os.O_WRONLY)):
        os.dup2(os.open(request[name], flags), descriptor)
    stdin, stdout, stderr = (io.FileIO(number, "rww"[number], closefd=False) for number in range(3))
    sys.stdin = io.TextIOWrapper(io.BufferedReader(stdin), "utf-8")
    writer = Terminal if request["terminal"] else io.BufferedWriter
    sys.stdout = io.TextIOWrapper(writer(stdout), "utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(io.BufferedWriter(stderr), "utf-8", "backslashreplace", write_through=True)
    sys.argv = ["seq2seq", *request["words"]]
    os.chdir(request["folder"])
    sys.path.insert(0, "")  # as `python -m seq2seq` does
    os.environ.update(request["environment"])
    used = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(Guard(request["writes"], writing))
    status = 0
    try:
        main()
        sys.stdout.flush()
    except SystemExit as stopped:
        status = stopped.code if isinstance(stopped.code, int) else 1 if stopped.code else 0
    except BaseException as error:
        status = 1
        report(writing, "traceback", describe(error))
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(status)


class Terminal(io.BufferedWriter):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def describe(error: BaseException) -> str:
    """Return the kind of an error and where it came through our code last: "ValueError in run.py, metrics"."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}seq2seq{os.sep}" in frame.filename and "tests" not in frame.filename]
    last = ours[-1] if ours else frames[-1]
    file = last.filename.rpartition(f"{os.sep}seq2seq{os.sep}")[2]
    return f"{type(error).__name__} in {file}, {last.name}"


def report(writing: int, kind: str, text: str) -> None:
    """Tell the server what happened."""
    text = re.sub(r"(?<=/\.)(\S+)-\w{8}\b", r"\1-…", text)  # the random name of a temporary file
    os.write(writing, (json.dumps([kind, text[:500]]) + "\n").encode())


class Guard:
    """An audit hook that reports what no recipe, corpus or run may cause.

    Args:
        writes: the folders and files in which the command may write.
        writing: where to report.
    """

    def __init__(self, writes: list[str], writing: int) -> None:
        self.writes, self.writing = [os.path.realpath(path) for path in writes], writing
        self.processes = 0
        self.inside = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.inside:
            return
        self.inside = True
        try:
            self.check(event, arguments)
        finally:
            self.inside = False

    def check(self, event: str, arguments: tuple[Any, ...]) -> None:
        match event:
            case "open":
                path, mode, flags = arguments
                writes = set(mode or "") & set("wax+") or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR))
                if writes and isinstance(path, str | bytes):
                    self.check_path(event, os.path.realpath(os.fsdecode(path)))
            case "os.remove" | "os.rmdir" | "shutil.rmtree":
                self.check_entry(event, arguments[0], arguments[1])
            case "os.mkdir":
                if not os.path.exists(arguments[0]):
                    self.check_entry(event, arguments[0], arguments[2])
            case "os.truncate" | "os.chmod":
                self.check_entry(event, arguments[0])
            case "os.rename" | "os.link":
                self.check_entry(event, arguments[0], arguments[2])
                self.check_entry(event, arguments[1], arguments[3])
            case "os.symlink":
                self.check_entry(event, arguments[1], arguments[2])
            case "os.system" | "os.exec" | "os.posix_spawn" | "os.spawn" | "pty.spawn":
                report(self.writing, "executed", f"{event} {arguments[0]!r}")
            case "subprocess.Popen":
                self.check_program(arguments[0] or arguments[1][0], arguments[1])
            case "os.fork" | "os.forkpty":
                self.processes += 1
                if self.processes > PROCESSES:
                    report(self.writing, "too many processes", "os.fork")
                    os._exit(TOO_MANY_PROCESSES)
            case "socket.connect" | "socket.getaddrinfo":
                report(self.writing, "network", event)
            case "import":
                if arguments[0] in CANARIES:
                    report(self.writing, "executed", f"import {arguments[0]}")

    def check_program(self, program: Any, arguments: Any) -> None:
        name = os.path.basename(os.fsdecode(program))
        if os.fsdecode(program) == sys.executable:
            if PATH_PROGRAM in arguments:
                return
            os._exit(STARTS_PROCESSES)
        if name not in HARMLESS_PROGRAMS:
            report(self.writing, "executed", f"{arguments!r}")

    def check_entry(self, event: str, path: Any, descriptor: Any = None) -> None:
        """Check the path of a file that is itself changed, and not what it links to.

        Args:
            descriptor: of the folder that the path is relative to; None or -1 for the current folder.
        """
        if isinstance(path, str | bytes | os.PathLike):
            parent = os.getcwd() if descriptor in (None, -1) else f"/proc/self/fd/{descriptor}"
            folder, name = os.path.split(os.path.abspath(os.path.join(os.path.realpath(parent), os.fsdecode(path))))
            self.check_path(event, os.path.join(os.path.realpath(folder), name))

    def check_path(self, event: str, path: str) -> None:
        if not any(path == allowed or path.startswith(allowed + os.sep) for allowed in self.writes):
            report(self.writing, "write outside", f"{event} {path}")


if __name__ == "__main__":
    serve()

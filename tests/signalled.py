"""Start small processes that handle signals as the command line does."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

START = """
import os, signal, sys, threading, time
from seq2seq import stop_signals
from seq2seq.stop_signals import exit_if_stopped

def begin():
    print("begun", os.getpid(), flush=True)

def wait():
    begin()
    time.sleep(30)
"""


def start(program: str, *words: str, **options: object) -> subprocess.Popen[str]:
    """Start a Python program, and wait until it says that it has begun."""
    command = [sys.executable, "-c", START + program, *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]
    assert process.stdout.readline().startswith("begun")
    return process  # type: ignore[no-any-return]


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit status, and what was written to standard error."""
    errors = process.communicate(timeout=30)[1]
    return process.returncode, errors


def is_running(process: int) -> bool:
    """Return whether a process runs. One that has ended may still be listed, until its parent asks for its status."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end_time = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_time
        time.sleep(0.02)

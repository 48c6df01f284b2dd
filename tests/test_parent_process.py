"""A process ends with the seq2seq process that started it. The tests start real processes."""

import os
import signal
import subprocess
import sys

import pytest
from signalled import START, end, is_running, wait_until


def start_with_child(rank: str) -> tuple[subprocess.Popen[str], int]:
    """Start a process that starts another one, as a comparison (rank 0) or a training (rank 1) does. Return both."""
    child = f"{START}\nexit_if_stopped(wait, process_ends=True)"
    program = f"""
import subprocess
def parent():
    os.environ["LOCAL_RANK"] = {rank!r}
    child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE, text=True)
    print(child.stdout.readline(), end="", flush=True)
    time.sleep(30)
exit_if_stopped(parent, process_ends=True)
"""
    command = [sys.executable, "-c", f"{START}{program}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline().split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot do this")
@pytest.mark.parametrize("rank", ["0", "1"])
def test_a_child_ends_with_its_parent_even_if_that_is_killed(rank: str) -> None:
    process, child = start_with_child(rank)
    process.kill()
    process.communicate()
    wait_until(lambda: not is_running(child))


def test_a_further_process_stops_the_first_one() -> None:
    """A training's first process cannot go on alone. A further process has no message of its own."""
    process, child = start_with_child("1")
    os.kill(child, signal.SIGTERM)
    assert end(process) == (143, "seq2seq: stopped by SIGTERM\n")

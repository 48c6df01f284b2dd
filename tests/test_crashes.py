"""A sample of the crash test: trainings that are killed at the worst moments go on and end bit-equal.

`pytest -n 0 tests/crash` runs the whole.
"""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def test_killed_trainings_go_on_and_end_bit_equal() -> None:
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    ended = subprocess.run(
        [sys.executable, "-m", "crash.tally", "--parts", "kills", "--every", "34"],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "'cases': 3" in ended.stdout
    assert "'bit-equal': 3" in ended.stdout

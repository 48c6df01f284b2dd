"""The size of a streamed corpus does not change the peak memory: `pytest -n 0 tests/benchmarks/test_memory.py`."""

import json
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

GRAMMAR = Path(__file__).parents[2] / "data" / "grammar"
PEAKS: dict[int, float] = {}  # MiB, by pairs
PROGRAM = """
import resource, sys
from seq2seq.cli.main import main
try:
    main()
finally:
    print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""


def corpus(folder: Path, pairs: int) -> Path:
    """Write the grammar corpus repeatedly, each pair with a number of its own."""
    for split, size in (("train", pairs), ("validation", 500)):
        rows = [json.loads(line) for line in (GRAMMAR / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
        with (folder / f"{split}.jsonl").open("w", encoding="utf-8") as file:
            for number, row in enumerate(islice(cycle(rows), size)):
                pair = {side: f"{number} {row[side]}" for side in ("de", "en")}
                file.write(json.dumps(pair, ensure_ascii=False) + "\n")
    return folder


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("pairs", [50_000, 5_000_000])
def test_peak_memory_of_a_stream(benchmark: BenchmarkFixture, tmp_path: Path, pairs: int) -> None:
    """Train the quickstart for a hundred updates on a stream."""
    keys = {
        "--run": tmp_path / "run",
        "--corpus.path": corpus(tmp_path, pairs),
        "--corpus.streaming": "true",
        "--corpus.test": "",
        "--training.pool": 20_000,
        "--trainer.max_epochs": -1,
        "--trainer.max_steps": 100,
        "--trainer.val_check_interval": 100,
        "--trainer.check_val_every_n_epoch": "null",
    }
    recipe = GRAMMAR.parents[1] / "recipes" / "quickstart.yaml"
    arguments = ["train", str(recipe), *(str(part) for item in keys.items() for part in item)]
    process = benchmark.pedantic(
        subprocess.run, ([sys.executable, "-c", PROGRAM, *arguments],), {"capture_output": True, "text": True}, rounds=1
    )
    peak = [line.split()[1] for line in process.stderr.splitlines() if line.startswith("PEAK ")]
    assert process.returncode == 0, process.stderr
    benchmark.extra_info["peak_mebibytes"] = PEAKS[pairs] = float(peak[0])
    if len(PEAKS) == 2:
        assert PEAKS[5_000_000] < 1.1 * PEAKS[50_000]

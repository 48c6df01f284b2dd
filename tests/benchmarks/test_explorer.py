"""Measure the server of `seq2seq explore` on a trained run: `pytest -n 0 tests/benchmarks/test_explorer.py`.

The environment names the run: RUN=runs/quickstart CORPUS=FOLDER pytest …. REQUESTS=10000 makes the long memory test.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from seq2seq.evaluation.evaluate import EvaluationSet
from seq2seq.explorer.export import SIZE
from seq2seq.run import Run

RUN = Run(Path(os.environ.get("RUN", "runs/quickstart")))
WORDS = 12
REQUESTS = int(os.environ.get("REQUESTS", "2000"))
OVERRIDES = ["--corpus.path", os.environ["CORPUS"]] if "CORPUS" in os.environ else []


class Server:
    """A server in a process of its own, as a user starts it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "seq2seq", "explore", str(RUN), "--port", "0", "--no-browser", *OVERRIDES]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        self.first_line = time.perf_counter()
        self.port = int(self.address.rstrip("/").rpartition(":")[2])

    def ask(self, path: str, value: object = None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=100)
        body = None if value is None else json.dumps(value)
        connection.request("GET" if body is None else "POST", path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        assert response.status == 200, answer
        return answer

    def memory(self) -> float:
        """Return the memory that the process uses, in MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@pytest.fixture
def server() -> Iterator[Server]:
    if not RUN.weights_path.exists():
        pytest.skip(f"{RUN} is not trained")
    server = Server()
    yield server
    server.process.terminate()
    server.process.communicate()


@pytest.fixture
def sentences() -> list[str]:
    corpus = RUN.load_recipe(OVERRIDES).corpus
    return list(EvaluationSet.from_split(corpus, corpus.test).sources)


def test_the_page_is_there_within_a_second_of_the_first_line(benchmark: BenchmarkFixture, server: Server) -> None:
    benchmark.pedantic(server.ask, ("/",), rounds=1)
    seconds = time.perf_counter() - server.first_line
    benchmark.extra_info["seconds"] = round(seconds, 3)
    assert seconds < 1


def test_a_sentence_of_twelve_words_is_inspected_in_200_milliseconds(
    benchmark: BenchmarkFixture, server: Server, sentences: list[str]
) -> None:
    """Beam 5, with its search, gates, states, attention and next tokens, over HTTP."""
    texts = list(islice((text for text in sentences if len(text.split()) == WORDS), 20)) or sentences[:20]
    requests = [{"run": RUN.folder.name, "text": text, "beam_size": 5, "units": [0]} for text in texts]
    server.ask("/api/inspect", requests[0])
    server.ask("/api/runs")  # the examples are read
    times = []

    def inspect_each() -> None:
        for request in requests:
            started = time.perf_counter()
            server.ask("/api/inspect", request)
            times.append(1000 * (time.perf_counter() - started))

    benchmark.pedantic(inspect_each, rounds=3)
    benchmark.extra_info["median_milliseconds"] = round(statistics.median(times), 1)
    assert statistics.median(times) < 200


@pytest.mark.timeout(3600)
def test_memory_is_flat(benchmark: BenchmarkFixture, server: Server, sentences: list[str]) -> None:
    def ask(count: int) -> None:
        for number in range(count):
            text = sentences[number % len(sentences)]
            server.ask("/api/inspect", {"run": RUN.folder.name, "text": text, "units": [number % 64]})

    ask(200)
    server.ask("/api/runs")
    before = server.memory()
    benchmark.pedantic(ask, (REQUESTS,), rounds=1)
    growth = server.memory() - before
    benchmark.extra_info["mebibytes"] = round(before)
    benchmark.extra_info["growth_mebibytes"] = round(growth, 1)
    assert growth < 20


def test_an_export_of_twenty_sentences_has_at_most_2_megabytes(
    benchmark: BenchmarkFixture, sentences: list[str], tmp_path: Path
) -> None:
    if not RUN.weights_path.exists():
        pytest.skip(f"{RUN} is not trained")
    page = tmp_path / "page.html"
    command = [sys.executable, "-m", "seq2seq", "explore", str(RUN), "--export", str(page)]
    lines = "\n".join(sentences[:20])
    benchmark.pedantic(subprocess.run, (command,), {"input": lines, "text": True, "check": True}, rounds=1)
    benchmark.extra_info["bytes"] = page.stat().st_size
    assert page.stat().st_size <= SIZE

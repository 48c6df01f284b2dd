"""How fast a trained run is, on this machine: `pytest tests/benchmarks`, after the quickstart.

Another run is measured by naming it: RUN=runs/multi30k-de-en CORPUS=FOLDER pytest …
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from seq2seq import run
from seq2seq.batch import Batch
from seq2seq.data import Batching, Collate, Share, tokenise, training_batches
from seq2seq.evaluation import of_split
from seq2seq.learning import total_loss
from seq2seq.precision import WEIGHTS
from seq2seq.reading import clean, load
from seq2seq.recipe import Recipe, read
from seq2seq.search import SearchOptions
from seq2seq.tokenizer import Tokenizer
from seq2seq.translator import Translator

FOLDER = Path(os.environ.get("RUN", "runs/quickstart"))
SENTENCES = 500
UPDATES = 20


@pytest.fixture(scope="module", autouse=True)
def threads() -> None:
    """As many as a user would have; the suite's own tests take one."""
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    if not (FOLDER / run.WEIGHTS).exists():
        pytest.skip(f"{FOLDER} is not trained")
    overrides = ["--corpus.path", os.environ["CORPUS"]] if "CORPUS" in os.environ else []
    return read(Recipe, FOLDER / run.RECIPE, overrides)[0]


@pytest.fixture(scope="module", params=WEIGHTS)
def translator(recipe: Recipe, request: pytest.FixtureRequest) -> Translator:
    return run.load(FOLDER, weights=request.param)[0]


@pytest.mark.parametrize("width", [1, 5])
def test_sentences_per_second(benchmark: BenchmarkFixture, recipe: Recipe, translator: Translator, width: int) -> None:
    """Translating the test split, in batches."""
    sources = of_split(recipe, recipe.corpus.test).sources[:SENTENCES]
    benchmark.pedantic(translator.translate, (sources, SearchOptions(width=width)), rounds=3, warmup_rounds=1)
    benchmark.extra_info["sentences_per_second"] = round(len(sources) / benchmark.stats.stats.median, 1)


def test_milliseconds_for_one_sentence(benchmark: BenchmarkFixture, recipe: Recipe, translator: Translator) -> None:
    """One typed sentence at a time, beam 5, the model loaded."""
    sources = of_split(recipe, recipe.corpus.test).sources[:50]
    times: list[float] = []

    def translate_each() -> None:
        for source in sources:
            started = time.perf_counter()
            translator.translate([source], SearchOptions(width=5))
            times.append(time.perf_counter() - started)

    benchmark.pedantic(translate_each, rounds=1, warmup_rounds=1)
    benchmark.extra_info["median_milliseconds"] = round(1000 * statistics.median(times[len(sources) :]), 1)


def test_training_tokens_per_second(benchmark: BenchmarkFixture, recipe: Recipe) -> None:
    """Whole updates on the recipe's own batches: forward, backward, clipping, Adam."""
    tokenizer = Tokenizer.load(FOLDER)
    rows = tokenise(clean(load(recipe.corpus, recipe.corpus.train), recipe.corpus)[0], tokenizer)
    batching = Batching(recipe.training.batch_tokens, recipe.training.pool, recipe.seed)
    found = training_batches(rows, Collate(tokenizer), batching, 0, Share(), 0)
    batches: list[Batch] = [batch for batch, _ in zip(found, range(UPDATES), strict=False)]
    model = run.build(recipe.model, tokenizer).train()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    tokens = sum(int(batch.target_mask.sum()) for batch in batches)
    padding = 1 - tokens / sum(batch.target_mask.numel() for batch in batches)

    def update_on_each() -> None:
        for batch in batches:
            optimizer.zero_grad()
            (total_loss(model, batch, recipe.training.label_smoothing) / batch.target_mask.sum()).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    benchmark.pedantic(update_on_each, rounds=3, warmup_rounds=1)
    benchmark.extra_info["target_tokens_per_second"] = round(tokens / benchmark.stats.stats.median)
    benchmark.extra_info["target_padding"] = f"{padding:.1%}"
    benchmark.extra_info["peak_memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def test_seconds_until_translate_is_ready(benchmark: BenchmarkFixture, recipe: Recipe) -> None:
    """A new process, from nothing to the translation of one line."""
    command = [sys.executable, "-m", "seq2seq.cli", "translate", str(FOLDER)]
    benchmark.pedantic(
        subprocess.run, (command,), {"input": b"Guten Tag.\n", "capture_output": True, "check": True}, rounds=3
    )

"""Measure how fast a trained run is on this machine: `pytest -n 0 tests/benchmarks`, after the quickstart.

The environment names another run: RUN=runs/multi30k-de-en CORPUS=FOLDER pytest …
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

from seq2seq.evaluation.evaluate import EvaluationSet
from seq2seq.insight.inspection import inspect_text
from seq2seq.model.loss import total_loss
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.search.options import SearchOptions
from seq2seq.text.batch import Batch
from seq2seq.text.batching import Batching, Collator, ProcessRank, tokenise_rows
from seq2seq.text.data_loaders import training_loader
from seq2seq.text.loading import filter_pairs, load_split
from seq2seq.translation.quantization import WEIGHTS
from seq2seq.translation.translator import Translator

RUN = Run(Path(os.environ.get("RUN", "runs/quickstart")))
SENTENCES = 500
UPDATES = 20


@pytest.fixture(scope="module", autouse=True)
def threads() -> None:
    """Use as many threads as a user would; the other tests use one."""
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    if not RUN.weights_path.exists():
        pytest.skip(f"{RUN} is not trained")
    overrides = ["--corpus.path", os.environ["CORPUS"]] if "CORPUS" in os.environ else []
    return RUN.load_recipe(overrides)


@pytest.fixture(scope="module", params=WEIGHTS)
def translator(recipe: Recipe, request: pytest.FixtureRequest) -> Translator:
    return RUN.load_translator(weights=request.param)


@pytest.mark.parametrize("beam_size", [1, 5])
def test_sentences_per_second(
    benchmark: BenchmarkFixture, recipe: Recipe, translator: Translator, beam_size: int
) -> None:
    """Translate the test split in batches."""
    sources = EvaluationSet.from_split(recipe.corpus, recipe.corpus.test).sources[:SENTENCES]
    benchmark.pedantic(translator.n_best, (sources, SearchOptions(beam_size=beam_size)), rounds=3, warmup_rounds=1)
    benchmark.extra_info["sentences_per_second"] = round(len(sources) / benchmark.stats.stats.median, 1)


def test_milliseconds_for_one_sentence(benchmark: BenchmarkFixture, recipe: Recipe, translator: Translator) -> None:
    """Translate one typed sentence at a time with beam 5, the model loaded."""
    sources = EvaluationSet.from_split(recipe.corpus, recipe.corpus.test).sources[:50]
    times: list[float] = []

    def translate_each() -> None:
        for source in sources:
            started = time.perf_counter()
            translator.n_best([source], SearchOptions(beam_size=5))
            times.append(time.perf_counter() - started)

    benchmark.pedantic(translate_each, rounds=1, warmup_rounds=1)
    benchmark.extra_info["median_milliseconds"] = round(1000 * statistics.median(times[len(sources) :]), 1)


def test_inspecting_takes_at_most_three_translations(
    benchmark: BenchmarkFixture, recipe: Recipe, translator: Translator
) -> None:
    """Inspect one sentence at a time with beam 5: its search, its gates and states, and its attention."""
    sources = EvaluationSet.from_split(recipe.corpus, recipe.corpus.test).sources[:50]
    options = SearchOptions(beam_size=5)
    translating = inspecting = 0.0

    def do_both() -> None:
        nonlocal translating, inspecting
        for source in sources:
            started = time.process_time()
            translator.sentences.translate([source], options)
            translated = time.process_time()
            inspect_text(translator, source, options)
            translating += translated - started
            inspecting += time.process_time() - translated

    benchmark.pedantic(do_both, rounds=1, warmup_rounds=1)
    benchmark.extra_info["ratio"] = round(inspecting / translating, 2)
    assert inspecting <= 3 * translating


def test_training_tokens_per_second(benchmark: BenchmarkFixture, recipe: Recipe) -> None:
    """Do whole updates on the recipe's own batches: forward, backward, clipping, Adam."""
    tokenizer = RUN.load_tokenizer()
    rows = tokenise_rows(filter_pairs(load_split(recipe.corpus, recipe.corpus.train), recipe.corpus)[0], tokenizer)
    batching = Batching(recipe.training.batch_tokens, recipe.training.pool, recipe.seed)
    loader = training_loader(rows, Collator(tokenizer), batching, 0, ProcessRank(), 0)
    batches: list[Batch] = [batch for batch, _ in zip(loader, range(UPDATES), strict=False)]
    model = recipe.build_model(tokenizer.source_size, tokenizer.target_size).train()
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
    """Start a new process that translates one line."""
    command = [sys.executable, "-m", "seq2seq", "translate", str(RUN)]
    benchmark.pedantic(
        subprocess.run, (command,), {"input": b"Guten Tag.\n", "capture_output": True, "check": True}, rounds=3
    )

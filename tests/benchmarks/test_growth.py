"""Measure how time grows with sizes: `pytest -n 0 tests/benchmarks/test_growth.py` draws growth.svg beside it."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch

from seq2seq.model.attention import AdditiveAttention
from seq2seq.model.decoder import DecoderOptions
from seq2seq.model.encoder import EncoderOptions
from seq2seq.model.encoder_decoder import EncoderDecoder, ModelOptions
from seq2seq.model.loss import total_loss
from seq2seq.search.options import SearchOptions
from seq2seq.text.batch import Batch
from seq2seq.text.special_tokens import EOS
from seq2seq.translation.decoding import search_model

FIGURE = Path(__file__).with_name("growth.svg")
FIXED = {"length": 16, "batch_tokens": 1280, "vocabulary": 8000, "hidden": 512, "beam_size": 5}
VARIED = {
    "length": (8, 16, 32, 64),
    "batch_tokens": (320, 1280, 5120),
    "vocabulary": (1000, 4000, 16000),
    "hidden": (128, 256, 512, 1024),
    "beam_size": (1, 2, 5, 10),
}
LABELS = {
    "length": "words per sentence, on either side",
    "batch_tokens": "target words per batch",
    "vocabulary": "vocabulary",
    "hidden": "units of the decoder",
    "beam_size": "hypotheses (beam)",
}


def microseconds(work: Callable[[], object], words: int) -> float:
    """Return the median time for each word, of three runs after a warm-up."""
    times = []
    for _ in range(4):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return 1e6 * statistics.median(times[1:]) / words


def measure(length: int, batch_tokens: int, vocabulary: int, hidden: int, beam_size: int) -> tuple[float, float]:
    """Return the microseconds for each target token, in training and in translating."""
    torch.manual_seed(0)
    context = partial(AdditiveAttention, size=hidden // 2)
    options = ModelOptions(256, EncoderOptions(hidden // 2, 1), DecoderOptions(hidden, 1, context=context))
    model = EncoderDecoder(options, vocabulary, vocabulary, joint=True)
    rows = [[*torch.randint(EOS + 1, vocabulary, (length - 1,)).tolist(), EOS] for _ in range(batch_tokens // length)]
    batch = Batch.from_ids(rows, rows)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def update() -> None:
        optimizer.zero_grad()
        (total_loss(model, batch, 0.1) / batch_tokens).backward()
        optimizer.step()

    training = microseconds(update, batch_tokens)
    with torch.no_grad():
        model.decoder.vocabulary.bias[EOS] = -1e4  # every translation is as long as it may be
    search = SearchOptions(beam_size=beam_size, max_length=length)
    model.eval()
    translating = microseconds(lambda: search_model(model, batch.source, batch.source_mask, search), batch_tokens)
    return training, translating


@pytest.mark.timeout(1800)
def test_growth() -> None:
    torch.set_num_threads(2)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 3.2), layout="constrained")
    for axes, (name, values) in zip(figure.subplots(1, len(VARIED), sharey=True), VARIED.items(), strict=True):
        curves = list(zip(*(measure(**(FIXED | {name: value})) for value in values), strict=True))
        print(name, values, *([round(point) for point in curve] for curve in curves))
        if name != "beam_size":
            axes.plot(values, curves[0], "C0o-", label="training")
        axes.plot(values, curves[1], "C1s-", label=f"translating, beam {FIXED['beam_size']}")
        axes.set(xscale="log", xlabel=LABELS[name], xticks=values, xticklabels=values)
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.axes[0].set(ylabel="µs per target word", ylim=(0, None))
    figure.axes[0].legend(frameon=False)
    figure.savefig(FIGURE)

"""How time grows with what is asked: `pytest tests/benchmarks/test_growth.py` draws tests/benchmarks/growth.svg."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch

from seq2seq.batch import Batch
from seq2seq.context import AdditiveAttention
from seq2seq.decoder import DecoderOptions
from seq2seq.encoder import EncoderOptions
from seq2seq.learning import total_loss
from seq2seq.model import Model, ModelOptions
from seq2seq.search import SearchOptions
from seq2seq.vocabulary import EOS

FIGURE = Path(__file__).with_name("growth.svg")
FIXED = {"length": 16, "batch_tokens": 1280, "vocabulary": 8000, "hidden": 512, "width": 5}
VARIED = {
    "length": (8, 16, 32, 64),
    "batch_tokens": (320, 1280, 5120),
    "vocabulary": (1000, 4000, 16000),
    "hidden": (128, 256, 512, 1024),
    "width": (1, 2, 5, 10),
}
LABELS = {
    "length": "words a sentence, on either side",
    "batch_tokens": "target words a batch",
    "vocabulary": "vocabulary",
    "hidden": "units of the decoder",
    "width": "hypotheses (beam)",
}


def microseconds(work: Callable[[], object], words: int) -> float:
    """The median of three times, a word, after a first that does not count."""
    times = []
    for _ in range(4):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return 1e6 * statistics.median(times[1:]) / words


def measured(length: int, batch_tokens: int, vocabulary: int, hidden: int, width: int) -> tuple[float, float]:
    """Microseconds for a target word: of training, and of translating."""
    torch.manual_seed(0)
    context = partial(AdditiveAttention, size=hidden // 2)
    options = ModelOptions(256, EncoderOptions(hidden // 2, 1), DecoderOptions(hidden, 1, context=context))
    model = Model(options, vocabulary, vocabulary, joint=True)
    rows = [[*torch.randint(EOS + 1, vocabulary, (length - 1,)).tolist(), EOS] for _ in range(batch_tokens // length)]
    batch = Batch.of(rows, rows)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def update() -> None:
        optimizer.zero_grad()
        (total_loss(model, batch, 0.1) / batch_tokens).backward()
        optimizer.step()

    training = microseconds(update, batch_tokens)
    with torch.no_grad():
        model.decoder.vocabulary.bias[EOS] = -1e4  # every translation is as long as it may be
    search = SearchOptions(width=width, max_length=length)
    translating = microseconds(lambda: model.eval().search(batch.source, batch.source_mask, search), batch_tokens)
    return training, translating


@pytest.mark.timeout(1800)
def test_growth() -> None:
    torch.set_num_threads(2)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 3.2), layout="constrained")
    for axes, (name, values) in zip(figure.subplots(1, len(VARIED), sharey=True), VARIED.items(), strict=True):
        curves = list(zip(*(measured(**(FIXED | {name: value})) for value in values), strict=True))
        print(name, values, *([round(point) for point in curve] for curve in curves))
        if name != "width":
            axes.plot(values, curves[0], "C0o-", label="training")
        axes.plot(values, curves[1], "C1s-", label=f"translating, beam {FIXED['width']}")
        axes.set(xscale="log", xlabel=LABELS[name], xticks=values, xticklabels=values)
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.axes[0].set(ylabel="µs a target word", ylim=(0, None))
    figure.axes[0].legend(frameon=False)
    figure.savefig(FIGURE)

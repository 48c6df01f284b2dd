"""A full disk is one line that names the file, for every file that the project writes; and no part of it is left."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from seq2seq.errors import UserError
from seq2seq.evaluation.evaluate import EvaluationSet, evaluate
from seq2seq.evaluation.export import export
from seq2seq.plotting.figures import alignment_figure, learning_curves
from seq2seq.provenance import Provenance
from seq2seq.run import Run
from seq2seq.run_metrics import EpochMetrics
from seq2seq.run_snapshots import Snapshot
from seq2seq.search.options import SearchOptions
from seq2seq.translation.translator import Translator

SET = EvaluationSet("test", ["ein Buch"] * 3, ["a book"] * 3)
ROW = {"training_loss": 1.0, "validation_loss": 1.0, "validation_bleu": 1.0, "learning_rate": 1.0}
EPOCHS = [EpochMetrics(epoch=number, update=number, tokens_per_second=1.0, **ROW) for number in (1.0, 2.0)]

Write = Callable[[Path, Translator, Run], object]


def save_evaluation(folder: Path, translator: Translator, run: Run) -> None:
    Run(folder).save_evaluation(evaluate(translator, SET, SearchOptions(beam_size=1, max_length=5)))


def export_translations(folder: Path, translator: Translator, run: Run) -> None:
    export(folder / "x", SET, evaluate(translator, SET, SearchOptions(beam_size=1, max_length=5)))


def draw_alignment(suffix: str) -> Write:
    return lambda folder, translator, run: alignment_figure(
        folder / f"x{suffix}", torch.eye(2), ["ein", "Buch"], ["a", "book"]
    )


WRITERS: dict[str, Write] = {
    "recipe.yaml": lambda folder, translator, run: Run(folder).save_recipe(run.load_recipe()),
    "tokenizer.model": lambda folder, translator, run: Run(folder).save_tokenizer(translator.tokenizer),
    "model.safetensors": lambda folder, translator, run: Run(folder).save_weights(translator.model),
    "metrics.csv": lambda folder, translator, run: Run(folder).add_metrics(EPOCHS[0]),
    "snapshots.jsonl": lambda folder, translator, run: Run(folder).add_snapshot(Snapshot(1.0, 1, [], {}, [])),
    "training.html": lambda folder, translator, run: Run(folder).save_training_page("<html></html>"),
    "provenance.json": lambda folder, translator, run: Run(folder).save_provenance(Provenance()),
    "test.greedy.txt": save_evaluation,
    "learning_curves.png": lambda folder, translator, run: learning_curves(
        folder / "learning_curves.png", [vars(epoch) for epoch in EPOCHS]
    ),
    "x.src": export_translations,
    **{f"x{suffix}": draw_alignment(suffix) for suffix in (".png", ".svg", ".pdf")},
}


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file have more than 2 bytes, pytest's own output neither. Python ignores the system's signal."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("old", [True, False])
def test_a_full_disk_is_one_line_and_leaves_the_old_file(
    name: str, old: bool, tmp_path: Path, translator: Translator, untrained_run: Path
) -> None:
    write, run = WRITERS[name], Run(untrained_run)
    if old:
        write(tmp_path, translator, run)
    else:
        write(tmp_path.with_name(f"{tmp_path.name}-elsewhere"), translator, run)  # all modules are imported
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(path.name == name for path in before) == old
    message = rf"/{name}: cannot be written: File too large; the old file"
    with full_disk(), pytest.raises(UserError, match=message) as caught:
        write(tmp_path, translator, run)
    assert "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before

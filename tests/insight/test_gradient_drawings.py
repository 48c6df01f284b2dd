"""A run's gradients and the memory task are drawn, and written as tables."""

from pathlib import Path

import pytest
from conftest import SOURCES, TARGETS

from seq2seq.insight.gradient_drawings import (
    draw_gradients,
    draw_memory_task,
    gradient_table,
    memory_task_table,
)
from seq2seq.insight.gradients import GradientReport, measure_gradients
from seq2seq.insight.memory_task import MemoryTaskReport, run_memory_task
from seq2seq.translation.translator import Translator


@pytest.fixture(scope="module")
def report(translator: Translator) -> GradientReport:
    return measure_gradients(translator, list(zip(SOURCES, TARGETS, strict=True)))


@pytest.fixture(scope="module")
def memory_task() -> MemoryTaskReport:
    return run_memory_task(1, gaps=(2, 12), hidden=6, updates=10)


def test_a_runs_figure_has_a_panel_for_each_layer_and_direction(report: GradientReport, tmp_path: Path) -> None:
    draw_gradients(tmp_path / "gradients.svg", report)
    text = (tmp_path / "gradients.svg").read_text(encoding="utf-8")
    titles = ("encoder, layer 1, forward", "encoder, layer 1, backward", "decoder, layer 1")
    for name in (*titles, "h", "c", "forget gates"):
        assert text.count(f"<!-- {name} -->") == 1


def test_the_memory_tasks_figure_has_all_cells(memory_task: MemoryTaskReport, tmp_path: Path) -> None:
    draw_memory_task(tmp_path / "memory.svg", memory_task)
    text = (tmp_path / "memory.svg").read_text(encoding="utf-8")
    for name in ("RNN, h", "GRU, h", "LSTM, h", "LSTM, c", "at the start", "trained on all gaps", "guessing"):
        assert text.count(f"<!-- {name} -->") == 1


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_tables_fit_into_terminals(report: GradientReport, memory_task: MemoryTaskReport, columns: int) -> None:
    for text in (gradient_table(report, columns), memory_task_table(memory_task, columns)):
        assert max(map(len, text.split("\n"))) <= columns
        assert "textbook, not measured" in text


def test_tables_have_a_row_for_each_curve(report: GradientReport, memory_task: MemoryTaskReport) -> None:
    lines = gradient_table(report).split("\n")
    assert sum(line.startswith("  ") for line in lines) == 3 * 3 + 2
    for heading in ("encoder, layer 1, forward", "encoder, layer 1, backward", "decoder, layer 1"):
        assert heading in lines
    lines = memory_task_table(memory_task).split("\n")
    assert sum(line.startswith("  ") for line in lines) == 2 * (1 + 2 + 3) + 2
    assert sum("%" in line and line.startswith(("RNN", "GRU", "LSTM")) for line in lines) == 6

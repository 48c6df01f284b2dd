"""Probes are shown in terminals of every width, and as one figure."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from seq2seq.errors import UserError
from seq2seq.insight.probe_records import (
    SIDES,
    VECTORS,
    LengthGroup,
    ProbeCurve,
    ProbePoint,
    ProbeReport,
    ProbeTotal,
)
from seq2seq.insight.probe_views import draw_probes, format_probes, measured_vectors

GROUPS = [LengthGroup(4, 13, 1178), LengthGroup(14, 14, 169)]
ODD_NAMES = ["$x^$", "_hidden\x1b[31m", "模型" * 30, "عربي", "run " * 60]


def make_report(control: bool = True, attends: bool = True) -> ProbeReport:
    conditions = [(vector, trained) for vector in VECTORS for trained in ((True, False) if control else (True,))]
    points = [ProbePoint(position, 1347, 1 / position, 0.5 / position, 1.0, 0.1) for position in range(1, 41)]
    return ProbeReport(
        size=8,
        attends=attends,
        training=10_000,
        validation=500,
        test=1347,
        minimum=30,
        groups=GROUPS,
        curves=[
            ProbeCurve(vector, trained, side, group, points)
            for vector, trained in conditions
            for side in SIDES
            for group in (None, *GROUPS)
        ],
        totals=[
            ProbeTotal(vector, trained, group, 9000, 0.456, 0.44, 0.47, 0.1)
            for vector, trained in conditions
            for group in (None, *GROUPS)
        ],
        fits=[],
    )


@pytest.mark.parametrize("columns", [40, 41, 60, 80, 100, 160])
@pytest.mark.parametrize("names", [["one"], ["bottleneck", "bahdanau"], ODD_NAMES])
@pytest.mark.parametrize("control", [True, False])
def test_a_table_fits_into_every_terminal(columns: int, names: list[str], control: bool) -> None:
    text = format_probes({name: make_report(control) for name in names}, columns)
    assert max(map(cell_len, text.split("\n"))) <= columns
    assert "\x1b" not in text
    assert ("untrained" in text) == control
    assert "45.6" in text
    assert "most frequent token" in text
    assert "100.0" in text


def test_a_wide_terminal_shows_more_positions_beside_the_names() -> None:
    narrow, wide = (format_probes({"one": make_report()}, columns) for columns in (40, 160))
    assert "position\n" in narrow
    assert "position                 1      2      3      4" in wide
    assert "     40\n" in wide


def test_a_single_run_needs_no_name() -> None:
    assert [each.name for each in measured_vectors({"one": make_report(control=False)})] == ["summary", "memory"]
    two = measured_vectors({"a": make_report(control=False), "b": make_report()})
    names = ["a: summary", "a: memory", "b: summary", "b: memory", "summary (untrained)", "memory (untrained)"]
    assert [each.name for each in two] == names


def test_the_figure_has_each_run_and_the_baseline(tmp_path: Path) -> None:
    reports = {"$a^$": make_report(attends=False), "_b": make_report()}
    draw_probes(tmp_path / "probes.svg", reports)
    text = (tmp_path / "probes.svg").read_text(encoding="utf-8")
    for name in ("$a^$: summary", "_b: summary", "_b: memory", "summary (untrained)", "most frequent token"):
        assert text.count(f"<!-- {name} -->") == 1
    for name in ("$a^$: memory", "memory (untrained)"):  # the decoder does not read it
        assert name not in text
    assert "4–13 tokens (1178 sentences)" in text


def test_runs_with_other_lengths_cannot_be_compared(tmp_path: Path) -> None:
    reports = {"a": make_report(), "b": replace(make_report(), groups=GROUPS[:1])}
    with pytest.raises(UserError, match="show each run alone"):
        format_probes(reports, 80)
    with pytest.raises(UserError, match="show each run alone"):
        draw_probes(tmp_path / "a.png", reports)
    with pytest.raises(UserError, match="no run"):
        format_probes({}, 80)

"""Figures of decay curves are drawn for any number of panels, lines and bars."""

from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.plotting.canvas import FORMATS
from seq2seq.plotting.decay import BarChart, Bars, Line, Panel, decay_figure


def line(name: str, colour: int, points: int) -> Line:
    shares = [0.8**step for step in range(points)]
    return Line(
        name, colour, colour % 2 == 1, shares, [0.5 * share for share in shares], [2 * share for share in shares]
    )


CHART = BarChart((5, 100), [Bars(0, (1.0, 0.5), (0.0, 1.0)), Bars(1, (0.1, 0.2), (0.3, 0.4))], chance=0.125)


@pytest.mark.parametrize("panels", [1, 2, 3, 4, 30])
@pytest.mark.parametrize("chart", [None, CHART], ids=["panels", "chart"])
def test_figures_of_every_size_are_drawn(panels: int, chart: BarChart | None, tmp_path: Path) -> None:
    lines = [line(f"line {index}", index, points) for index, points in enumerate((1, 2, 101))]
    decay_figure(tmp_path / "figure.svg", [Panel(f"panel {index}", lines) for index in range(panels)], chart)
    text = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert text.count("<!-- k, steps back -->") == min(panels, 24)
    for name in ("line 0", "line 1", "line 2", "textbook, not measured"):
        assert text.count(f"<!-- {name} -->") == 1
    assert ("<!-- guessing -->" in text) == (chart is not None)


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_suffix_chooses_the_format(suffix: str, tmp_path: Path) -> None:
    decay_figure(tmp_path / f"figure{suffix}", [Panel("a", [line("b", 9, 5)])])
    assert (tmp_path / f"figure{suffix}").stat().st_size > 1000


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="figures end in"):
        decay_figure(tmp_path / "figure.txt", [Panel("a", [])])


@pytest.mark.parametrize("shares", [[], [1.0, 0.0, 0.0], [1.0, 1e-300], [1.0, 1e300]], ids=str)
def test_extreme_curves_are_drawn(shares: list[float], tmp_path: Path) -> None:
    decay_figure(
        tmp_path / "figure.png", [Panel("$a^$", [Line("_b$^$", 0, False, shares, shares, shares)]), Panel("", [])]
    )
    assert (tmp_path / "figure.png").exists()

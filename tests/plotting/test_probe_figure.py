"""The figure of probes is drawn for any number of curves and groups of lengths."""

from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.plotting.probe_figure import Curve, Row, choose_styles, position_ticks, probe_figure


@pytest.mark.parametrize(
    ("curves", "groups", "points", "suffix"),
    [(1, 1, 1, ".svg"), (12, 3, 30, ".svg"), (1, 3, 30, ".png"), (12, 1, 1, ".pdf")],
)
def test_figures_of_every_size_are_drawn(curves: int, groups: int, points: int, suffix: str, tmp_path: Path) -> None:
    positions = list(range(1, points + 1))
    names = [f"${name}^$ 日本" for name in range(curves)]
    panel = {name: Curve(positions, [0.5] * points, [0.4] * points, [1.0] * points) for name in names}
    panel["empty"] = Curve([], [])
    rows = [Row(f"group {group}", panel, panel) for group in range(groups)]
    for copy in ("a", "b"):
        probe_figure(tmp_path / f"{copy}{suffix}", rows, ["empty"], "share, %")
    assert (tmp_path / f"a{suffix}").stat().st_size > 1000
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_nothing_measured_is_an_error(tmp_path: Path) -> None:
    panel = {"a": Curve([], [])}
    with pytest.raises(UserError, match="no position was measured"):
        probe_figure(tmp_path / "a.png", [Row("", panel, panel)], [], "")
    with pytest.raises(UserError, match=r"\.png, \.svg or \.pdf"):
        probe_figure(tmp_path / "a.gif", [Row("", panel, panel)], [], "")


def test_references_are_grey_and_the_other_curves_are_not() -> None:
    styles = choose_styles([*map(str, range(9)), "baseline", "control"], ["baseline", "control"])
    greys = {name for name, style in styles.items() if style["color"] == "#8a8a8a"}
    assert greys == {"baseline", "control"}
    assert styles["baseline"]["linestyle"] != styles["control"]["linestyle"]


@pytest.mark.parametrize("last", [1, 2, 6, 7, 12, 13, 30, 31, 40, 60, 150, 1000])
def test_ticks_begin_at_1_and_are_few(last: int) -> None:
    ticks = position_ticks(last)
    assert ticks[0] == 1
    assert ticks == sorted(set(ticks))
    assert ticks[-1] <= last
    assert len(ticks) <= 11

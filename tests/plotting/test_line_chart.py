"""A chart in a page shows every value that can be drawn, has round numbers on its axes, and shows names as text."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.plotting.line_chart import (
    BOTTOM,
    LARGEST,
    LEFT,
    RIGHT,
    TOP,
    Chart,
    draw_chart,
    draw_charts,
    format_tick,
    round_numbers,
    styles,
)

POINTS = [(1.0, 3.5), (2.0, 2.5), (3.0, 1.0)]


def numbers(chart: Chart) -> list[str]:
    """Return the numbers on a chart's axes."""
    return re.findall(r'text-anchor="(?:end|middle)">(−?[\d.e+−]+)</text>', draw_chart(chart))


def places(chart: Chart) -> list[list[tuple[float, float]]]:
    """Return the points of each drawn line."""
    lines = re.findall(r'class="line" [^>]*d="M([^H"]+)"', draw_chart(chart))
    return [[(float(x), float(y)) for x, y in (point.split() for point in line.split("L"))] for line in lines]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1, 6, [1, 2, 3, 4, 5, 6]),
        (0.3, 2.2, [0.5, 1, 1.5, 2]),
        (-0.2, 1, [-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1]),
        (100, 1_000_000, [200_000, 400_000, 600_000, 800_000, 1_000_000]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, ticks: list[float]) -> None:
    assert round_numbers(low, high, 6) == pytest.approx(ticks, abs=1e-12)


def test_a_tick_is_a_short_number() -> None:
    assert [format_tick(number) for number in (3 * 0.1, -0.2, 1e-12, 200_000.0)] == ["0.3", "−0.2", "1e−12", "200000"]


def test_the_axes_cover_the_values_and_the_bounds() -> None:
    chart = Chart("t", {"a": POINTS}, "epoch", (0.0, 8.0))
    assert numbers(chart) == ["0", "2", "4", "6", "8", "1", "2", "3"]
    [line] = places(chart)
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    assert [y for _, y in line] == sorted(y for _, y in line)  # smaller values are lower, with a larger y


def test_a_logarithmic_axis_shows_powers_of_ten() -> None:
    chart = Chart("t", {"a": [(1, 0.02), (2, 3.0), (3, 0.0), (4, -1.0)]}, "epoch", logarithmic=True)
    assert numbers(chart)[:4] == ["0.01", "0.1", "1", "10"]
    assert len(places(chart)[0]) == 2


def test_values_that_are_no_numbers_are_left_out() -> None:
    odd = [(1, math.nan), (2, math.inf), (3, -math.inf), (math.nan, 1.0), (4, 1e300), (5, 1.0)]
    assert [len(line) for line in places(Chart("t", {"a": odd, "b": odd[:3], "c": POINTS}, "epoch"))] == [1, 3]
    assert "no values" in draw_chart(Chart("t", {"a": odd[:3]}, "epoch"))


values = st.floats(allow_nan=True, allow_infinity=True)


@given(st.dictionaries(st.text(), st.lists(st.tuples(values, values), max_size=5), max_size=10), st.booleans())
def test_every_chart_is_drawn_inside_its_area(lines: dict[str, list[tuple[float, float]]], logarithmic: bool) -> None:
    chart = Chart("t", lines, "epoch", logarithmic=logarithmic)
    ElementTree.fromstring(draw_chart(chart))
    for line in places(chart):
        assert all(LEFT <= x <= RIGHT and TOP - 0.1 <= y <= BOTTOM + 0.1 for x, y in line)


def test_names_are_text() -> None:
    name = "<script>&\"'\x1b"
    html = draw_charts([Chart(name, {name: POINTS}, name)])
    assert "<script>" not in html
    assert "\x1b" not in html
    figure = ElementTree.fromstring(html)
    assert [each.text for each in figure.iter("b")] == ["<script>&\"'�"]


def test_lines_differ_also_in_a_grey_print() -> None:
    first = [style for style, _ in zip(styles(), range(40), strict=False)]
    assert len(set(first)) == 40
    dashes = [style.partition("stroke-dasharray")[2] for style in first[:5]]
    assert len(set(dashes)) == 5


def test_a_value_at_the_limit_is_not_drawn() -> None:
    assert places(Chart("t", {"a": [(1, LARGEST), (2, 1.0)]}, "epoch")) == [[(188.0, 164.0)]]

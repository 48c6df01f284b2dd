"""Strips of gates fit into a terminal, and stand where their values are."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from seq2seq.plotting.gate_strips import MOST_ROWS, Strip, StripPanel, draw_strip, draw_strips, limits
from seq2seq.terminal_text import printable

quick = settings(max_examples=60, deadline=None, derandomize=True)
tokens = st.lists(st.text(min_size=1, max_size=12) | st.sampled_from(["▁我们", "▁كلب", "ー", "</s>"]), min_size=1)
numbers = st.floats(-3, 3) | st.sampled_from([math.nan, math.inf])


def strip(name: str, values: list[float], units: int = 0) -> Strip:
    return Strip(name, 0.0, 1.0, values, values, values, {unit: values for unit in range(units)})


@quick
@given(tokens, st.integers(0, 5), st.integers(0, 30), st.integers(40, 160), st.booleans(), numbers)
def test_every_line_fits_and_is_harmless(
    tokens: list[str], gates: int, units: int, columns: int, writes: bool, value: float
) -> None:
    values = [value] * len(tokens)
    panel = StripPanel(
        "decoder, layer 1",
        "LSTMCell, 1,000 units",
        tokens,
        [0.5] * len(tokens) if writes else [],
        [strip(f"gate number {number}", values, units) for number in range(gates)],
        [Strip("c", None, None, values, values, values, {})],
    )
    lines = draw_strips([panel, panel], columns).split("\n")
    assert all(cell_len(line) <= columns for line in lines)
    assert all(line == printable(line) for line in lines)
    assert ("no gates" in lines) == (gates == 0)


def test_a_strip_shows_the_band_the_mean_and_the_units() -> None:
    values = Strip("forget", 0.0, 1.0, [0.45], [0.21], [0.79], {7: [0.0], 9: [1.0]})
    assert draw_strip(values, 0, 10, {7: "a", 9: "b"}) == "a·░░█░░░·b"


def test_a_unit_has_the_same_letter_in_every_layer() -> None:
    small = strip("h", [0.5])._replace(units={3: [0.0]})
    large = strip("h", [0.5])._replace(units={200: [1.0], 3: [0.0]})
    panels = [StripPanel(title, "LSTMCell", ["token"], [], [], [each]) for title, each in (("a", small), ("b", large))]
    lines = draw_strips(panels).split("\n")
    assert [line[0] for line in lines if "token" in line] == ["a", "a"]
    assert "a:3  b:200" in lines


def test_a_strip_without_limits_ends_at_the_largest_value() -> None:
    values = Strip("c", None, None, [0.5, 1.0], [-2.5, 0.0], [1.0, 1.5], {3: [2.0, math.inf]})
    assert limits(values) == (-2.5, 2.5)
    assert limits(Strip("c", None, None, [0.0], [0.0], [0.0], {})) == (-1.0, 1.0)


def test_the_drawing_says_what_it_leaves_out() -> None:
    count = MOST_ROWS + 5
    panel = StripPanel(
        "encoder, layer 1, forward", "GRUCell, 8 units", ["a"] * count, [], [], [strip("h", [0.5] * count)]
    )
    lines = draw_strips([panel]).split("\n")
    assert f"(cut: {MOST_ROWS} of {count} tokens)" in lines
    assert sum("█" in line for line in lines) == MOST_ROWS + 1  # and the legend

"""Tables of decay curves and gaps fit into terminals of every width."""

import pytest
from rich.cells import cell_len

from seq2seq.plotting.decay_tables import decay_table, gap_table, paragraph

HALVES = [0.5**step for step in range(101)]


def test_a_table_shows_the_shares_and_the_textbook() -> None:
    assert decay_table({"decoder": {"h": HALVES, "c": [1.0, 0.25, 0.125]}}).split("\n") == [
        "k, steps back       1       2       5      10      20      50     100",
        "decoder",
        "  h               0.5    0.25   0.031 0.00098 9.5e-07 8.9e-16 7.9e-31",
        "  c              0.25    0.12",
        "textbook, not measured",
        "  0.99^k         0.99    0.98    0.95     0.9    0.82    0.61    0.37",
        "  0.9^k           0.9    0.81    0.59    0.35    0.12  0.0052 2.7e-05",
    ]


@pytest.mark.parametrize("columns", [40, 80, 160])
@pytest.mark.parametrize("name", ["h", "日本" * 20, "forget gates"])
def test_tables_fit(columns: int, name: str) -> None:
    tables = decay_table({name * 9: {name: HALVES}}, columns), gap_table({name: [0.5] * 5}, [1, 2, 3, 4, 5], columns)
    assert all(cell_len(line) <= columns for text in tables for line in text.split("\n"))
    assert "\x1b" not in decay_table({"\x1b[31m": {"\x1b": HALVES}}, columns)


def test_a_narrow_table_shows_ten_steps_first() -> None:
    assert decay_table({"a": {"forget gates": HALVES}}, 40).split("\n")[0].split()[3:] == ["1", "10", "100"]
    assert "  h" in decay_table({"a": {"h": []}}, 40)


def test_gaps_stand_side_by_side() -> None:
    assert gap_table({"RNN": [1.0, 0.504], "LSTM": [0.0, 0.996]}, (5, 100)).split("\n") == [
        "gap      5   100",
        "RNN  100 %  50 %",
        "LSTM   0 % 100 %",
    ]


def test_a_paragraph_is_wrapped() -> None:
    lines = paragraph("word " * 60, 40).split("\n")
    assert max(map(len, lines)) <= 40
    assert max(map(len, paragraph("word " * 60, 400).split("\n"))) <= 100

"""A table fits into the terminal, with its labels beside the numbers or above them."""

from seq2seq.plotting.text_table import text_table

ROWS = [["", "all", "1–5"], ["模型", "100.0", "3.2"], ["a\x1bb", "4.1", "5.0"]]


def test_numbers_are_aligned_at_the_right() -> None:
    assert text_table(ROWS, 40).split("\n") == [
        "        all    1–5",
        "模型  100.0    3.2",
        "a�b     4.1    5.0",
    ]


def test_labels_that_do_not_fit_have_a_line_of_their_own() -> None:
    rows = [*ROWS, ["a name that is long", "1.0", "2.0"]]
    assert text_table(rows, 16).split("\n") == [
        "",
        "    all    1–5",
        "模型",
        "  100.0    3.2",
        "a�b",
        "    4.1    5.0",
        "a name that is…",
        "    1.0    2.0",
    ]

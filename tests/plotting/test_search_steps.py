"""A search drawn in a terminal fits into it, shows the numbers of the trace, and says what it leaves out."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from traced_search import BLANK, made_up_trace

from seq2seq.plotting.search_steps import MOST_STEPS, clip_start, draw_search, percent, with_bar
from seq2seq.terminal_text import printable

quick = settings(max_examples=60, deadline=None, derandomize=True)
tokens = st.lists(st.text(min_size=1, max_size=12) | st.sampled_from(["▁我们", "▁كلب", "ー", "</s>"]), min_size=1)


@quick
@given(tokens, st.integers(1, 14), st.integers(0, 6), st.integers(40, 160))
def test_every_line_fits_and_is_harmless(tokens: list[str], beam_size: int, pruned: int, columns: int) -> None:
    lines = draw_search(made_up_trace(tokens, beam_size, pruned), columns).plain.split("\n")
    assert all(cell_len(line) <= columns for line in lines)
    assert all(line == printable(line) for line in lines)
    assert [line.split()[1].strip(":") for line in lines if line.startswith("step ")] == [
        str(number) for number in range(1, len(tokens) + 2)
    ]


def test_rows_show_the_hypotheses_of_each_step() -> None:
    text = draw_search(made_up_trace(["▁The", "▁dog"], beam_size=3, pruned=1)).plain
    assert text.split("\n") == [
        "  rank←parent P(token) log P  text|token",
        "step 1 (forced): 1 considered, 1 kept",
        "*   1 ←    50.0%   -1.00  |The",
        "step 2: 4 considered, 3 kept",
        "*   1 ← 1  50.0%   -2.00  The |dog",
        "    2 ← 1  25.0%   -3.00  The |other1",
        "    3 ← 1  16.7%   -4.00  The |other2",
        " ×  4 ← 1  12.5%   -5.00  The |other3",
        "step 3: 4 considered, 3 kept",
        "*■  1 ← 1  50.0%   -3.00  The dog|</s>",
        " ■  2 ← 2  25.0%   -4.00  The other1|</s>",
        " –  3 ← 3  16.7%   -5.00  The other2|</s>",
        " ×  4 ← 1  12.5%   -6.00  The dog|</s>",
        "finished, best first",
        "score = log P / penalty + coverage",
        "*■  1  -2.250 = -4.00 / 2.00 + -0.25",
        "       ▁The▁dog",
        " ■  2  -3.250 = -4.00 / 2.00 + -0.25",
        "       ▁The▁dog",
        "*: leads to the best translation",
        "■: finished",
        "×: pruned, better ones took all slots",
        "–: dropped, it could no longer win",
    ]


def test_the_drawing_says_what_it_leaves_out() -> None:
    trace = made_up_trace(["▁a"] * (MOST_STEPS + 5), beam_size=12, pruned=5)
    text = draw_search(trace).plain
    assert f"(cut: {MOST_STEPS} of {MOST_STEPS + 6} steps)" in text
    assert "… 2 more kept and 2 more pruned" in text
    assert "more" not in draw_search(made_up_trace(["▁a"], beam_size=10, pruned=3)).plain
    many = replace(trace, finished=trace.finished * 6)
    assert "     … 2 more\n" in draw_search(many).plain


def test_the_winners_row_is_always_shown() -> None:
    """Here the winner comes from the last hypothesis of the beam."""
    trace = made_up_trace(["▁a", "▁b"], beam_size=12)
    *others, last = trace.steps
    *_, from_the_end = others[-1].hypotheses[:12]
    winner = replace(last.hypotheses[0], parent=from_the_end.id)
    steps = [*others, replace(last, hypotheses=[winner, *last.hypotheses[1:]])]
    lines = draw_search(replace(trace, steps=steps)).plain.split("\n")
    assert [line.split()[0:2] for line in lines if line.startswith("* ")] == [["*", "1"], ["*", "12"]]


def test_a_blank_sentence_has_no_search() -> None:
    assert draw_search(BLANK).plain == "(a blank sentence is not searched)"


@pytest.mark.parametrize(
    ("text", "token", "expected"),
    [
        ("", "▁The", "|The"),
        ("▁The", "▁dog", "The |dog"),
        ("▁A", "t", "A|t"),
        ("▁我们", "▁读", "我们 |读"),
        ("", "x", "|x"),
    ],
)
def test_the_bar_stands_before_the_last_token(text: str, token: str, expected: str) -> None:
    assert with_bar(text, token) == expected


@quick
@given(text=st.text(st.characters(), max_size=30), width=st.integers(1, 20))
def test_text_that_is_clipped_at_its_start_fits(text: str, width: int) -> None:
    clipped = clip_start(text, width)
    assert cell_len(clipped) <= width
    assert clipped == printable(text) or (clipped[0] == "…" and printable(text).endswith(clipped[1:]))


def test_small_probabilities_are_not_shown_as_zero() -> None:
    assert [percent(value) for value in (1.0, 0.1234, 0.001, 0.0009, 0.0)] == [
        "100.0%",
        "12.3%",
        "0.1%",
        "<0.1%",
        "<0.1%",
    ]

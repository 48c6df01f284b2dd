"""An alignment drawn in a terminal fits into it, says when it is cut, and shows only harmless characters."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from seq2seq.plotting.terminal import clip, draw_alignment
from seq2seq.terminal_text import printable
from seq2seq.translation.word_alignment import Alignment

quick = settings(max_examples=60, deadline=None, derandomize=True)
words = st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=40)


@quick
@given(sources=words, targets=words, columns=st.integers(50, 100))
def test_drawing_fits_or_says_that_it_is_cut(sources: list[str], targets: list[str], columns: int) -> None:
    weights = torch.rand(len(targets), len(sources), generator=torch.Generator().manual_seed(columns))
    lines = draw_alignment(Alignment(weights, tuple(sources), tuple(targets)), columns).plain.split("\n")
    assert all(cell_len(line) <= columns for line in lines)
    assert all(line == printable(line) for line in lines)
    cut = lines[-1].startswith("(cut: ")
    assert cut == (len(lines) - cut < len(sources) + 1 + len(targets))


def test_each_cell_is_shaded_under_its_source_word() -> None:
    words = ("我们", "x", "e\u0301t")
    lines = draw_alignment(Alignment(torch.eye(3), words, words)).plain.split("\n")
    *stairs, _, first, second, third = lines
    assert len(stairs) == 3
    for stair, row in zip(stairs, (first, second, third), strict=True):
        word = stair.split()[-1]
        assert cell_len(stair[: stair.rindex(word)]) == cell_len(row[: row.index("█")])
        assert row.startswith(word)
        assert row.count("█") == 2


def test_a_cut_drawing_says_how_many_words_it_shows() -> None:
    many = tuple(f"w{index}" for index in range(200))
    text = draw_alignment(Alignment(torch.eye(200), many, many)).plain
    assert "of 200 source and 60 of 200 target words" in text.split("\n")[-1]
    assert "(cut" not in draw_alignment(Alignment(torch.eye(5), many[:5], many[:5])).plain


@quick
@given(text=st.text(st.characters(), max_size=30), width=st.integers(1, 20))
def test_clipped_text_fits(text: str, width: int) -> None:
    clipped = clip(text, width)
    assert cell_len(clipped) <= width
    assert clipped == printable(text) or clipped.endswith("…")

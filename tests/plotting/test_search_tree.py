"""The tree of a search is drawn for any tokens, in every format, with every hypothesis in its place."""

import re
from pathlib import Path
from typing import Any

import pytest
from traced_search import BLANK, made_up_trace

from seq2seq.errors import UserError
from seq2seq.plotting import search_tree
from seq2seq.plotting.search_tree import LOOKS, WINNER, search_figure

MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml", "pdf": b"%PDF"}
TOKENS = ["▁Der", "▁我们", "▁كلب", "$x_{$", "👩‍👩‍👧", "\x1b[31m", "\uffff", "<0xE2>"]


@pytest.mark.parametrize("suffix", MAGIC)
def test_any_tokens_are_drawn_in_any_format_and_nothing_is_printed(
    suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"search.{suffix}"
    search_figure(path, made_up_trace(TOKENS))
    assert path.read_bytes().startswith(MAGIC[suffix])
    assert capfd.readouterr() == ("", "")


def test_tokens_and_numbers_are_in_the_figure(tmp_path: Path) -> None:
    """The SVG names each text in a comment."""
    path = tmp_path / "search.svg"
    search_figure(path, made_up_trace(["one", "two"], beam_size=2, pruned=1))
    texts = re.findall(r"<!-- (.+) -->", path.read_text())
    assert [text for text in texts if text in ("one", "two", "▁other1", "▁other2")] == [
        "one",
        "two",
        "▁other1",
        "▁other2",
    ]
    assert "1 (forced)" in texts
    assert {"50.0%  -1.00", "50.0%  -2.00", "50.0%  score -2.250", "25.0%  score -3.250"} <= {*texts}
    assert {"leads to the best translation", *LOOKS} <= {*texts}


def test_lines_lead_from_parents_to_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(search_tree, "save_figure", lambda path, figure: drawn.append(figure))
    search_figure(tmp_path / "search.png", made_up_trace(["one", "two"], beam_size=2, pruned=1))
    lines = {(*zip(*line.get_data(), strict=True),): line.get_color() for line in drawn[0].axes[0].lines}
    assert lines == {
        ((0, 0), (1, 0)): WINNER[0],
        ((1, 0), (2, 0)): WINNER[0],
        ((1, 0), (2, 1)): LOOKS["goes on"][0],
        ((1, 0), (2, 2)): LOOKS["pruned"][0],
        ((2, 0), (3, 0)): WINNER[0],
        ((2, 1), (3, 1)): LOOKS["finished"][0],
        ((2, 0), (3, 2)): LOOKS["pruned"][0],
    }


def test_the_figure_grows_with_the_search_up_to_its_limit(tmp_path: Path) -> None:
    from matplotlib.image import imread

    widths = []
    for count in (3, 6, 100):
        path = tmp_path / f"{count}.png"
        search_figure(path, made_up_trace(["w"] * count))
        widths.append(imread(path).shape[1])
    assert widths[0] < widths[1] < widths[2] < 6300


def test_a_blank_sentence_and_a_wrong_suffix_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="blank"):
        search_figure(tmp_path / "a.png", BLANK)
    with pytest.raises(UserError, match="figures end in"):
        search_figure(tmp_path / "a.txt", made_up_trace(["w"]))

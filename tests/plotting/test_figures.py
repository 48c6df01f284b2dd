"""Both figures are drawn for any words, in every format, and nothing is printed."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.errors import UserError
from seq2seq.plotting import figures
from seq2seq.plotting.figures import alignment_figure, curve, learning_curves

MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml", "pdf": b"%PDF", "PNG": b"\x89PNG\r\n\x1a\n"}
SOURCE = ["Der", "Привет", "我们", "مرحبا", "$x_{$", "👩‍👩‍👧", "\x1b[31m", "\uffff"]
TARGET = ["The", "hello", "日本語", "שלום", "a\nb", "हिन्दी"]
ROWS = [
    {
        "epoch": str(epoch),
        "training_loss": str(3 / epoch),
        "validation_loss": str(3.5 / epoch),
        "validation_bleu": str(epoch),
    }
    for epoch in range(1, 4)
]


@pytest.mark.parametrize("suffix", MAGIC)
def test_any_script_is_drawn_in_any_format_and_nothing_is_printed(
    suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new folder" / f"alignment.{suffix}"
    alignment_figure(path, torch.eye(len(TARGET), len(SOURCE)), SOURCE, TARGET)
    assert path.read_bytes().startswith(MAGIC[suffix])
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert capfd.readouterr() == ("", "")


def test_words_are_in_their_places(tmp_path: Path) -> None:
    """The SVG names each label in a comment."""
    path = tmp_path / "alignment.svg"
    alignment_figure(path, torch.eye(3), ["eins", "zwei", "drei"], ["one", "two", "three"])
    labels = re.findall(r"<!-- ([\w .]+) -->", path.read_text())
    assert labels == [
        *("eins", "zwei", "drei", "source", "one", "two", "three", "translation"),
        *("0", "1", "weight"),  # of the colour scale
    ]


def test_a_stronger_blue_is_more_weight_on_every_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(figures, "save_figure", lambda path, figure: drawn.append(figure))
    weights = torch.tensor([[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]])
    alignment_figure(tmp_path / "alignment.png", weights, ["a", "b", "c"], ["d", "e"])
    matrix, scale = (axes.images[0] for axes in drawn[0].axes)
    for image in (matrix, scale):
        colours = image.to_rgba(image.get_array(), norm=True)
        assert colours[..., 3] == pytest.approx(image.get_array(), abs=0.003)  # the page shines through the rest
        assert colours[..., 2].min() > colours[..., :2].max()
    assert matrix.get_array().tolist() == weights.tolist()
    assert scale.get_array()[0] == 0.0  # at the bottom, as its axis says
    assert scale.get_array()[-1] == 1.0


def test_the_figure_grows_with_the_sentence_up_to_its_limit(tmp_path: Path) -> None:
    from matplotlib.image import imread

    shapes = []
    for words in (2, 20, 160):
        path = tmp_path / f"{words}.png"
        alignment_figure(path, torch.eye(2, words), ["w"] * words, ["a", "b"])
        shapes.append(imread(path).shape)
    assert shapes[1][1] - shapes[0][1] == pytest.approx(18 * 0.28 * 150, abs=5)
    assert shapes[2][1] < 6300


@settings(max_examples=15, deadline=None, derandomize=True)
@given(words=st.lists(st.text(st.characters(), min_size=1, max_size=12), min_size=1, max_size=4))
def test_any_words_are_drawn(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    path = tmp_path_factory.mktemp("figures") / "alignment.svg"
    alignment_figure(path, torch.eye(len(words)), words, words)
    assert path.stat().st_size > 0


def test_an_empty_figure_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no words"):
        alignment_figure(tmp_path / "a.png", torch.zeros(0, 2), ["a", "b"], [])
    with pytest.raises(UserError, match="no epochs"):
        learning_curves(tmp_path / "a.png", [])


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_learning_curves_are_drawn_in_every_format(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"curves.{suffix}"
    learning_curves(path, ROWS)
    assert path.read_bytes().startswith(MAGIC[suffix])


def test_learning_curves_mark_the_best_epochs(tmp_path: Path) -> None:
    path = tmp_path / "curves.svg"
    losses, scores = (3.25, 1.125, 2.5), (10.5, 30.25, 20.75)
    learning_curves(
        path,
        [
            {"epoch": epoch, "training_loss": 1.0, "validation_loss": loss, "validation_bleu": bleu}
            for epoch, loss, bleu in zip((0, 1, 2), losses, scores, strict=True)
        ],
    )
    text = path.read_text()
    assert "<!-- 1.125 -->" in text
    assert "<!-- 30.25 -->" in text


def test_missing_values_are_not_drawn_and_wrong_ones_are_named(tmp_path: Path) -> None:
    rows = [{"epoch": "1", "validation_bleu": ""}, {"epoch": "2", "validation_bleu": "31.5"}, {"epoch": "3"}]
    assert curve(rows, "validation_bleu") == [(2.0, 31.5)]
    odd = [{"epoch": epoch, "validation_bleu": bleu} for epoch, bleu in (("1", "nan"), ("inf", "1"), ("2", "-inf"))]
    assert curve(odd, "validation_bleu") == []
    learning_curves(tmp_path / "a.png", rows)
    with pytest.raises(UserError, match="validation_bleu must be numbers"):
        curve([{"epoch": "1", "validation_bleu": "good"}], "validation_bleu")

"""A figure's format is checked, the same figure gives the same bytes, and matplotlib is imported late."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from seq2seq.errors import UserError
from seq2seq.plotting.canvas import FORMATS, check_figure_format, label
from seq2seq.plotting.figures import alignment_figure, learning_curves

ROWS = [{"epoch": 1, "training_loss": 2.0}]


def test_labels_are_short_composed_and_printable() -> None:
    assert label("x" * 31) == "x" * 29 + "…"
    assert label("x" * 30) == "x" * 30
    assert label("e\u0301") == "é"
    assert label("a\n\x1b\u202e") == "a���"


@pytest.mark.parametrize("suffix", [*FORMATS, ".PNG"])
def test_every_format_passes(suffix: str) -> None:
    check_figure_format(Path(f"figure{suffix}"))


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.png.gz"])
def test_the_error_for_another_suffix_names_the_formats(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.png, \.svg or \.pdf"):
        check_figure_format(tmp_path / name)
    with pytest.raises(UserError, match=r"\.png, \.svg or \.pdf"):
        alignment_figure(tmp_path / name, torch.eye(1), ["a"], ["b"])
    with pytest.raises(UserError, match=r"\.png, \.svg or \.pdf"):
        learning_curves(tmp_path / name, ROWS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_figure_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    first, second = tmp_path / f"1{suffix}", tmp_path / f"2{suffix}"
    for path in (first, second):
        alignment_figure(path, torch.eye(2), ["ein", "Hund"], ["a", "dog"])
    assert first.read_bytes() == second.read_bytes()


def test_matplotlib_is_not_imported_before_a_figure_is_drawn() -> None:
    modules = "seq2seq.plotting.figures, seq2seq.plotting.charts, seq2seq.cli.filter, seq2seq.cli.prompt_commands"
    code = f"import sys, {modules}; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""The drawings of gates show every layer, with the tokens of its own side."""

from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.insight.gate_drawings import draw_gates, save_gates
from seq2seq.insight.gates import BLANK
from seq2seq.insight.inspection import inspect_pair
from seq2seq.translation.translator import Translator


def test_the_drawing_has_each_layer_and_each_token(translator: Translator) -> None:
    gates = inspect_pair(translator, "wir lesen", "we read").gates
    lines = draw_gates(gates, columns=160).split("\n")
    titles = [line for line in lines if "coder, layer" in line]
    assert titles == ["encoder, layer 1, forward", "encoder, layer 1, backward", "decoder, layer 1"]
    shown = [line.split()[-1] for line in lines if "█" in line and "mean" not in line]
    assert shown == [*gates.source_tokens, *gates.source_tokens, *gates.target_tokens]
    assert sum("%" in line for line in lines) == len(gates.target_tokens) + 1  # and the legend


def test_a_figure_is_drawn(translator: Translator, tmp_path: Path) -> None:
    save_gates(tmp_path / "gates.svg", inspect_pair(translator, "wir lesen", "we read", units=[2]).gates)
    assert "<svg" in (tmp_path / "gates.svg").read_text()


def test_a_blank_sentence_is_not_drawn(tmp_path: Path) -> None:
    assert draw_gates(BLANK) == "(a blank sentence is not read)"
    with pytest.raises(UserError, match="the sentence is blank"):
        save_gates(tmp_path / "gates.svg", BLANK)

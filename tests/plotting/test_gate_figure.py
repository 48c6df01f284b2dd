"""The figure of gates is drawn for any number of layers, tokens and units, in every script."""

from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.plotting.gate_figure import gate_figure
from seq2seq.plotting.gate_strips import Strip, StripPanel


@pytest.mark.parametrize(
    ("layers", "tokens", "units", "suffix"), [(1, 1, 0, ".svg"), (8, 3, 9, ".png"), (3, 200, 1, ".pdf")]
)
def test_figures_of_every_size_are_drawn(layers: int, tokens: int, units: int, suffix: str, tmp_path: Path) -> None:
    values = [0.5] * tokens
    gate = Strip("$forget^$", 0.0, 1.0, values, values, values, {unit: values for unit in range(units)})
    state = Strip("c", None, None, values, values, values, {})
    panels = [
        StripPanel(f"layer {layer}", "LSTMCell", ["▁$日^"] * tokens, [], [gate] * (layer % 2), [state])
        for layer in range(1, layers + 1)
    ]
    for copy in ("a", "b"):
        gate_figure(tmp_path / f"{copy}{suffix}", panels)
    assert (tmp_path / f"a{suffix}").stat().st_size > 1000
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_what_cannot_be_drawn_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the sentence is blank"):
        gate_figure(tmp_path / "a.png", [])
    with pytest.raises(UserError, match=r"\.png, \.svg or \.pdf"):
        gate_figure(tmp_path / "a.gif", [])

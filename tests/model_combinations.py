"""Models of every combination of cells, directions, layers and contexts, as Hypothesis draws them."""

from typing import NamedTuple

from hypothesis import strategies as st
from random_models import CELLS, CONTEXTS, NORMALISED, small_model

from seq2seq.model.encoder_decoder import EncoderDecoder

DIRECTIONS = {
    "both": {},
    "forward": {"bidirectional": False},
    "reversed": {"bidirectional": False, "reversed": True},
}


class Combination(NamedTuple):
    encoder_cell: str
    decoder_cell: str
    context: str
    directions: str
    layers: tuple[int, int]  # the encoder's and the decoder's
    residual: bool  # in sides with two layers or more

    def build(self, dropout: float = 0.0) -> EncoderDecoder:
        """Return a small model with random weights."""
        cells = CELLS | NORMALISED
        return small_model(
            CONTEXTS[self.context],
            self.layers,
            joint=False,
            tied=False,
            dropout=dropout,
            cells=(cells[self.encoder_cell], cells[self.decoder_cell]),
            residual=(self.residual and self.layers[0] > 1, self.residual and self.layers[1] > 1),
            **DIRECTIONS[self.directions],
        )


combinations = st.builds(
    Combination,
    encoder_cell=st.sampled_from(sorted(CELLS | NORMALISED)),
    decoder_cell=st.sampled_from(sorted(CELLS | NORMALISED)),
    context=st.sampled_from(sorted(CONTEXTS)),
    directions=st.sampled_from(sorted(DIRECTIONS)),
    layers=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    residual=st.booleans(),
)

"""Small random models, memories and batches that the tests of several folders share."""

from collections.abc import Sequence
from functools import partial

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st

from seq2seq.model.attention import AdditiveAttention, DotAttention, FixedContext, MultiHeadAttention, NoContext
from seq2seq.model.cells.cell import CellFactory
from seq2seq.model.cells.gru import GRUCell
from seq2seq.model.cells.lstm import LSTMCell, LSTMState, PeepholeLSTMCell
from seq2seq.model.cells.rnn import RNNCell
from seq2seq.model.context import ContextFactory
from seq2seq.model.decoder import DecoderOptions
from seq2seq.model.encoder import EncoderOptions, Memory
from seq2seq.model.encoder_decoder import EncoderDecoder, ModelOptions
from seq2seq.model.luong import LuongAttention
from seq2seq.text.batch import Batch, length_mask
from seq2seq.text.special_tokens import EOS

VOCABULARY = 12
CONTEXTS: dict[str, ContextFactory] = {
    "additive": partial(AdditiveAttention, size=5),
    "sees-last-word": partial(AdditiveAttention, size=5, sees_last_word=True),
    "dot": DotAttention,
    "multi-head": partial(MultiHeadAttention, heads=2, size=6),
    "luong": LuongAttention,
    "luong-concat": partial(LuongAttention, score="concat"),
    "fixed": FixedContext,
    "none": NoContext,
}
ATTENDING = {name: factory for name, factory in CONTEXTS.items() if name not in ("fixed", "none")}
CELLS: dict[str, CellFactory] = {"lstm": LSTMCell, "peephole_lstm": PeepholeLSTMCell, "gru": GRUCell, "rnn": RNNCell}
NORMALISED = {f"{name}-layer_norm": partial(cell, layer_norm=True) for name, cell in CELLS.items()}
each_context = pytest.mark.parametrize("factory", CONTEXTS.values(), ids=CONTEXTS)
each_cell = pytest.mark.parametrize("cell", (CELLS | NORMALISED).values(), ids=CELLS | NORMALISED)
each_attention = pytest.mark.parametrize("factory", ATTENDING.values(), ids=ATTENDING)

quick = settings(max_examples=10, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32 - 1)
lengths = st.lists(st.integers(1, 6), min_size=2, max_size=4)  # of the sentences of a batch, without EOS


def sentence(length: int) -> list[int]:
    """Return `length` random token ids and EOS."""
    return [*torch.randint(EOS + 1, VOCABULARY, (length,)).tolist(), EOS]


def sentences(lengths: Sequence[int]) -> list[list[int]]:
    return [sentence(length) for length in lengths]


def random_batch(lengths: Sequence[int]) -> Batch:
    """Return a batch whose targets have the same lengths as its sources, in reversed order."""
    return Batch.from_ids(sentences(lengths), sentences(lengths[::-1]))


def single_pair(batch: Batch, row: int) -> Batch:
    """Return one sentence pair of a batch as a batch without padding."""
    source, target = (int(mask[row].sum()) for mask in (batch.source_mask, batch.target_mask))
    sides = (batch.source[row], batch.source_mask[row]), (batch.inputs[row], batch.labels[row], batch.target_mask[row])
    return Batch(*(leaf[None, :source] for leaf in sides[0]), *(leaf[None, :target] for leaf in sides[1]))


def random_memory(lengths: Sequence[int], size: int = 6, layers: int = 1) -> Memory:
    """Return a memory with random values at the padding, not zeros."""
    mask = length_mask(torch.tensor(lengths))
    values = torch.randn(*mask.shape, size)
    last = LSTMState(*torch.randn(2, len(lengths), layers, size).tanh())
    return Memory(values, mask, last.hidden[:, -1], last, keys=values)


def small_model(
    factory: ContextFactory = AdditiveAttention,
    layers: tuple[int, int] = (1, 1),
    joint: bool = True,
    tied: bool = True,
    dropout: float = 0.0,
    state_dropout: float = 0.0,
    cells: tuple[CellFactory, CellFactory] = (LSTMCell, LSTMCell),
    residual: tuple[bool, bool] = (False, False),
    vocabulary: int = VOCABULARY,
    **directions: bool,
) -> EncoderDecoder:
    """Return a model with weights so large that its probabilities differ clearly.

    layers, cells, residual: the encoder's and the decoder's.
    directions: of the encoder, which reads in both by default.
    """
    options = ModelOptions(
        embedding=5,
        encoder=EncoderOptions(4, layers[0], dropout, dropout, cells[0], residual=residual[0], **directions),
        decoder=DecoderOptions(7, layers[1], dropout, dropout, state_dropout, factory, cells[1], residual[1]),
        tie_embeddings=tied,
    )
    model = EncoderDecoder(options, vocabulary, vocabulary if joint else vocabulary + 1, joint)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.6)
    return model.eval()

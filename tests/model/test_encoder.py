"""The encoder: padding is never read, and the memory holds what both directions have read."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_models import VOCABULARY, lengths, quick, seeds, sentences

from seq2seq.errors import OptionError
from seq2seq.model.embedding import Embedding
from seq2seq.model.encoder import Encoder, EncoderOptions
from seq2seq.text.batch import pad
from seq2seq.text.special_tokens import EOS

HIDDEN = 4


def make_encoder(layers: int = 1, dropout: float = 0.0, **options: bool) -> Encoder:
    embedding = Embedding(VOCABULARY, 5)
    return Encoder(embedding, EncoderOptions(HIDDEN, layers, dropout, dropout, **options)).eval()  # type: ignore[arg-type]


@quick
@given(lengths, st.integers(1, 3), seeds)
def test_a_sentence_alone_has_the_memory_it_has_in_a_batch(sizes: list[int], layers: int, seed: int) -> None:
    torch.manual_seed(seed)
    encoder, rows = make_encoder(layers), sentences(sizes)
    together = encoder(*pad(rows))
    for index, row in enumerate(rows):
        alone = encoder(*pad([row]))
        torch.testing.assert_close(together.values[index, : len(row)], alone.values[0])
        for batched, single in zip((together.summary, *together.last), (alone.summary, *alone.last), strict=True):
            torch.testing.assert_close(batched[index], single[0])


@quick
@given(lengths, seeds)
def test_ids_at_padding_do_not_matter(sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    encoder = make_encoder(2)
    source, mask = pad(sentences(sizes))
    memory = encoder(source, mask)
    other = encoder(source.masked_fill(~mask, EOS + 1), mask)
    for leaf, other_leaf in zip((*memory[:3], *memory.last), (*other[:3], *other.last), strict=True):
        assert torch.equal(leaf, other_leaf)
    assert torch.equal(memory.mask, mask)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_summary_is_the_last_states_of_both_directions(layers: int) -> None:
    torch.manual_seed(0)
    encoder = make_encoder(layers)
    source, mask = pad(sentences([5, 1, 3]))
    memory = encoder(source, mask)
    assert [leaf.shape for leaf in memory.last] == [(3, layers, encoder.size)] * 2
    for row, length in enumerate(mask.sum(dim=1).tolist()):
        torch.testing.assert_close(memory.summary[row, :HIDDEN], memory.values[row, length - 1, :HIDDEN])
        torch.testing.assert_close(memory.summary[row, HIDDEN:], memory.values[row, 0, HIDDEN:])
    assert torch.equal(memory.summary, memory.last.hidden[:, -1])


def test_each_direction_depends_only_on_the_tokens_it_has_read() -> None:
    torch.manual_seed(0)
    encoder = make_encoder()
    source = torch.tensor([[4, 5, 6, 7, EOS]])
    changed = source.clone()
    changed[0, 2] = 8
    mask = torch.ones_like(source, dtype=torch.bool)
    same = encoder(source, mask).values[0] == encoder(changed, mask).values[0]  # (source, memory)
    assert same[:2, :HIDDEN].all()
    assert not same[2:, :HIDDEN].any()
    assert not same[:3, HIDDEN:].any()
    assert same[3:, HIDDEN:].all()


def test_forget_gates_start_open() -> None:
    for layer in make_encoder(2).layers:
        for direction in ("", "_reverse"):
            bias = sum(getattr(layer, f"bias_{kind}_l0{direction}") for kind in ("ih", "hh"))
            _, forget, _, _ = bias.chunk(4)
            assert (forget == 1).all()
            assert bias.count_nonzero() == HIDDEN


def test_dropout_is_for_training_only() -> None:
    torch.manual_seed(0)
    encoder = make_encoder(2, dropout=0.5)
    batch = pad(sentences([5, 3]))
    assert torch.equal(encoder(*batch).values, encoder(*batch).values)
    encoder.train()
    assert not torch.equal(encoder(*batch).values, encoder(*batch).values)
    assert (encoder(*batch).values[0] == 0).any()


@quick
@given(lengths, st.integers(1, 3), seeds)
def test_a_reversed_encoder_reads_from_the_last_real_token_to_the_first(
    sizes: list[int], layers: int, seed: int
) -> None:
    """It equals an encoder that reads forward, and is given the sentences backward."""
    torch.manual_seed(seed)
    backward = make_encoder(layers, bidirectional=False, reversed=True)
    forward = make_encoder(layers, bidirectional=False)
    forward.load_state_dict(backward.state_dict())
    rows = sentences(sizes)
    memory, mirrored = backward(*pad(rows)), forward(*pad([row[::-1] for row in rows]))
    torch.testing.assert_close(memory.last, mirrored.last)
    torch.testing.assert_close(memory.summary, memory.last.hidden[:, -1])
    for index, row in enumerate(rows):
        torch.testing.assert_close(memory.values[index, : len(row)], mirrored.values[index, : len(row)].flip(0))
        assert not memory.values[index, len(row) :].any()


@pytest.mark.parametrize("reversed", [True, False])
def test_one_direction_depends_only_on_the_tokens_it_has_read(reversed: bool) -> None:
    torch.manual_seed(0)
    encoder = make_encoder(bidirectional=False, reversed=reversed)
    source = torch.tensor([[4, 5, 6, 7, EOS]])
    changed = source.clone()
    changed[0, 2] = 8
    mask = torch.ones_like(source, dtype=torch.bool)
    same = (encoder(source, mask).values == encoder(changed, mask).values).all(dim=-1)[0]
    assert same.tolist() == ([False] * 3 + [True] * 2 if reversed else [True] * 2 + [False] * 3)
    assert encoder.size == HIDDEN


def test_residual_connections_add_the_input_of_each_layer_from_the_second_on() -> None:
    torch.manual_seed(0)
    encoder = make_encoder(3, residual=True)
    source, mask = pad(sentences([5, 2]))
    expected = encoder.embedding(source)
    for height, layer in enumerate(encoder.layers):
        outputs, _ = layer(expected, mask.sum(dim=1))
        expected = outputs + expected if height else outputs
    torch.testing.assert_close(encoder(source, mask).values, expected)
    plain = make_encoder(3)
    plain.load_state_dict(encoder.state_dict())
    assert not torch.allclose(plain(source, mask).values, expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reversed": True}, r"^reversed: .* set bidirectional to false, too$"),
        ({"residual": True}, r"^residual: .* set layers to 2 or more$"),
    ],
)
def test_options_that_exclude_each_other_are_errors(options: dict[str, bool], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        EncoderOptions(**options)  # type: ignore[arg-type]

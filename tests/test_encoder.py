"""The encoder: padding is never read, and the memory is what both directions have seen."""

import pytest
import torch
from examples import VOCABULARY, lengths, quick, seeds, sentences
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.embedding import Embedding
from seq2seq.encoder import Encoder, EncoderOptions
from seq2seq.tensors import pad
from seq2seq.vocabulary import EOS

HIDDEN = 4


def make(layers: int = 1, dropout: float = 0.0) -> Encoder:
    embedding = Embedding(VOCABULARY, 5)
    return Encoder(embedding, EncoderOptions(HIDDEN, layers, dropout, dropout)).eval()


@quick
@given(lengths, st.integers(1, 3), seeds)
def test_a_sentence_alone_has_the_memory_it_has_in_a_batch(sizes: list[int], layers: int, seed: int) -> None:
    torch.manual_seed(seed)
    encoder, rows = make(layers), sentences(sizes)
    together = encoder(*pad(rows))
    for number, row in enumerate(rows):
        alone = encoder(*pad([row]))
        torch.testing.assert_close(together.values[number, : len(row)], alone.values[0])
        for name in ("summary", "hidden", "cell"):
            torch.testing.assert_close(getattr(together, name)[number], getattr(alone, name)[0])


@quick
@given(lengths, seeds)
def test_what_stands_on_padding_is_not_read(sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    encoder = make(2)
    words, mask = pad(sentences(sizes))
    memory = encoder(words, mask)
    other = encoder(words.masked_fill(~mask, EOS + 1), mask)
    for ours, theirs in zip(memory, other, strict=True):
        assert torch.equal(ours, theirs)
    assert torch.equal(memory.mask, mask)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_summary_is_the_last_states_of_both_directions(layers: int) -> None:
    torch.manual_seed(0)
    encoder = make(layers)
    words, mask = pad(sentences([5, 1, 3]))
    memory = encoder(words, mask)
    assert memory.hidden.shape == memory.cell.shape == (3, layers, encoder.size)
    for row, length in enumerate(mask.sum(dim=1).tolist()):
        torch.testing.assert_close(memory.summary[row, :HIDDEN], memory.values[row, length - 1, :HIDDEN])
        torch.testing.assert_close(memory.summary[row, HIDDEN:], memory.values[row, 0, HIDDEN:])
    assert torch.equal(memory.summary, memory.hidden[:, -1])


def test_each_direction_has_seen_what_lies_behind_it() -> None:
    torch.manual_seed(0)
    encoder = make()
    words = torch.tensor([[4, 5, 6, 7, EOS]])
    changed = words.clone()
    changed[0, 2] = 8
    mask = torch.ones_like(words, dtype=torch.bool)
    same = encoder(words, mask).values[0] == encoder(changed, mask).values[0]  # (source, memory)
    assert same[:2, :HIDDEN].all()
    assert not same[2:, :HIDDEN].any()
    assert not same[:3, HIDDEN:].any()
    assert same[3:, HIDDEN:].all()


def test_forget_gates_start_open() -> None:
    for layer in make(2).layers:
        for direction in ("", "_reverse"):
            bias = sum(getattr(layer, f"bias_{of}_l0{direction}") for of in ("ih", "hh"))
            _, forget, _, _ = bias.chunk(4)
            assert (forget == 1).all()
            assert bias.count_nonzero() == HIDDEN


def test_dropout_is_for_training_only() -> None:
    torch.manual_seed(0)
    encoder = make(2, dropout=0.5)
    batch = pad(sentences([5, 3]))
    assert torch.equal(encoder(*batch).values, encoder(*batch).values)
    encoder.train()
    assert not torch.equal(encoder(*batch).values, encoder(*batch).values)
    assert (encoder(*batch).values[0] == 0).any()

"""The masks of a batch mark its real tokens, padding is on the right, and inputs are the labels shifted by one."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_models import quick

from seq2seq.text.batch import Batch, length_mask, pad
from seq2seq.text.special_tokens import BOS, EOS, PAD

rows = st.lists(st.integers(EOS + 1, 99), max_size=6).map(lambda tokens: [*tokens, EOS])
pairs = st.lists(st.tuples(rows, rows), min_size=1, max_size=5)


@quick
@given(pairs)
def test_a_batch_holds_every_token_and_otherwise_padding(pairs: list[tuple[list[int], list[int]]]) -> None:
    sources, targets = zip(*pairs, strict=True)
    batch = Batch.from_ids(sources, targets)
    for ids, mask, expected in (
        (batch.source, batch.source_mask, sources),
        (batch.labels, batch.target_mask, targets),
        (batch.inputs, batch.target_mask, [[BOS, *row[:-1]] for row in targets]),
    ):
        assert ids.shape == mask.shape == (len(expected), max(map(len, expected)))
        assert mask.dtype == torch.bool
        assert ids.dtype == torch.long
        assert [row[real].tolist() for row, real in zip(ids, mask, strict=True)] == list(map(list, expected))
        assert (ids[~mask] == PAD).all()
        assert not (mask[:, 1:] & ~mask[:, :-1]).any()  # padding is on the right


@quick
@given(pairs)
def test_an_input_is_the_label_before_it(pairs: list[tuple[list[int], list[int]]]) -> None:
    batch = Batch.from_ids(*zip(*pairs, strict=True))
    assert (batch.inputs[:, 0] == BOS).all()
    later = batch.target_mask[:, 1:]
    assert torch.equal(batch.inputs[:, 1:][later], batch.labels[:, :-1][later])
    assert not (batch.inputs == EOS).any()


@settings(quick, max_examples=50)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers(0, 3))
def test_a_length_mask_is_true_as_often_as_the_row_is_long(lengths: list[int], extra: int) -> None:
    longest = max(lengths)
    mask = length_mask(torch.tensor(lengths))
    assert mask.dtype == torch.bool
    assert mask.tolist() == [[position < length for position in range(longest)] for length in lengths]
    wider = length_mask(torch.tensor(lengths), longest + extra)
    assert wider.shape == (len(lengths), longest + extra)
    assert wider[:, :longest].equal(mask)
    assert not wider[:, longest:].any()


@settings(quick, max_examples=50)
@given(st.lists(st.lists(st.integers(1, 99), max_size=7), min_size=1, max_size=5))
def test_the_mask_takes_padding_off_again(rows: list[list[int]]) -> None:
    ids, mask = pad(rows)
    assert ids.dtype == torch.int64
    assert ids.shape == mask.shape == (len(rows), max(map(len, rows)))
    assert [row[real].tolist() for row, real in zip(ids, mask, strict=True)] == rows
    assert (ids[~mask] == PAD).all()

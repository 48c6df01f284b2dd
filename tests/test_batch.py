"""A batch: what is real is where the mask says, and inputs are the labels one step later."""

import torch
from examples import quick
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.batch import Batch
from seq2seq.vocabulary import BOS, EOS, PAD

rows = st.lists(st.integers(EOS + 1, 99), max_size=6).map(lambda words: [*words, EOS])
pairs = st.lists(st.tuples(rows, rows), min_size=1, max_size=5)


@quick
@given(pairs)
def test_every_word_comes_back_and_the_rest_is_padding(pairs: list[tuple[list[int], list[int]]]) -> None:
    sources, targets = zip(*pairs, strict=True)
    batch = Batch.of(sources, targets)
    for ids, mask, given_rows in (
        (batch.source, batch.source_mask, sources),
        (batch.labels, batch.target_mask, targets),
        (batch.inputs, batch.target_mask, [[BOS, *row[:-1]] for row in targets]),
    ):
        assert ids.shape == mask.shape == (len(given_rows), max(map(len, given_rows)))
        assert mask.dtype == torch.bool
        assert ids.dtype == torch.long
        assert [row[kept].tolist() for row, kept in zip(ids, mask, strict=True)] == list(map(list, given_rows))
        assert (ids[~mask] == PAD).all()
        assert not (mask[:, 1:] & ~mask[:, :-1]).any()  # padding is on the right


@quick
@given(pairs)
def test_an_input_is_the_label_before_it(pairs: list[tuple[list[int], list[int]]]) -> None:
    batch = Batch.of(*zip(*pairs, strict=True))
    assert (batch.inputs[:, 0] == BOS).all()
    later = batch.target_mask[:, 1:]
    assert torch.equal(batch.inputs[:, 1:][later], batch.labels[:, :-1][later])
    assert not (batch.inputs == EOS).any()

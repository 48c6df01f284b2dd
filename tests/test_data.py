"""Batches: every row once, no larger than allowed, shared fairly among processes, in an order that can be repeated."""

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any

import datasets
import pytest
import torch
from examples import quick, seeds
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.batch import Batch
from seq2seq.data import (
    Batching,
    Collate,
    Row,
    Share,
    Stream,
    buckets,
    epoch_batches,
    mix,
    scoring_batches,
    tokenise,
    training_batches,
)
from seq2seq.errors import UserError
from seq2seq.translator import Translator
from seq2seq.vocabulary import EOS

Lengths = list[tuple[int, int]]
Order = list[list[int]]

pair_lengths = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=8, max_size=40)
batchings = st.builds(Batching, batch_tokens=st.integers(1, 60), pool=st.integers(1, 50), seed=st.integers(0, 2**62))
all_ranks = st.integers(1, 8)


def width(batch: Sequence[int], lengths: Lengths) -> int:
    return max(max(lengths[index]) for index in batch)


def shares(lengths: Lengths, batching: Batching, epoch: int, ranks: int) -> list[Order]:
    return [epoch_batches(lengths, batching, epoch, Share(rank, ranks)) for rank in range(ranks)]


@quick
@given(pair_lengths, st.integers(1, 60), st.integers(1, 8))
def test_buckets_hold_every_pair_once_in_order_of_length(lengths: Lengths, batch_tokens: int, least: int) -> None:
    found = buckets(lengths, batch_tokens, least)
    order = [index for batch in found for index in batch]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[index] for index in order] == sorted(lengths)
    assert all(len(batch) >= least for batch in found)
    for batch in found[:-1]:  # to the last one are added those that would be too few by themselves
        assert len(batch) == least or len(batch) * width(batch, lengths) <= batch_tokens
    for batch, following in pairwise(found):  # no batch could have been larger
        assert (len(batch) + 1) * width([*batch, following[0]], lengths) > batch_tokens


@quick
@given(pair_lengths, batchings, st.integers(0, 9))
def test_an_epoch_has_every_row_once_in_batches_of_the_size_allowed(
    lengths: Lengths, batching: Batching, epoch: int
) -> None:
    found = epoch_batches(lengths, batching, epoch, Share())
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * width(batch, lengths) <= batching.batch_tokens


@quick
@given(pair_lengths, batchings, st.integers(0, 9), all_ranks)
def test_processes_share_every_batch(lengths: Lengths, batching: Batching, epoch: int, ranks: int) -> None:
    found = shares(lengths, batching, epoch, ranks)
    assert sorted(chain.from_iterable(chain.from_iterable(found))) == list(range(len(lengths)))
    for parts in zip(*found, strict=True):  # strict: equally many batches on every rank
        sizes = {len(part) for part in parts}
        assert min(sizes) >= 1
        assert max(sizes) - min(sizes) <= 1


def test_more_processes_than_rows_are_too_many() -> None:
    with pytest.raises(UserError, match="2 sentence pairs cannot be shared among 3 processes"):
        epoch_batches([(1, 1)] * 2, Batching(10, 10, 1), 0, Share(0, 3))


@quick
@given(seeds, st.integers(0, 100))
def test_the_order_follows_from_seed_and_epoch(seed: int, epoch: int) -> None:
    lengths = [(1 + index % 7, 1 + index % 5) for index in range(100)]

    def order(seed: int, epoch: int) -> Order:
        return epoch_batches(lengths, Batching(40, 50, seed), epoch, Share())

    assert order(seed, epoch) == order(seed, epoch)
    assert order(seed, epoch) != order(seed, epoch + 1)
    assert order(seed, epoch) != order(seed + 1, epoch)
    assert order(seed + 1, epoch) != order(seed, epoch + 1)


def test_batches_are_not_in_order_of_length() -> None:
    lengths = [(1 + index % 20, 1 + index % 20) for index in range(400)]
    widths = [width(batch, lengths) for batch in epoch_batches(lengths, Batching(60, 400, 1), 0, Share())]
    assert widths != sorted(widths)
    assert widths != sorted(widths, reverse=True)


def test_padding_is_a_small_share() -> None:
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(1, 60, (2000,), generator=generator)
    sources = (targets + torch.randint(-3, 4, (2000,), generator=generator)).clamp(min=1)
    lengths = list(zip(targets.tolist(), sources.tolist(), strict=True))
    cells = words = 0
    for batch in epoch_batches(lengths, Batching(1000, 2000, 1), 0, Share()):
        for side in range(2):
            sizes = [lengths[index][side] for index in batch]
            cells += len(sizes) * max(sizes)
            words += sum(sizes)
    assert 1 - words / cells < 0.06


def test_mixed_seeds_differ() -> None:
    mixed = {mix(seed, epoch, rank) for seed in range(10) for epoch in range(10) for rank in range(10)}
    assert len(mixed) == 1000
    assert all(0 <= seed < 2**63 for seed in mixed)


class Words:
    """A tokenizer of a kind: an id a word."""

    def encode_source(self, texts: Sequence[str], sampling: float = 0.0) -> list[list[int]]:
        return [[*map(int, text.split()), EOS] for text in texts]

    encode_target = encode_source


class Numbers(Collate):
    """Gives the number that each row begins with, in the batch's place: which row is where."""

    def __init__(self) -> None:
        self.tokenizer: Any = Words()

    def __call__(self, rows: Sequence[Row]) -> Any:
        return [row["source_ids"][0] - 10 for row in rows]


def corpus(size: int) -> datasets.Dataset:
    """Row n begins with the word n + 10; the rest makes its length."""
    texts = [f"{number + 10} " + "7 " * (number * 7 % 11) for number in range(size)]
    return datasets.Dataset.from_dict({"source": texts, "target": texts})


def tokenised(size: int) -> datasets.Dataset:
    rows = corpus(size)
    ids = Words().encode_source(rows["source"])
    return rows.add_column("source_ids", ids).add_column("target_ids", ids)


BATCHING = Batching(batch_tokens=40, pool=20, seed=3)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("streaming", [False, True])
def test_every_row_is_trained_on_once_an_epoch(streaming: bool, workers: int) -> None:
    rows = corpus(53).to_iterable_dataset(num_shards=2) if streaming else tokenised(53)
    epochs = []
    for epoch in (0, 0, 1):
        loaders = [training_batches(rows, Numbers(), BATCHING, epoch, Share(rank, 2), workers) for rank in range(2)]
        found: list[Any] = [list(loader) for loader in loaders]
        assert len(found[0]) == len(found[1]) > 1
        assert sorted(number for batches in found for batch in batches for number in batch) == list(range(53))
        epochs.append(found)
    assert epochs[0] == epochs[1]
    assert epochs[0] != epochs[2]


@quick
@given(size=st.integers(1, 50), pool=st.integers(1, 30), batch_tokens=st.integers(12, 60), ranks=st.integers(1, 3))
def test_a_stream_gives_each_row_once(size: int, pool: int, batch_tokens: int, ranks: int) -> None:
    batching = Batching(batch_tokens, pool, seed=1)
    rows = corpus(size).to_iterable_dataset()
    if size < ranks:
        with pytest.raises(UserError, match="cannot be shared"):
            list(Stream(rows, Numbers(), batching, 0, Share(0, ranks)))
        return
    found: list[Any] = [list(Stream(rows, Numbers(), batching, 0, Share(rank, ranks))) for rank in range(ranks)]
    assert len({len(batches) for batches in found}) == 1
    assert sorted(number for batches in found for batch in batches for number in batch) == list(range(size))
    if ranks == 1:
        for batch in found[0]:
            assert len(batch) == 1 or len(batch) * max(2 + number * 7 % 11 for number in batch) <= batch_tokens


def test_tokenising_adds_ids_and_keeps_the_text(translator: Translator) -> None:
    tokenizer = translator.tokenizer
    rows = datasets.Dataset.from_dict({"source": ["der Hund", "wir lesen"], "target": ["the dog", "we read"]})
    found = tokenise(rows, tokenizer)
    assert found["source_ids"][:] == tokenizer.encode_source(rows["source"])
    assert found["target_ids"][:] == tokenizer.encode_target(rows["target"])
    assert found["source"][:] == rows["source"][:]
    stream = tokenise(rows.to_iterable_dataset(), tokenizer)
    assert list(stream) == list(found)
    assert tokenise(rows, tokenizer)._fingerprint == found._fingerprint  # so that `datasets` finds it in its cache


def test_a_batch_is_of_the_rows_ids_unless_it_samples(translator: Translator) -> None:
    rows = list(
        tokenise(datasets.Dataset.from_dict({"source": ["der Hund"], "target": ["the dog"]}), translator.tokenizer)
    )
    batch = Collate(translator.tokenizer)(rows)
    expected = Batch.of([rows[0]["source_ids"]], [rows[0]["target_ids"]])
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(batch, expected, strict=True))
    sampled = [Collate(translator.tokenizer, 0.1)(rows * 4).source.tolist() for _ in range(4)]
    assert any(batch != sampled[0] for batch in sampled)
    for batch in sampled:
        assert translator.tokenizer.decode_target(batch) == ["der Hund"] * 4


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("streaming", [False, True])
def test_sampling_follows_from_seed_epoch_and_rank(translator: Translator, streaming: bool, workers: int) -> None:
    texts = ["die Katze schläft im Haus und der Hund liest ein Buch"] * 8
    rows: Any = datasets.Dataset.from_dict({"source": texts, "target": texts})
    rows = rows.to_iterable_dataset(num_shards=2) if streaming else tokenise(rows, translator.tokenizer)

    def cuts(seed: int, epoch: int, rank: int) -> list[Any]:
        collate, batching = Collate(translator.tokenizer, 0.1), Batching(100, 8, seed)
        loader = training_batches(rows, collate, batching, epoch, Share(rank, 2), workers)
        return [batch.source.tolist() for batch in loader]

    first = cuts(1, 0, 0)
    assert first == cuts(1, 0, 0)
    for other in (cuts(2, 0, 0), cuts(1, 1, 0), cuts(1, 0, 1)):
        assert first != other
    sampled = {tuple(row) for batch in first for row in batch}
    assert len(sampled) > 1  # equal sentences are not cut equally
    assert {text for batch in first for text in translator.tokenizer.decode_target(batch)} == {texts[0]}


@quick
@given(size=st.integers(3, 40), batch_tokens=st.integers(12, 60), ranks=st.integers(1, 3))
def test_scoring_goes_through_a_split_once(size: int, batch_tokens: int, ranks: int) -> None:
    rows = tokenised(size)
    words: Any = Words()
    found = [list(scoring_batches(rows, words, batch_tokens, Share(rank, ranks))) for rank in range(ranks)]
    assert len({len(batches) for batches in found}) == 1
    assert sorted(row for batches in found for numbered in batches for row in numbered.rows.tolist()) == list(
        range(size)
    )
    for batches in found:
        for numbered in batches:
            for row, source, mask in zip(numbered.rows, numbered.batch.source, numbered.batch.source_mask, strict=True):
                assert source[mask].tolist() == rows[int(row)]["source_ids"]


def test_scoring_needs_a_row_for_every_process() -> None:
    words: Any = Words()
    with pytest.raises(UserError, match="2 sentence pairs cannot be shared among 3 processes"):
        scoring_batches(tokenised(2), words, 40, Share(0, 3))

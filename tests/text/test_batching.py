"""An epoch has every row once, in batches of the allowed size, divided among processes, in a repeatable order."""

from collections.abc import Sequence
from itertools import chain, pairwise

import datasets
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick, seeds

from seq2seq.errors import UserError
from seq2seq.text.batch import Batch
from seq2seq.text.batching import (
    Batching,
    Collator,
    ProcessRank,
    bucket_by_length,
    epoch_batches,
    tokenise_rows,
)
from seq2seq.translation.translator import Translator

Lengths = list[tuple[int, int]]
Order = list[list[int]]

pair_lengths = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=8, max_size=40)
batchings = st.builds(Batching, batch_tokens=st.integers(1, 60), pool=st.integers(1, 50), seed=st.integers(0, 2**62))


def longest_side(batch: Sequence[int], lengths: Lengths) -> int:
    return max(max(lengths[index]) for index in batch)


@quick
@given(pair_lengths, st.integers(1, 60), st.integers(1, 8))
def test_buckets_hold_every_pair_once_in_order_of_length(lengths: Lengths, batch_tokens: int, min_rows: int) -> None:
    batches = bucket_by_length(lengths, batch_tokens, min_rows)
    order = [index for batch in batches for index in batch]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[index] for index in order] == sorted(lengths)
    assert all(len(batch) >= min_rows for batch in batches)
    for batch in batches[:-1]:  # the last one also holds pairs that were too few for a batch of their own
        assert len(batch) == min_rows or len(batch) * longest_side(batch, lengths) <= batch_tokens
    for batch, following in pairwise(batches):  # no batch could have been larger
        assert (len(batch) + 1) * longest_side([*batch, following[0]], lengths) > batch_tokens


@quick
@given(pair_lengths, batchings, st.integers(0, 9))
def test_an_epoch_has_every_row_once_in_batches_of_the_allowed_size(
    lengths: Lengths, batching: Batching, epoch: int
) -> None:
    batches = epoch_batches(lengths, batching, epoch, ProcessRank())
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * longest_side(batch, lengths) <= batching.batch_tokens


@quick
@given(pair_lengths, batchings, st.integers(0, 9), st.integers(1, 8))
def test_every_process_has_a_part_of_every_batch(
    lengths: Lengths, batching: Batching, epoch: int, world_size: int
) -> None:
    processes = [epoch_batches(lengths, batching, epoch, ProcessRank(rank, world_size)) for rank in range(world_size)]
    assert sorted(chain.from_iterable(chain.from_iterable(processes))) == list(range(len(lengths)))
    for parts in zip(*processes, strict=True):  # strict: every process has the same number of batches
        sizes = {len(part) for part in parts}
        assert min(sizes) >= 1
        assert max(sizes) - min(sizes) <= 1


def test_more_processes_than_rows_are_an_error() -> None:
    with pytest.raises(UserError, match="2 sentence pairs cannot be shared among 3 processes"):
        epoch_batches([(1, 1)] * 2, Batching(10, 10, 1), 0, ProcessRank(0, 3))


@quick
@given(seeds, st.integers(0, 100))
def test_the_order_depends_on_seed_and_epoch_alone(seed: int, epoch: int) -> None:
    lengths = [(1 + index % 7, 1 + index % 5) for index in range(100)]

    def order(seed: int, epoch: int) -> Order:
        return epoch_batches(lengths, Batching(40, 50, seed), epoch, ProcessRank())

    assert order(seed, epoch) == order(seed, epoch)
    assert order(seed, epoch) != order(seed, epoch + 1)
    assert order(seed, epoch) != order(seed + 1, epoch)
    assert order(seed + 1, epoch) != order(seed, epoch + 1)


def test_batches_are_not_in_order_of_length() -> None:
    lengths = [(1 + index % 20, 1 + index % 20) for index in range(400)]
    sides = [longest_side(batch, lengths) for batch in epoch_batches(lengths, Batching(60, 400, 1), 0, ProcessRank())]
    assert sides != sorted(sides)
    assert sides != sorted(sides, reverse=True)


def test_little_of_a_batch_is_padding() -> None:
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(1, 60, (2000,), generator=generator)
    sources = (targets + torch.randint(-3, 4, (2000,), generator=generator)).clamp(min=1)
    lengths = list(zip(targets.tolist(), sources.tolist(), strict=True))
    positions = tokens = 0
    for batch in epoch_batches(lengths, Batching(1000, 2000, 1), 0, ProcessRank()):
        for side in range(2):
            sizes = [lengths[index][side] for index in batch]
            positions += len(sizes) * max(sizes)
            tokens += sum(sizes)
    assert 1 - tokens / positions < 0.06


def test_tokenising_adds_ids_and_keeps_the_text(translator: Translator) -> None:
    tokenizer = translator.tokenizer
    rows = datasets.Dataset.from_dict({"source": ["der Hund", "wir lesen"], "target": ["the dog", "we read"]})
    tokenised = tokenise_rows(rows, tokenizer)
    assert tokenised["source_ids"][:] == tokenizer.encode_source(rows["source"])
    assert tokenised["target_ids"][:] == tokenizer.encode_target(rows["target"])
    assert tokenised["source"][:] == rows["source"][:]
    stream = tokenise_rows(rows.to_iterable_dataset(), tokenizer)
    assert list(stream) == list(tokenised)
    assert tokenise_rows(rows, tokenizer)._fingerprint == tokenised._fingerprint  # `datasets` finds it in its cache


def test_a_batch_has_the_ids_of_its_rows_unless_it_samples(translator: Translator) -> None:
    rows = list(
        tokenise_rows(datasets.Dataset.from_dict({"source": ["der Hund"], "target": ["the dog"]}), translator.tokenizer)
    )
    batch = Collator(translator.tokenizer)(rows)
    expected = Batch.from_ids([rows[0]["source_ids"]], [rows[0]["target_ids"]])
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(batch, expected, strict=True))
    sampled = [Collator(translator.tokenizer, 0.1)(rows * 4).source.tolist() for _ in range(4)]
    assert any(batch != sampled[0] for batch in sampled)
    for batch in sampled:
        assert translator.tokenizer.decode_target(batch) == ["der Hund"] * 4

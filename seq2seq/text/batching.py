"""Put sentence pairs into batches, and order the batches of an epoch.

Pairs of similar length are batched together, up to a number of tokens, and every process takes its part of each batch.
The order follows from the seed and the epoch alone: a run that is resumed has the same batches as a run that was never
stopped. Inside an epoch, it goes on with the batches that were not seen.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypedDict

import torch

from seq2seq.errors import UserError
from seq2seq.seeding import mix_seeds
from seq2seq.text.batch import Batch
from seq2seq.text.loading import progress_label
from seq2seq.text.opening import Rows
from seq2seq.text.tokenizer import Tokenizer


class Row(TypedDict):
    """A sentence pair as text."""

    source: str
    target: str


class TokenisedRow(Row):
    """A sentence pair as text and as token ids, which end in EOS."""

    source_ids: list[int]
    target_ids: list[int]


class ProcessRank(NamedTuple):
    """The rank of this training process. Every process takes its part of each batch's rows."""

    rank: int = 0
    world_size: int = 1  # the number of processes


class Batching(NamedTuple):
    """Options for putting pairs into batches.

    batch_tokens: the largest value of rows × longest side, padding included, over all processes together.
    pool: the number of randomly drawn pairs that are sorted by length together.
    """

    batch_tokens: int
    pool: int
    seed: int


def tokenise_rows(rows: Rows, tokenizer: Tokenizer) -> Rows:
    """Add the columns source_ids and target_ids, which end in EOS. `datasets` caches them on disk."""
    return rows.map(encode, batched=True, fn_kwargs={"tokenizer": tokenizer}, **progress_label(rows, "tokenising"))


def encode(columns: dict[str, list[str]], tokenizer: Tokenizer) -> dict[str, list[list[int]]]:
    """Return the columns source_ids and target_ids for the columns source and target."""
    return {
        "source_ids": tokenizer.encode_source(columns["source"]),
        "target_ids": tokenizer.encode_target(columns["target"]),
    }


def pair_lengths(rows: Iterable[TokenisedRow]) -> list[tuple[int, int]]:
    """Return the lengths (target, source) of each pair in tokens, as `bucket_by_length` expects them."""
    return [(len(row["target_ids"]), len(row["source_ids"])) for row in rows]


def bucket_by_length(lengths: Sequence[tuple[int, int]], batch_tokens: int, min_rows: int = 1) -> list[list[int]]:
    """Sort pairs by length and cut them into batches.

    Args:
        lengths: each pair's lengths in tokens: first the target, then the source. Pairs of equal lengths keep their
            order.
        batch_tokens: the largest value of rows × longest side in a batch.
        min_rows: the smallest number of rows in a batch. It comes before batch_tokens.

    Returns:
        batches of indices into `lengths`. Each index is in exactly one batch.
    """
    batches: list[list[int]] = []
    batch: list[int] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        longest = max(longest, *lengths[index])
        if len(batch) >= min_rows and longest * (len(batch) + 1) > batch_tokens:
            batches.append(batch)
            batch, longest = [], max(lengths[index])
        batch.append(index)
    if len(batch) < min_rows and batches:
        batches[-1] += batch
    elif batch:
        batches.append(batch)
    return batches


def epoch_batches(
    lengths: Sequence[tuple[int, int]], batching: Batching, epoch: int, process: ProcessRank
) -> list[list[int]]:
    """Return an epoch's batches in random order, as this process's row indices.

    All processes have the same number of batches, and every row belongs to one batch of one process.

    Raises:
        UserError: there are fewer rows than processes.
    """
    check_enough_rows(len(lengths), process)
    generator = torch.Generator().manual_seed(mix_seeds(batching.seed, epoch))
    order = torch.randperm(len(lengths), generator=generator).tolist()
    size = max(batching.pool, process.world_size)
    batches: list[list[int]] = []
    for start in range(0, len(order), size):
        pool = order[start : start + size]
        if len(pool) < process.world_size:  # too few rows for all processes: they join the last batch
            batches[-1] += pool
            continue
        pool_lengths = [lengths[index] for index in pool]
        buckets = bucket_by_length(pool_lengths, batching.batch_tokens, min_rows=process.world_size)
        batches += [[pool[index] for index in bucket] for bucket in buckets]
    shuffled = torch.randperm(len(batches), generator=generator).tolist()
    return [own_part(batches[index], process) for index in shuffled]


def check_enough_rows(rows: int, process: ProcessRank) -> None:
    """Check that every process gets a row.

    Raises:
        UserError: there are fewer rows than processes.
    """
    if rows < process.world_size:
        raise UserError(f"{rows} sentence pairs cannot be shared among {process.world_size} processes")


def own_part(batch: list[int], process: ProcessRank) -> list[int]:
    """Return the rows of a batch that belong to this process. The parts of two processes differ by at most one row."""
    return batch[process.rank :: process.world_size]


class Collator:
    """Make a batch of tokenised rows. This is a class, because worker processes must pickle it.

    Args:
        tokenizer: encodes the text again if sampling is on.
        sampling: see `TokenizerOptions`. 0 takes the rows' own ids.
    """

    def __init__(self, tokenizer: Tokenizer, sampling: float = 0.0) -> None:
        self.tokenizer = tokenizer
        self.sampling = sampling

    def __call__(self, rows: Sequence[TokenisedRow]) -> Batch:
        if not self.sampling:
            return Batch.from_ids([row["source_ids"] for row in rows], [row["target_ids"] for row in rows])
        return Batch.from_ids(
            self.tokenizer.encode_source([row["source"] for row in rows], self.sampling),
            self.tokenizer.encode_target([row["target"] for row in rows], self.sampling),
        )

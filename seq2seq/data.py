"""From sentence pairs to batches: tokenised once, bucketed by length, sized in tokens, shared among processes.

The order of the batches follows from the seed and the epoch alone: a run resumed between epochs is the run that never
stopped; one resumed inside an epoch begins that epoch's batches again. A stream's order depends on its workers, too.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import datasets
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from seq2seq.batch import Batch
from seq2seq.errors import UserError
from seq2seq.reading import Rows, progress
from seq2seq.tokenizer import Tokenizer, seed_sampling

Row = dict[str, Any]  # source, target: str; source_ids, target_ids: list[int]


class Share(NamedTuple):
    """Which of several training processes this one is. Each takes its share of every batch's rows."""

    rank: int = 0
    ranks: int = 1


class Batching(NamedTuple):
    """How pairs are put into batches.

    batch_tokens: the most that rows × the longest side may come to, padding included, over all processes together.
    pool: pairs that are sorted by length together; batches are drawn at random from one pool after the other.
    """

    batch_tokens: int
    pool: int
    seed: int


def tokenise(rows: Rows, tokenizer: Tokenizer) -> Rows:
    """Add the columns source_ids and target_ids, each row ending in EOS. `datasets` caches them on disk."""
    return rows.map(encode, batched=True, fn_kwargs={"tokenizer": tokenizer}, **progress(rows, "tokenising"))


def encode(batch: dict[str, list[str]], tokenizer: Tokenizer) -> dict[str, list[list[int]]]:
    """The ids of a batch of rows."""
    return {
        "source_ids": tokenizer.encode_source(batch["source"]),
        "target_ids": tokenizer.encode_target(batch["target"]),
    }


def buckets(lengths: Sequence[tuple[int, int]], batch_tokens: int, least: int = 1) -> list[list[int]]:
    """Cut pairs, sorted by length, into batches of similar ones.

    Args:
        lengths: of each pair's target and source, in tokens. Pairs of equal lengths keep their order.
        batch_tokens: the most that rows × the longest side may come to.
        least: rows that a batch has at the least, even where they come to more than batch_tokens.

    Returns:
        batches of indices into `lengths`; each index is in one batch exactly.
    """
    batches: list[list[int]] = []
    batch: list[int] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        longest = max(longest, *lengths[index])
        if len(batch) >= least and longest * (len(batch) + 1) > batch_tokens:
            batches.append(batch)
            batch, longest = [], max(lengths[index])
        batch.append(index)
    if len(batch) < least and batches:
        batches[-1] += batch
    elif batch:
        batches.append(batch)
    return batches


def epoch_batches(lengths: Sequence[tuple[int, int]], batching: Batching, epoch: int, share: Share) -> list[list[int]]:
    """This process's rows of every batch of an epoch: all processes have equally many batches, no row is in two.

    Raises:
        UserError: fewer rows than processes.
    """
    if len(lengths) < share.ranks:
        raise UserError(f"{len(lengths)} sentence pairs cannot be shared among {share.ranks} processes")
    generator = torch.Generator().manual_seed(mix(batching.seed, epoch))
    order = torch.randperm(len(lengths), generator=generator).tolist()
    size = max(batching.pool, share.ranks)
    batches: list[list[int]] = []
    for start in range(0, len(order), size):
        pool = order[start : start + size]
        if len(pool) < share.ranks:  # the last few join the pool before
            batches[-1] += pool
            continue
        found = buckets([lengths[index] for index in pool], batching.batch_tokens, least=share.ranks)
        batches += [[pool[index] for index in batch] for batch in found]
    shuffled = torch.randperm(len(batches), generator=generator).tolist()
    return [batches[index][share.rank :: share.ranks] for index in shuffled]


def mix(seed: int, *numbers: int) -> int:
    """One seed of several numbers, such that neighbours have nothing in common."""
    for number in numbers:
        seed = (seed * 6364136223846793005 + number * 1442695040888963407 + 1) % 2**63
    return seed


class Collate:
    """Rows to a batch: picklable, so that worker processes can have it. sampling: as in TokenizerOptions."""

    def __init__(self, tokenizer: Tokenizer, sampling: float = 0.0) -> None:
        self.tokenizer = tokenizer
        self.sampling = sampling

    def __call__(self, rows: Sequence[Row]) -> Batch:
        if not self.sampling:
            return Batch.of([row["source_ids"] for row in rows], [row["target_ids"] for row in rows])
        return Batch.of(
            self.tokenizer.encode_source([row["source"] for row in rows], self.sampling),
            self.tokenizer.encode_target([row["target"] for row in rows], self.sampling),
        )


class Stream(IterableDataset[Batch]):
    """Batches of a corpus that is read as it goes: shuffled, tokenised and bucketed one pool at a time.

    Every process reads the whole stream and keeps its share of each batch; of several workers, each reads the shards
    that `datasets` gives it. Memory holds a pool or two, whatever the corpus's size.
    """

    def __init__(
        self, rows: datasets.IterableDataset, collate: Collate, batching: Batching, epoch: int, share: Share
    ) -> None:
        self.rows = rows.shuffle(seed=mix(batching.seed, epoch) % 2**32, buffer_size=batching.pool)
        self.collate = collate
        self.batching = batching
        self.epoch = epoch
        self.share = share

    def __iter__(self) -> Iterator[Batch]:
        size = max(self.batching.pool, self.share.ranks)
        for number, pool in enumerate(pools(self.rows, size, self.share.ranks)):
            ids = encode({side: [row[side] for row in pool] for side in ("source", "target")}, self.collate.tokenizer)
            encoded = [
                {**row, "source_ids": source, "target_ids": target}
                for row, source, target in zip(pool, ids["source_ids"], ids["target_ids"], strict=True)
            ]
            batching = self.batching._replace(seed=mix(self.batching.seed, number))
            for batch in epoch_batches(pair_lengths(encoded), batching, self.epoch, self.share):
                yield self.collate([encoded[index] for index in batch])


def pools(rows: datasets.IterableDataset, size: int, least: int) -> Iterator[list[Row]]:
    """Lists of `size` rows; the last one has what is left, and some more where a process would have none of it."""
    pool: list[Row] = []
    for row in rows:
        if len(pool) >= size + least:
            yield pool[:size]
            pool = pool[size:]
        pool.append(row)
    if pool:
        yield pool


def pair_lengths(rows: Iterable[Row]) -> list[tuple[int, int]]:
    """Each pair's target and source length in tokens: what `buckets` sorts by."""
    return [(len(row["target_ids"]), len(row["source_ids"])) for row in rows]


def training_batches(
    rows: Rows, collate: Collate, batching: Batching, epoch: int, share: Share, workers: int
) -> DataLoader[Batch]:
    """An epoch's batches, of rows in memory (tokenised) or of a stream (not tokenised yet)."""
    seed = mix(batching.seed, epoch, share.rank)
    seed_sampling(seed % 2**31)
    load = partial(
        DataLoader[Batch],
        num_workers=workers,
        worker_init_fn=partial(seed_worker, seed),
        generator=torch.Generator(),  # its own: drawing from torch's would change the model's dropout
    )
    if isinstance(rows, datasets.IterableDataset):
        return load(Stream(rows, collate, batching, epoch, share), batch_size=None)
    lengths = pair_lengths(rows.select_columns(["source_ids", "target_ids"]))
    return load(rows, batch_sampler=epoch_batches(lengths, batching, epoch, share), collate_fn=collate)


def seed_worker(seed: int, worker: int) -> None:
    """Each worker process cuts words into subwords at random in its own way, and in the same way every time."""
    seed_sampling(mix(seed, worker) % 2**31)


class Numbered(NamedTuple):
    """A batch that remembers which rows of the split it is made of."""

    rows: Tensor  # (batch,)
    batch: Batch


def scoring_batches(
    rows: datasets.Dataset, tokenizer: Tokenizer, batch_tokens: int, share: Share
) -> DataLoader[Numbered]:
    """A split in order of length, each row once, and in one process only; all processes have equally many batches.

    Raises:
        UserError: fewer rows than processes.
    """
    if len(rows) < share.ranks:
        raise UserError(f"{len(rows)} sentence pairs cannot be shared among {share.ranks} processes")
    lengths = pair_lengths(rows.select_columns(["source_ids", "target_ids"]))
    found = buckets(lengths, batch_tokens, least=share.ranks)
    collate = Collate(tokenizer)

    def number(indices: list[int]) -> Numbered:
        return Numbered(torch.tensor(indices), collate([rows[index] for index in indices]))

    mine: Any = [batch[share.rank :: share.ranks] for batch in found]  # to a DataLoader, a list is a dataset
    return DataLoader(mine, batch_size=None, collate_fn=number)

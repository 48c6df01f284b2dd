"""Make batches of a corpus that is streamed: shuffled, tokenised and sorted by length one pool at a time.

Unlike the order of a corpus in memory, the order of a stream's batches depends on the number of worker processes, too.
"""

from collections.abc import Iterable, Iterator

import datasets
from torch.utils.data import IterableDataset

from seq2seq.seeding import mix_seeds
from seq2seq.text.batch import Batch
from seq2seq.text.batching import (
    Batching,
    Collator,
    ProcessRank,
    Row,
    TokenisedRow,
    encode,
    epoch_batches,
    pair_lengths,
)
from seq2seq.text.tokenizer import Tokenizer


class StreamingBatches(IterableDataset[Batch]):
    """The batches of one epoch of a stream.

    Every training process reads the whole stream and keeps its part of each batch. If a process has several workers,
    each worker reads the shards that `datasets` gives it. Memory holds one or two pools, whatever the corpus's size.
    """

    def __init__(
        self, rows: datasets.IterableDataset, collate: Collator, batching: Batching, epoch: int, process: ProcessRank
    ) -> None:
        self.rows = rows.shuffle(seed=mix_seeds(batching.seed, epoch) % 2**32, buffer_size=batching.pool)
        self.collate = collate
        self.batching = batching
        self.epoch = epoch
        self.process = process

    def __iter__(self) -> Iterator[Batch]:
        size = max(self.batching.pool, self.process.world_size)
        for number, pool in enumerate(read_pools(self.rows, size, self.process.world_size)):
            rows = tokenise_pool(pool, self.collate.tokenizer)
            batching = self.batching._replace(seed=mix_seeds(self.batching.seed, number))
            for batch in epoch_batches(pair_lengths(rows), batching, self.epoch, self.process):
                yield self.collate([rows[index] for index in batch])


def read_pools(rows: Iterable[Row], size: int, min_rows: int) -> Iterator[list[Row]]:
    """Yield lists of `size` rows. The last list has the remaining rows: up to `size + min_rows` of them.

    Every list has at least `min_rows` rows, unless the stream itself has fewer.
    """
    pool: list[Row] = []
    for row in rows:
        if len(pool) >= size + min_rows:
            yield pool[:size]
            pool = pool[size:]
        pool.append(row)
    if pool:
        yield pool


def tokenise_pool(rows: list[Row], tokenizer: Tokenizer) -> list[TokenisedRow]:
    """Add the token ids to the rows of a pool."""
    ids = encode({"source": [row["source"] for row in rows], "target": [row["target"] for row in rows]}, tokenizer)
    return [
        {**row, "source_ids": source_ids, "target_ids": target_ids}
        for row, source_ids, target_ids in zip(rows, ids["source_ids"], ids["target_ids"], strict=True)
    ]

"""Load the batches of a training epoch and of the validation split, with PyTorch's DataLoader."""

from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import datasets
import torch
from jaxtyping import Int
from torch import Tensor
from torch.utils.data import DataLoader

from seq2seq.errors import UserError
from seq2seq.seeding import mix_seeds
from seq2seq.text.batch import Batch
from seq2seq.text.batching import (
    Batching,
    Collator,
    ProcessRank,
    bucket_by_length,
    check_enough_rows,
    epoch_batches,
    own_part,
    pair_lengths,
)
from seq2seq.text.opening import Rows
from seq2seq.text.streaming import StreamingBatches
from seq2seq.text.tokenizer import Tokenizer, seed_sampling


class BatchLoader(DataLoader[Batch]):
    """A DataLoader whose worker processes report a user's mistake as one line, too, and that can go on inside an epoch.

    PyTorch makes an error message of a worker's whole traceback, which ends in the error.

    Attributes:
        seen: how many batches to leave out, because the model has learned from them. They still count in the length.
    """

    seen = 0

    def __iter__(self) -> Any:
        try:
            yield from islice(super().__iter__(), self.seen, None)
        except UserError as error:
            *_, line = str(error).strip().splitlines()
            raise UserError(line.removeprefix(f"{UserError.__module__}.{UserError.__qualname__}: ")) from None


def training_loader(
    rows: Rows, collate: Collator, batching: Batching, epoch: int, process: ProcessRank, workers: int, seen: int = 0
) -> DataLoader[Batch]:
    """Return a loader of this process's batches of one epoch.

    Args:
        rows: tokenised rows in memory, or a stream of rows that are not tokenised yet.
        collate: makes a batch of rows.
        batching: how pairs are put into batches.
        epoch: counted from 0; the order of the batches depends on it.
        process: the rank of this training process.
        workers: worker processes that prepare batches; 0 prepares them in this process.
        seen: how many batches to leave out, because the model has learned from them.

    Raises:
        UserError: there are fewer rows than training processes.
    """
    seed = mix_seeds(batching.seed, epoch, process.rank)
    seed_sampling(seed % 2**31)
    make_loader = partial(
        BatchLoader,
        num_workers=workers,
        worker_init_fn=partial(seed_worker, seed),
        generator=torch.Generator(),  # without it, the loader draws from torch's generator and changes the dropout
    )
    if isinstance(rows, datasets.IterableDataset):
        loader = make_loader(StreamingBatches(rows, collate, batching, epoch, process), batch_size=None)
    else:
        lengths = pair_lengths(rows.select_columns(["source_ids", "target_ids"]))
        batches = epoch_batches(lengths, batching, epoch, process)
        loader = make_loader(rows, batch_sampler=batches, collate_fn=collate)
    loader.seen = seen
    return loader


def seed_worker(seed: int, worker: int) -> None:
    """Seed a worker process's sampling of subwords, such that workers differ and a repeated run does not."""
    seed_sampling(mix_seeds(seed, worker) % 2**31)


class NumberedBatch(NamedTuple):
    """A batch, and which rows of the split it holds."""

    rows: Int[Tensor, " batch"]  # indices into the split
    batch: Batch


def validation_loader(
    rows: datasets.Dataset, tokenizer: Tokenizer, batch_tokens: int, process: ProcessRank
) -> DataLoader[NumberedBatch]:
    """Return a loader of this process's batches of a split, sorted by length.

    All processes have the same number of batches, and every row belongs to one batch of one process.

    Args:
        rows: the split's tokenised rows.
        tokenizer: the tokenizer of the rows.
        batch_tokens: the largest value of rows × longest side in a batch, over all processes together.
        process: the rank of this training process.

    Raises:
        UserError: there are fewer rows than training processes.
    """
    check_enough_rows(len(rows), process)
    lengths = pair_lengths(rows.select_columns(["source_ids", "target_ids"]))
    buckets = bucket_by_length(lengths, batch_tokens, min_rows=process.world_size)
    collate = Collator(tokenizer)

    def load(indices: list[int]) -> NumberedBatch:
        return NumberedBatch(torch.tensor(indices), collate([rows[index] for index in indices]))

    batches: Any = [own_part(bucket, process) for bucket in buckets]  # Any, because DataLoader's type excludes lists
    # With a generator of its own, the loader draws nothing from torch's: a validation does not change the dropout.
    return DataLoader(batches, batch_size=None, collate_fn=load, generator=torch.Generator())

"""A stream gives every row once, in batches of the allowed size, to one of the processes."""

from typing import Any

import pytest
from corpora import RowNumbers, numbered_length, numbered_rows
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.errors import UserError
from seq2seq.text.batching import Batching, ProcessRank
from seq2seq.text.streaming import StreamingBatches, read_pools


@quick
@given(size=st.integers(1, 50), pool=st.integers(1, 30), batch_tokens=st.integers(12, 60), world_size=st.integers(1, 3))
def test_a_stream_gives_each_row_once(size: int, pool: int, batch_tokens: int, world_size: int) -> None:
    batching = Batching(batch_tokens, pool, seed=1)
    rows = numbered_rows(size).to_iterable_dataset()
    if size < world_size:
        with pytest.raises(UserError, match="cannot be shared"):
            list(StreamingBatches(rows, RowNumbers(), batching, 0, ProcessRank(0, world_size)))
        return
    processes: list[Any] = [
        list(StreamingBatches(rows, RowNumbers(), batching, 0, ProcessRank(rank, world_size)))
        for rank in range(world_size)
    ]
    assert len({len(batches) for batches in processes}) == 1
    assert sorted(number for batches in processes for batch in batches for number in batch) == list(range(size))
    if world_size == 1:
        for batch in processes[0]:
            assert len(batch) == 1 or len(batch) * max(numbered_length(number) for number in batch) <= batch_tokens


@quick
@given(st.integers(0, 30), st.integers(1, 10), st.integers(1, 10))
def test_pools_have_every_row_once_and_enough_of_them(rows: int, size: int, min_rows: int) -> None:
    stream: Any = range(rows)
    size = max(size, min_rows)
    pools = list(read_pools(stream, size, min_rows))
    assert [row for pool in pools for row in pool] == list(range(rows))
    assert all(len(pool) == size for pool in pools[:-1])
    assert all(min(rows, min_rows) <= len(pool) <= size + min_rows for pool in pools)

"""Loaders give every row once, to one process, and the same seed gives the same batches."""

from pathlib import Path
from typing import Any

import datasets
import pytest
from corpora import NumberTokenizer, RowNumbers, numbered_rows, tokenised_numbered_rows
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.errors import UserError
from seq2seq.text.batching import Batching, Collator, ProcessRank, tokenise_rows
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.data_loaders import training_loader, validation_loader
from seq2seq.text.loading import load_split
from seq2seq.translation.translator import Translator

BATCHING = Batching(batch_tokens=40, pool=20, seed=3)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("streaming", [False, True])
def test_every_row_is_trained_on_once_an_epoch(streaming: bool, workers: int) -> None:
    rows = numbered_rows(53).to_iterable_dataset(num_shards=2) if streaming else tokenised_numbered_rows(53)
    epochs = []
    for epoch in (0, 0, 1):
        loaders = [
            training_loader(rows, RowNumbers(), BATCHING, epoch, ProcessRank(rank, 2), workers) for rank in range(2)
        ]
        processes: list[Any] = [list(loader) for loader in loaders]
        assert len(processes[0]) == len(processes[1]) > 1
        assert sorted(number for batches in processes for batch in batches for number in batch) == list(range(53))
        epochs.append(processes)
    assert epochs[0] == epochs[1]
    assert epochs[0] != epochs[2]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("streaming", [False, True])
def test_sampling_depends_on_seed_epoch_and_rank(translator: Translator, streaming: bool, workers: int) -> None:
    texts = ["die Katze schläft im Haus und der Hund liest ein Buch"] * 8
    rows: Any = datasets.Dataset.from_dict({"source": texts, "target": texts})
    rows = rows.to_iterable_dataset(num_shards=2) if streaming else tokenise_rows(rows, translator.tokenizer)

    def sampled_ids(seed: int, epoch: int, rank: int) -> list[Any]:
        collate, batching = Collator(translator.tokenizer, 0.1), Batching(100, 8, seed)
        loader = training_loader(rows, collate, batching, epoch, ProcessRank(rank, 2), workers)
        return [batch.source.tolist() for batch in loader]

    first = sampled_ids(1, 0, 0)
    assert first == sampled_ids(1, 0, 0)
    for other in (sampled_ids(2, 0, 0), sampled_ids(1, 1, 0), sampled_ids(1, 0, 1)):
        assert first != other
    sampled = {tuple(row) for batch in first for row in batch}
    assert len(sampled) > 1  # equal sentences are cut in several ways
    assert {text for batch in first for text in translator.tokenizer.decode_target(batch)} == {texts[0]}


@quick
@given(size=st.integers(3, 40), batch_tokens=st.integers(12, 60), world_size=st.integers(1, 3))
def test_validation_goes_through_a_split_once(size: int, batch_tokens: int, world_size: int) -> None:
    rows = tokenised_numbered_rows(size)
    tokenizer: Any = NumberTokenizer()
    processes = [
        list(validation_loader(rows, tokenizer, batch_tokens, ProcessRank(rank, world_size)))
        for rank in range(world_size)
    ]
    assert len({len(batches) for batches in processes}) == 1
    assert sorted(row for batches in processes for numbered in batches for row in numbered.rows.tolist()) == list(
        range(size)
    )
    for batches in processes:
        for numbered in batches:
            for row, source, mask in zip(numbered.rows, numbered.batch.source, numbered.batch.source_mask, strict=True):
                assert source[mask].tolist() == rows[int(row)]["source_ids"]


def test_validation_needs_a_row_for_every_process() -> None:
    tokenizer: Any = NumberTokenizer()
    with pytest.raises(UserError, match="2 sentence pairs cannot be shared among 3 processes"):
        validation_loader(tokenised_numbered_rows(2), tokenizer, 40, ProcessRank(0, 3))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_malformed_line_is_one_line_from_a_worker_too(tmp_path: Path, workers: int) -> None:
    rows = "".join(f"{number} 7\t{number} 7\n" for number in range(10, 60))
    (tmp_path / "train.tsv").write_text(f"de\ten\n{rows}broken\n", encoding="utf-8")
    stream = load_split(CorpusOptions(str(tmp_path), streaming=True), "train")
    with pytest.raises(UserError) as caught:
        list(training_loader(stream, RowNumbers(), BATCHING, 0, ProcessRank(), workers))
    assert str(caught.value) == f"{tmp_path / 'train.tsv'}, line 52: 1 field, but the header has 2: de, en"

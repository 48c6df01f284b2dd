"""Small made-up corpora, and a tokenizer for which a word is a number, for the tests of `seq2seq.text`."""

import random
from collections.abc import Sequence
from typing import Any

import datasets

from seq2seq.text.batching import Collator, TokenisedRow
from seq2seq.text.special_tokens import EOS


def made_up_sentences(seed: int, sentences: int = 10_000, forms: int = 350) -> list[str]:
    """Return sentences of 4 to 10 made-up words out of few word forms: a language as small as the grammar corpus."""
    draw = random.Random(seed)
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyzäöü", k=draw.randint(2, 9))) for _ in range(forms)]
    return [" ".join(draw.choices(words, k=draw.randint(4, 10))) for _ in range(sentences)]


class NumberTokenizer:
    """A tokenizer for texts of numbers: each number is its own id."""

    def encode_source(self, texts: Sequence[str], sampling: float = 0.0) -> list[list[int]]:
        return [[*map(int, text.split()), EOS] for text in texts]

    encode_target = encode_source


class RowNumbers(Collator):
    """Returns the numbers of the rows (see `numbered_rows`) instead of their batch."""

    def __init__(self) -> None:
        self.tokenizer: Any = NumberTokenizer()

    def __call__(self, rows: Sequence[TokenisedRow]) -> Any:
        return [row["source_ids"][0] - 10 for row in rows]


def numbered_rows(size: int) -> datasets.Dataset:
    """Return rows of texts of numbers: row n begins with n + 10, and has `numbered_length(n)` tokens."""
    texts = [f"{number + 10} " + "7 " * (numbered_length(number) - 2) for number in range(size)]
    return datasets.Dataset.from_dict({"source": texts, "target": texts})


def numbered_length(number: int) -> int:
    """Return the number of tokens of a numbered row, with EOS."""
    return 2 + number * 7 % 11


def tokenised_numbered_rows(size: int) -> datasets.Dataset:
    rows = numbered_rows(size)
    ids = NumberTokenizer().encode_source(rows["source"])
    return rows.add_column("source_ids", ids).add_column("target_ids", ids)

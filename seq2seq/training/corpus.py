"""Load the corpus of a training, and train its tokenizer."""

from collections import Counter
from typing import NamedTuple

import datasets

from seq2seq.errors import UserError
from seq2seq.recipe import Recipe
from seq2seq.text.loading import filter_pairs, load_split, load_split_in_memory
from seq2seq.text.opening import Rows
from seq2seq.text.tokenizer import Tokenizer

TOKENIZER_ROWS = 50_000  # pairs of a stream that its tokenizer is trained on: SentencePiece holds all of them in memory


class Corpus(NamedTuple):
    """The training and validation splits, not tokenised yet.

    Args:
        training: the pairs that are good enough to learn from.
        validation: all pairs of the split.
        rejected: how many training pairs were left out, by reason.
    """

    training: Rows
    validation: datasets.Dataset
    rejected: Counter[str]


def load_corpus(recipe: Recipe) -> Corpus:
    """Return the training split without bad pairs, and the whole validation split.

    Raises:
        UserError: a split does not exist, cannot be read, or is empty.
    """
    training, rejected = filter_pairs(load_split(recipe.corpus, recipe.corpus.train), recipe.corpus)
    validation = load_split_in_memory(recipe.corpus, recipe.corpus.validation)
    if not len(validation):
        raise UserError(f"corpus {recipe.corpus.path}: split {recipe.corpus.validation!r} is empty")
    if recipe.corpus.test:
        # A mistake in its name is reported now, not after the training.
        load_split_in_memory(recipe.corpus, recipe.corpus.test)
    return Corpus(training, validation, rejected)


def train_tokenizer(recipe: Recipe, rows: Rows) -> Tokenizer:
    """Return a tokenizer trained on the training split, or on the beginning of a stream."""
    if isinstance(rows, datasets.IterableDataset):
        rows = datasets.Dataset.from_list(list(rows.take(TOKENIZER_ROWS)))
    return Tokenizer.train(rows["source"], rows["target"], recipe.tokenizer)

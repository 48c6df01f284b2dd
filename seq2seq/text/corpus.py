"""Define a corpus: where its sentence pairs come from, how their text is cleaned, and which pairs are left out."""

import html
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from seq2seq.errors import UserError, at_least_1, check_options
from seq2seq.files import read_lines

END_OF_FILE = object()


@dataclass(frozen=True)
class CorpusOptions:
    """Options of a corpus: where its sentence pairs come from, and which of them are used for training.

    Args:
        path: a dataset on the Hugging Face Hub (`bentrevett/multi30k`), or a local folder. The folder holds jsonl, csv,
            tsv or parquet files with the split in their names, or parallel text files (`train.de` beside `train.en`).
        source: the language to translate from. In tables, it is the name of a column, at the top level (`de`) or
            inside a `translation` column; for text files, it is their suffix.
        target: the language to translate to, named in the same way.
        configuration: the dataset's configuration on the Hub, if it has several (`de-en`).
        train: name of the split to train on.
        validation: name of the split that selects the best epoch.
        test: name of the split that is scored after the training; empty for none.
        test_long: name of a split of longer sentences, which `compare` scores beside the test split; empty for none.
        streaming: read rows during the training instead of downloading and caching them first. Use it for corpora that
            do not fit on the disk.
        max_words: leave out training pairs with more words than this on either side.
        max_ratio: leave out training pairs with more than this many times as many words on one side as on the other.
            Pairs whose sides both have up to 5 words are kept.
    """

    path: str
    source: str = "de"
    target: str = "en"
    configuration: str | None = None
    train: str = "train"
    validation: str = "validation"
    test: str = "test"
    test_long: str = ""
    streaming: bool = False
    max_words: int = 100
    max_ratio: float = 4.0

    def __post_init__(self) -> None:
        check_options(self, at_least_1(self, "max_words", "max_ratio"))


def rejection_reason(source: str, target: str, options: CorpusOptions) -> str | None:
    """Return why a pair of cleaned texts is not used for training, or None if it is used."""
    shorter, longer = sorted((len(source.split()), len(target.split())))
    if shorter == 0:
        return "empty side"
    if longer > options.max_words:
        return "too long"
    if longer > 5 and longer > options.max_ratio * shorter:
        return "sides too unequal"
    return None


def clean_text(text: object) -> str:
    """Replace HTML entities by their characters, and every run of white space by one space. None becomes "".

    White space includes no-break spaces.

    Raises:
        UserError: the value is neither a text nor None.
    """
    if text is None:
        return ""
    if not isinstance(text, str):
        raise UserError(f"a corpus column holds {type(text).__name__} where text is expected: {text!r:.60}")
    return " ".join(html.unescape(text).split())


def normalise_rows(batch: dict[str, list[Any]], source: str, target: str) -> dict[str, list[str]]:
    """Turn columns named by language, flat or inside `translation`, into the cleaned columns source and target."""
    if source not in batch or target not in batch:
        batch = {side: [pair[side] for pair in batch["translation"]] for side in (source, target)}
    return {
        "source": [clean_text(text) for text in batch[source]],
        "target": [clean_text(text) for text in batch[target]],
    }


def read_parallel(paths: tuple[str, str], names: tuple[str, str], versions: object) -> Iterator[dict[str, str]]:
    """Yield the pairs of lines of two text files.

    Args:
        paths: the source file and the target file.
        names: the columns of the source and the target.
        versions: ignored here. `datasets` hashes all arguments for its cache, so that a changed file is read again.

    Raises:
        UserError: a file cannot be read, is not UTF-8, or ends before the other one.
    """
    sources, targets = (read_lines(Path(path)) for path in paths)
    with closing(sources), closing(targets):
        for number, pair in enumerate(zip_longest(sources, targets, fillvalue=END_OF_FILE), start=1):
            for path, line in zip(paths, pair, strict=True):
                if line is END_OF_FILE:
                    other = paths[1 - paths.index(path)]
                    raise UserError(
                        f"{path} ends after line {number - 1}, but {other} goes on: sides of unequal length"
                    )
            yield dict(zip(names, map(str, pair), strict=True))

"""What a corpus is: where its pairs come from, what their text is made into, and which of them are worth learning."""

import html
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from seq2seq.errors import UserError, at_least_1, require
from seq2seq.files import read_lines

MISSING = object()


@dataclass(frozen=True)
class CorpusOptions:
    """Where sentence pairs come from, and which of them are good enough to learn from.

    Args:
        path: a dataset on the Hugging Face Hub (`bentrevett/multi30k`), or a local folder: either of jsonl, csv, tsv or
            parquet files whose names say the split, or of parallel text files (`train.de` beside `train.en`).
        source: the language translated from: a column's name, flat (`de`) or inside a `translation` column; or the
            ending of a text file.
        target: the language translated to, likewise.
        configuration: the dataset's configuration on the Hub, where it has several (`de-en`).
        train: name of the split to learn from.
        validation: name of the split that chooses the best epoch.
        test: name of the split that is scored at the end; empty for none.
        test_long: name of a split of longer sentences, which `compare` scores beside the test split; empty for none.
        streaming: read rows while training instead of downloading and caching them first: for corpora that do not fit.
        max_words: training pairs with more words than this, on either side, are left out.
        max_ratio: training pairs whose one side has more than this times the words of the other are left out; sides of
            up to 5 words are let off.
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
        require("corpus", self, at_least_1(self, "max_words", "max_ratio"))


def fault(source: str, target: str, options: CorpusOptions) -> str | None:
    """Why a training pair is no good, or None. Sides are normalised text."""
    shorter, longer = sorted((len(source.split()), len(target.split())))
    if shorter == 0:
        return "empty side"
    if longer > options.max_words:
        return "too long"
    if longer > 5 and longer > options.max_ratio * shorter:
        return "sides too unequal"
    return None


def plain_text(text: object) -> str:
    """HTML entities to characters, white space (no-break and doubled, too) to single spaces; None to nothing.

    Raises:
        UserError: not a text.
    """
    if text is None:
        return ""
    if not isinstance(text, str):
        raise UserError(f"a corpus column holds {type(text).__name__} where text is expected: {text!r:.60}")
    return " ".join(html.unescape(text).split())


def normalise_rows(batch: dict[str, list[Any]], source: str, target: str) -> dict[str, list[str]]:
    """Columns of any schema, flat or nested in `translation`, to the columns source and target."""
    if source not in batch or target not in batch:
        batch = {side: [pair[side] for pair in batch["translation"]] for side in (source, target)}
    return {
        "source": [plain_text(text) for text in batch[source]],
        "target": [plain_text(text) for text in batch[target]],
    }


def read_parallel(paths: tuple[str, str], names: tuple[str, str], stamps: object) -> Iterator[dict[str, str]]:
    """Pairs of lines. Raises UserError where one file ends before the other."""
    sources, targets = (read_lines(Path(path)) for path in paths)
    with closing(sources), closing(targets):
        for number, pair in enumerate(zip_longest(sources, targets, fillvalue=MISSING), start=1):
            for path, line in zip(paths, pair, strict=True):
                if line is MISSING:
                    other = paths[1 - paths.index(path)]
                    raise UserError(
                        f"{path} ends after line {number - 1}, but {other} goes on: sides of unequal length"
                    )
            yield dict(zip(names, map(str, pair), strict=True))

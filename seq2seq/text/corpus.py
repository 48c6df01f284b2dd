"""Define a corpus: where its sentence pairs come from, and which pairs are left out."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seq2seq.errors import UserError, at_least_1, at_most, check_options
from seq2seq.files import check_file_name
from seq2seq.text.normalisation import normalise
from seq2seq.text.words import count_words

HUB_NAME = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?")  # what a dataset on the Hub can be called
LINE_END = re.compile("\r?\n")


@dataclass(frozen=True)
class CorpusOptions:
    """Options of a corpus: where its sentence pairs come from, and which of them are used for training.

    Args:
        path: a local folder, or a dataset on the Hugging Face Hub (`bentrevett/multi30k`). The folder holds a file for
            each split, called exactly like the split: `train.jsonl`, .tsv, .csv or .parquet, or parallel text files
            (`train.de` beside `train.en`). Text files may be compressed (.gz, .bz2, .xz). See
            docs/your-own-corpus.md.
        source: the language to translate from. In tables, it is the name of a column, at the top level (`de`) or
            inside a `translation` column; for text files, it is their suffix.
        target: the language to translate to, named in the same way.
        columns: names of the columns of local tsv and csv files that have no header row, in order: `[en, de]`; `_` is a
            column to ignore, as in `[en, de, _]` for Anki's files and `[_, en, _, de]` for Tatoeba's.
        configuration: the dataset's configuration on the Hub, if it has several (`de-en`).
        train: name of the split to train on.
        validation: name of the split that selects the best epoch.
        test: name of the split that is scored after the training; empty for none.
        test_long: name of a split of longer sentences, which `compare` scores beside the test split; empty for none.
        streaming: read rows during the training instead of downloading and caching them first. Use it for corpora that
            do not fit on the disk.
        max_words: leave out training pairs with more words than this on either side. In scripts without spaces
            (Chinese, Japanese, Thai, …), characters count.
        max_ratio: leave out training pairs with more than this many times as many words on one side as on the other.
            Pairs whose sides both have up to 5 words are kept.

    Raises:
        UserError: a value is out of its range, or a split's name cannot be part of a file's name.
    """

    path: str
    source: str = "de"
    target: str = "en"
    columns: list[str] | None = None
    configuration: str | None = None
    train: str = "train"
    validation: str = "validation"
    test: str = "test"
    test_long: str = ""
    streaming: bool = False
    max_words: int = 100
    max_ratio: float = 4.0

    def __post_init__(self) -> None:
        columns = list(self.columns or [])
        names = [name for name in columns if name != "_"]
        rules = (
            ("path", bool(self.path.strip()), "must name a folder or a dataset"),
            ("path", self.path.isprintable(), "must be a name or a path"),
            ("columns", len(names) == len(set(names)), "must name each column once; _ is a column to ignore"),
            (
                "columns",
                not columns or {self.source, self.target} <= set(names),
                f"must name {self.source} and {self.target} (corpus.source and corpus.target)",
            ),
        )
        check_options(self, (*rules, *at_least_1(self, "max_words", "max_ratio")))
        check_options(self, at_most(self, 1_000_000, "max_words", "max_ratio"))
        for key in ("train", "validation", "test", "test_long"):
            name = getattr(self, key)
            if name or key in ("train", "validation"):
                check_file_name(name, f"corpus.{key}")

    def absolute(self) -> "CorpusOptions":
        """Return these options with the absolute path of a local folder, which is right from every other folder, too.

        A path in the home folder (`~/corpus`) and a dataset on the Hub stay as they are.
        """
        if self.path.startswith("~") or not os.path.isdir(self.path):
            return self
        return replace(self, path=str(Path(self.path).resolve()))

    def shown_path(self) -> str:
        """Return the path for reports: from the current folder, if it lies below it."""
        path = Path(self.path)
        return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else self.path


def is_local(path: str) -> bool:
    """Return whether `corpus.path` is a folder, rather than a dataset on the Hub, which must then be asked for it.

    Raises:
        UserError: it is meant as a folder, but there is no such folder.
    """
    folder = os.path.expanduser(path)
    if os.path.isdir(folder):
        return True
    if os.path.lexists(folder):
        raise UserError(f"corpus.path {path}: not a folder; give the folder that holds the files of the splits")
    first = Path(path).parts[0]
    if not HUB_NAME.fullmatch(path) or path.startswith(".") or (first != path and os.path.lexists(first)):
        inside = f"; {first} is a folder here, so the Hub is not asked" if HUB_NAME.fullmatch(path) else ""
        raise UserError(f"corpus.path {path}: no such folder{inside}; if it has moved: --corpus.path FOLDER")
    return False


def rejection_reason(source: str, target: str, options: CorpusOptions) -> str | None:
    """Return why a pair is not used for training, or None if it is used. The words are those of the normalised text."""
    shorter, longer = sorted((count_words(normalise(source)), count_words(normalise(target))))
    if shorter == 0:
        return "empty side"
    if longer > options.max_words:
        return "too long"
    if longer > 5 and longer > options.max_ratio * shorter:
        return "sides too unequal"
    return None


def cell_text(value: object) -> str:
    """Return the text of a corpus's cell as it is there, except that a line end inside becomes a space. None is "".

    Raises:
        UserError: the value is neither a text nor None.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UserError(f"a corpus column holds {type(value).__name__} where text is expected: {value!r:.60}")
    return LINE_END.sub(" ", value.rstrip("\r\n"))


def language_columns(batch: dict[str, list[Any]], source: str, target: str, version: str = "") -> dict[str, list[str]]:
    """Turn columns named by language, flat or inside `translation`, into the columns source and target.

    Args:
        batch: the columns.
        source, target: the names of the languages.
        version: ignored here. `datasets` hashes it for its cache, so that text is read again by changed code.
    """
    if source not in batch or target not in batch:
        batch = {side: [(pair or {}).get(side) for pair in batch["translation"]] for side in (source, target)}
    return {
        "source": [cell_text(text) for text in batch[source]],
        "target": [cell_text(text) for text in batch[target]],
    }

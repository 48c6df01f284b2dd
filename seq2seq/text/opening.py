"""Open a split's rows: local text files by our own readers, Parquet files and the Hugging Face Hub by `datasets`.

`datasets` caches or streams the rows in all cases.
"""

import glob
import hashlib
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import datasets
from datasets.arrow_writer import SchemaInferenceError
from datasets.table import CastError

from seq2seq.errors import UserError
from seq2seq.text.corpus import CorpusOptions, cell_text, is_local
from seq2seq.text.parallel import read_parallel
from seq2seq.text.split_files import COLUMNAR, Shards, find_split
from seq2seq.text.tables import check_columns, read_pairs

Rows: TypeAlias = datasets.Dataset | datasets.IterableDataset


def find_text(options: CorpusOptions, split: str) -> Shards:
    """Return the local text files of a split; none if `datasets` reads the split, from Parquet files or the Hub.

    Raises:
        UserError: see `is_local` and `find_split`.
    """
    shards = find_split(options, split) if is_local(options.path) else []
    return [paths for paths in shards if paths[0].suffix not in COLUMNAR]


def open_columns(options: CorpusOptions, split: str) -> Rows:
    """Open a split of Parquet files or of the Hub with its own columns and unchanged text.

    Raises:
        UserError: the path, configuration or split does not exist, is empty, or cannot be read.
    """
    if is_local(options.path):
        paths = [path for (path,) in find_split(options, split)]
        files = {"train": [glob.escape(str(path.resolve())) for path in paths]}
        return open_dataset(options, COLUMNAR[paths[0].suffix], data_files=files, split="train")
    if options.columns:
        raise UserError("corpus.columns: only for local tsv and csv files; a dataset on the Hub names its columns")
    announce(options.path)
    return open_dataset(options, options.path, name=options.configuration, split=split)


@cache
def announce(path: str) -> None:
    """Say on standard error, once, that a dataset is about to be asked for."""
    print(f"corpus {path}: no local folder; loading it from the Hugging Face Hub or its cache", file=sys.stderr)


def open_dataset(options: CorpusOptions, path: str, **arguments: Any) -> Rows:
    """Open a dataset through `datasets`, from the Hub or from Parquet files.

    Raises:
        UserError: there is no such dataset, configuration or split, or it is empty, or it cannot be read.
    """
    try:
        rows = datasets.load_dataset(path, streaming=options.streaming, **arguments)
    except datasets.exceptions.DatasetGenerationError as error:
        raise reading_error(options, error) from error
    except (ValueError, RuntimeError, StopIteration) as error:  # an unknown split; a dataset that is a program
        if "corresponds to no data" in str(error):
            raise UserError(f"corpus {options.path}: split {arguments['split']!r} is empty") from error
        raise UserError(f"corpus {options.path}: {root_cause(error)}") from error
    except OSError as error:  # missing files, or the network
        missing = "no local folder of this name, and it could not be loaded from the Hugging Face Hub"
        raise UserError(f"corpus.path {options.path}: {missing} ({root_cause(error)})") from error
    assert isinstance(rows, Rows)
    return rows


def open_text(shards: Shards, options: CorpusOptions, split: str) -> Rows:
    """Open the text files of a split, tables or parallel text, as rows {source: str, target: str} of cleaned text.

    Raises:
        UserError: a file is empty, has no such column, or is malformed. For a stream, errors in later lines come when
            they are read.
    """
    sides = list(dict.fromkeys([options.source, options.target]))
    for paths in shards:
        if len(paths) == 1:
            check_columns(paths[0], sides, options.columns or ())
    arguments: dict[str, Any] = {
        "shards": [tuple(map(str, paths)) for paths in shards],  # `datasets` shares out what stands in a list
        "source": options.source,
        "target": options.target,
        "columns": tuple(options.columns or ()),
        "versions": (reader_version(), *map(file_version, chain.from_iterable(shards))),
    }
    if next(read_shards(**arguments), None) is None:
        listed = ", ".join(path.name for path in chain.from_iterable(shards))
        raise UserError(f"corpus {options.path}: split {split!r} is empty: {listed}")
    if options.streaming:
        return datasets.IterableDataset.from_generator(read_shards, gen_kwargs=arguments)
    try:
        return datasets.Dataset.from_generator(read_shards, gen_kwargs=arguments)
    except datasets.exceptions.DatasetGenerationError as error:
        if isinstance(error.__cause__, UserError):
            raise error.__cause__ from None
        raise reading_error(options, error) from error


def read_shards(
    shards: Sequence[tuple[str, ...]], source: str, target: str, columns: tuple[str, ...], versions: object
) -> Iterator[dict[str, str]]:
    """Yield the sentence pairs of a split's files.

    Args:
        shards: the tables, or pairs of parallel text files.
        source, target: the names of the languages.
        columns: see `CorpusOptions`.
        versions: ignored here. `datasets` hashes all arguments for its cache, so that a changed file is read again.

    Raises:
        UserError: a file is malformed.
    """
    for paths in (tuple(map(Path, names)) for names in shards):
        pairs = read_parallel(paths) if len(paths) == 2 else read_pairs(paths[0], source, target, columns)
        for source_text, target_text in pairs:
            yield {"source": cell_text(source_text), "target": cell_text(target_text)}


def file_version(path: Path) -> tuple[int, int]:
    """Return what changes when a file is written."""
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    return status.st_mtime_ns, status.st_size


@cache
def reader_version() -> str:
    """Return a hash of this folder's code. The cache of `datasets` knows a function by its name alone."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def reading_error(options: CorpusOptions, error: Exception) -> UserError:
    """Return the error for rows that `datasets` cannot read."""
    if isinstance(error.__cause__, SchemaInferenceError):
        return UserError(f"corpus {options.path}: a split is empty")
    if isinstance(error.__cause__, CastError):
        return unequal_columns_error(options)
    return UserError(f"corpus {options.path}: a file cannot be read: {root_cause(error)}")


def unequal_columns_error(options: CorpusOptions) -> UserError:
    """Return the error for a corpus whose files have different columns: `datasets` cannot load them together."""
    return UserError(f"corpus {options.path}: its files differ in their columns; give all splits the same")


def root_cause(error: BaseException) -> str:
    """Return the first line of the innermost cause: the part of a library's chain of errors that users need."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or [type(error).__name__])[0]

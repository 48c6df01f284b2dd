"""Load corpora through `datasets`, from the Hugging Face Hub or a local folder, as rows {source: str, target: str}."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

import datasets
from datasets.arrow_writer import SchemaInferenceError
from datasets.table import CastError

from seq2seq.errors import UserError
from seq2seq.files import read_lines
from seq2seq.text.corpus import CorpusOptions, normalise_rows, read_parallel, rejection_reason
from seq2seq.text.pharaoh import parse_pharaoh

Rows: TypeAlias = datasets.Dataset | datasets.IterableDataset


def load_split(options: CorpusOptions, split: str) -> Rows:
    """Load all rows of a split as {source: str, target: str}, with cleaned text (see `clean_text`).

    Raises:
        UserError: the path, configuration, split or column does not exist; a side is not text; the sides are unequally
            long; a file is not UTF-8.
    """
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    rows = open_split(options, split)
    columns = column_types(rows)
    if not columns:
        raise UserError(f"corpus {options.path}: split {split!r} is empty")
    names = language_names(columns)
    for side in (options.source, options.target):
        if side not in names:
            raise UserError(f"corpus {options.path}: no column {side!r} in split {split!r}; it has {', '.join(names)}")
    try:
        return rows.map(
            normalise_rows,
            batched=True,
            remove_columns=list(columns),
            fn_kwargs={"source": options.source, "target": options.target},
            **progress_label(rows, "normalising"),
        )
    except UnicodeDecodeError as error:
        raise reading_error(options, error) from error


def load_split_in_memory(options: CorpusOptions, split: str) -> datasets.Dataset:
    """Load a split as `load_split` does, but never as a stream. Use it for the small splits of a streamed corpus.

    Raises:
        UserError: see `load_split`.
    """
    rows = load_split(options, split)
    if isinstance(rows, datasets.Dataset):
        return rows
    try:
        return datasets.Dataset.from_list(list(rows))
    except CastError as error:
        raise unequal_columns_error(options) from error


def load_annotations(options: CorpusOptions, split: str) -> dict[str, list[Any]]:
    """Load a split's annotations: `alignment` (gold links, "0-0 1-2") and `phenomena` (a list of names), for each row.

    A column that has one of these names and other contents is ignored.

    Raises:
        UserError: see `load_split`.
    """
    rows = open_split(options, split)
    annotations = {}
    for name, is_valid in (("alignment", is_pharaoh), ("phenomena", is_list_of_texts)):
        if name in (column_types(rows) or {}):
            values = [row[name] for row in rows.select_columns([name])]
            if all(map(is_valid, values)):
                annotations[name] = values
    return annotations


def is_pharaoh(value: object) -> bool:
    """Return whether a value is a text in Pharaoh's format (see `text.pharaoh`)."""
    try:
        return isinstance(value, str) and parse_pharaoh(value) is not None
    except ValueError:
        return False


def is_list_of_texts(value: object) -> bool:
    """Return whether a value is a list of texts."""
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def filter_pairs(rows: Rows, options: CorpusOptions) -> tuple[Rows, Counter[str]]:
    """Leave out the training pairs that `rejection_reason` rejects, and count the reasons.

    The rules apply in this order: `empty side`; `too long` (max_words); `sides too unequal` (max_ratio). A stream is
    filtered while it is read, so its counts are empty.

    Raises:
        UserError: no pair is left.
    """
    if isinstance(rows, datasets.IterableDataset):
        return rows.filter(is_accepted, fn_kwargs={"options": options}), Counter()
    reasons = [
        rejection_reason(source, target, options) for source, target in zip(rows["source"], rows["target"], strict=True)
    ]
    accepted = [index for index, reason in enumerate(reasons) if reason is None]
    counts = Counter(reason for reason in reasons if reason)
    if not accepted:
        raise UserError(f"corpus {options.path}: no sentence pair is left after cleaning: {counts}")
    return rows if len(accepted) == len(rows) else rows.select(accepted), counts


def is_accepted(row: dict[str, str], options: CorpusOptions) -> bool:
    """Return whether a row is used for training. A module-level function, because worker processes must pickle it."""
    return rejection_reason(row["source"], row["target"], options) is None


def open_split(options: CorpusOptions, split: str) -> Rows:
    """Open a split with its own columns and unchanged text.

    Raises:
        UserError: the path, configuration or split does not exist, is empty, or cannot be read.
    """
    folder = Path(options.path).expanduser()
    source, target = (folder / f"{split}.{side}" for side in (options.source, options.target))
    if source.is_file() or target.is_file():
        return open_parallel_text(source, target, options)
    local = folder.is_dir()
    if not local and (folder.exists() or options.path.startswith(("/", ".", "~")) or options.path.count("/") > 1):
        raise UserError(f"corpus.path {options.path}: no such folder")
    try:
        rows = datasets.load_dataset(
            str(folder.resolve()) if local else options.path,
            name=options.configuration,
            split=split,
            streaming=options.streaming,
        )
    except (datasets.exceptions.DatasetGenerationError, UnicodeDecodeError) as error:
        raise reading_error(options, error) from error
    except StopIteration as error:  # `datasets` raises it for a file without rows
        empty = [path.name for path in folder.glob("*") if path.is_file() and not path.stat().st_size] or ["a file"]
        raise UserError(f"corpus {options.path}: {', '.join(sorted(empty))}: empty") from error
    except (ValueError, RuntimeError) as error:  # an unknown split or configuration; a dataset that is a program
        if "corresponds to no data" in str(error):
            raise UserError(f"corpus {options.path}: split {split!r} is empty") from error
        raise UserError(f"corpus {options.path}: {root_cause(error)}") from error
    except OSError as error:  # missing files, or the network
        missing = "no local folder of this name, and it could not be loaded from the Hugging Face Hub"
        problem = "no data files in that folder" if local else missing
        raise UserError(f"corpus.path {options.path}: {problem} ({root_cause(error)})") from error
    assert isinstance(rows, Rows)
    return rows


def column_types(rows: Rows) -> datasets.Features | None:
    """Return the columns and their types, or None if the rows are empty. Some streams must read their first rows."""
    if rows.features is not None:
        return rows.features
    try:
        return rows._resolve_features().features
    except StopIteration:
        return None


def language_names(columns: datasets.Features) -> list[str]:
    """Return the names that can be a source or a target: the languages in a `translation` column, or the columns."""
    nested = columns.get("translation")
    languages = getattr(nested, "languages", None) or (nested if isinstance(nested, dict) else None)
    return sorted(languages or columns)


def open_parallel_text(source: Path, target: Path, options: CorpusOptions) -> Rows:
    """Open two text files whose lines are sentence pairs.

    Raises:
        UserError: see `read_parallel`. For a stream, the error comes when the rows are read.
    """
    # Tuples, because `datasets` would treat lists as shards.
    versions = tuple((side.stat().st_mtime_ns, side.stat().st_size) for side in (source, target) if side.is_file())
    names = (options.source, options.target)
    arguments = {"paths": (str(source), str(target)), "names": names, "versions": versions}
    if options.streaming:
        return datasets.IterableDataset.from_generator(read_parallel, gen_kwargs=arguments)
    try:
        return datasets.Dataset.from_generator(read_parallel, gen_kwargs=arguments)
    except datasets.exceptions.DatasetGenerationError as error:
        if isinstance(error.__cause__, UserError):
            raise error.__cause__ from None
        raise reading_error(options, error) from error


def reading_error(options: CorpusOptions, error: Exception) -> UserError:
    """Return the error for a local file that `datasets` cannot read, with the first line that is not UTF-8, if any."""
    if isinstance(error.__cause__, SchemaInferenceError):
        return UserError(f"corpus {options.path}: a split is empty")
    if isinstance(error.__cause__, CastError):
        return unequal_columns_error(options)
    folder = Path(options.path).expanduser()
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if path.suffix in {".json", ".jsonl", ".csv", ".tsv"}:
            try:
                for _ in read_lines(path):
                    pass
            except UserError as line_error:
                return line_error
    return UserError(f"corpus {options.path}: a file cannot be read: {root_cause(error)}")


def unequal_columns_error(options: CorpusOptions) -> UserError:
    """Return the error for a corpus whose files have different columns: `datasets` cannot load them together."""
    return UserError(f"corpus {options.path}: its files differ in their columns; give all splits the same")


def root_cause(error: BaseException) -> str:
    """Return the first line of the innermost cause: the part of a library's chain of errors that users need."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or [type(error).__name__])[0]


def progress_label(rows: Rows, label: str) -> dict[str, str]:
    """Return the arguments of `rows.map` that label its progress bar. The `map` of a stream takes no label."""
    return {} if isinstance(rows, datasets.IterableDataset) else {"desc": label}

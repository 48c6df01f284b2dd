"""Load the splits of a corpus as rows {source: str, target: str} of `datasets`, cleaned, in memory or as a stream."""

import re
import sys
from collections import Counter
from typing import Any

import datasets
from datasets.table import CastError

from seq2seq.errors import UserError
from seq2seq.text.corpus import CorpusOptions, is_local, language_columns, rejection_reason
from seq2seq.text.opening import (
    Rows,
    find_text,
    open_columns,
    open_text,
    reader_version,
    reading_error,
    unequal_columns_error,
)
from seq2seq.text.pharaoh import parse_pharaoh
from seq2seq.text.tables import read_table


def load_split(options: CorpusOptions, split: str) -> Rows:
    """Load all rows of a split as {source: str, target: str}, with their text as it is in the corpus (see `cell_text`).

    Raises:
        UserError: the path, configuration, split or column does not exist; a side is not text; the sides are unequally
            long; a file is not UTF-8.
    """
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    if shards := find_text(options, split):
        return open_text(shards, options, split)
    rows = open_columns(options, split)
    columns = column_types(rows)
    local_stream = is_local(options.path) and isinstance(rows, datasets.IterableDataset)
    if not columns or (local_stream and next(iter(rows), None) is None):
        raise UserError(f"corpus {options.path}: split {split!r} is empty")
    names = language_names(columns)
    for side in (options.source, options.target):
        if side not in names:
            raise UserError(f"corpus {options.path}: no column {side!r} in split {split!r}; it has {', '.join(names)}")
    try:
        return rows.map(
            language_columns,
            batched=True,
            remove_columns=list(columns),
            fn_kwargs={"source": options.source, "target": options.target, "version": reader_version()},
            **progress_label(rows, "reading"),
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
    is_valid = {"alignment": is_pharaoh, "phenomena": is_list_of_texts}
    columns = read_columns(options, split, "|".join(is_valid))
    return {name: values for name, values in columns.items() if all(map(is_valid[name], values))}


def read_columns(options: CorpusOptions, split: str, pattern: str) -> dict[str, list[Any]]:
    """Return the values of some columns of a split, unchanged, by the columns' names. Parallel text has no columns.

    Args:
        options: the corpus.
        split: the name of the split.
        pattern: a regular expression for the names.

    Returns:
        one value for each row; None where a row of a JSON file has no such name.

    Raises:
        UserError: see `load_split`.
    """
    if shards := find_text(options, split):
        tables = [paths[0] for paths in shards if len(paths) == 1]
        rows = [fields for path in tables for _, fields in read_table(path, options.columns or ())]
        names = dict.fromkeys(name for fields in rows for name in fields if re.fullmatch(pattern, name))
        return {name: [fields.get(name) for fields in rows] for name in names}
    opened = open_columns(options, split)
    names = dict.fromkeys(name for name in column_types(opened) or () if re.fullmatch(pattern, name))
    return {name: [row[name] for row in opened.select_columns([name])] for name in names}


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


def progress_label(rows: Rows, label: str) -> dict[str, str]:
    """Return the arguments of `rows.map` that label its progress bar. The `map` of a stream takes no label."""
    return {} if isinstance(rows, datasets.IterableDataset) else {"desc": label}

"""Reading corpora through `datasets`, from the Hub or a local folder: rows {source: str, target: str} in the end."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

import datasets
from datasets.arrow_writer import SchemaInferenceError
from datasets.table import CastError

from seq2seq.alignment import read_links
from seq2seq.corpus import CorpusOptions, fault, normalise_rows, read_parallel
from seq2seq.errors import UserError
from seq2seq.files import read_lines

Rows: TypeAlias = datasets.Dataset | datasets.IterableDataset


def load(options: CorpusOptions, split: str) -> Rows:
    """Read one split as rows {source: str, target: str}, white space and HTML entities normalised, nothing left out.

    Raises:
        UserError: no such path, configuration, split or column; a side that is not text; unequal sides; not UTF-8.
    """
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    rows = open_split(options, split)
    columns = features(rows)
    if not columns:
        raise UserError(f"corpus {options.path}: split {split!r} is empty")
    names = sides(columns)
    for side in (options.source, options.target):
        if side not in names:
            raise UserError(f"corpus {options.path}: no column {side!r} in split {split!r}; it has {', '.join(names)}")
    try:
        return rows.map(
            normalise_rows,
            batched=True,
            remove_columns=list(columns),
            fn_kwargs={"source": options.source, "target": options.target},
            **progress(rows, "normalising"),
        )
    except UnicodeDecodeError as error:
        raise unreadable(options, error) from error


def load_whole(options: CorpusOptions, split: str) -> datasets.Dataset:
    """As `load`, but in memory where the corpus is a stream: its small splits are no reason to download all of it."""
    rows = load(options, split)
    if isinstance(rows, datasets.Dataset):
        return rows
    try:
        return datasets.Dataset.from_list(list(rows))
    except CastError as error:
        raise unequal_columns(options) from error


def annotations(options: CorpusOptions, split: str) -> dict[str, list[Any]]:
    """What a split's rows say beside their text: `alignment` (gold links, "0-0 1-2") and `phenomena` (a list of names).

    A column of that name that holds anything else is none of ours, and is left alone.

    Raises:
        UserError: as `load`.
    """
    rows = open_split(options, split)
    found = {}
    for name, is_ours in (("alignment", is_alignment), ("phenomena", is_names)):
        if name in (features(rows) or {}):
            values = [row[name] for row in rows.select_columns([name])]
            if all(map(is_ours, values)):
                found[name] = values
    return found


def is_alignment(value: object) -> bool:
    """Links as `alignment.written` writes them."""
    try:
        return isinstance(value, str) and read_links(value) is not None
    except ValueError:
        return False


def is_names(value: object) -> bool:
    """A list of texts."""
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def clean(rows: Rows, options: CorpusOptions) -> tuple[Rows, Counter[str]]:
    """Leave out the training pairs that teach nothing good, and count why.

    The rules, in their order: `empty side`; `too long` (max_words); `sides too unequal` (max_ratio). A stream is
    cleaned as it is read, and has no counts beforehand.

    Raises:
        UserError: nothing is left.
    """
    if isinstance(rows, datasets.IterableDataset):
        return rows.filter(is_good, fn_kwargs={"options": options}), Counter()
    faults = [fault(source, target, options) for source, target in zip(rows["source"], rows["target"], strict=True)]
    kept = [index for index, found in enumerate(faults) if found is None]
    if not kept:
        raise UserError(f"corpus {options.path}: no sentence pair is left after cleaning: {Counter(faults)}")
    return rows if len(kept) == len(rows) else rows.select(kept), Counter(found for found in faults if found)


def is_good(row: dict[str, str], options: CorpusOptions) -> bool:
    """No `fault`. At the module's level, so that a stream pickles: worker processes may need it."""
    return fault(row["source"], row["target"], options) is None


def open_split(options: CorpusOptions, split: str) -> Rows:
    """The split as it is, whatever its columns."""
    folder = Path(options.path).expanduser()
    source, target = (folder / f"{split}.{side}" for side in (options.source, options.target))
    if source.is_file() or target.is_file():
        return parallel_text(source, target, options)
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
        raise unreadable(options, error) from error
    except StopIteration as error:  # which `datasets` lets slip where a file has no rows
        empty = [path.name for path in folder.glob("*") if path.is_file() and not path.stat().st_size] or ["a file"]
        raise UserError(f"corpus {options.path}: {', '.join(sorted(empty))}: empty") from error
    except (ValueError, RuntimeError) as error:  # of splits and configurations; of datasets that are programs
        if "corresponds to no data" in str(error):
            raise UserError(f"corpus {options.path}: split {split!r} is empty") from error
        raise UserError(f"corpus {options.path}: {cause(error)}") from error
    except OSError as error:  # of files and of the network
        where = "no data files in that folder" if local else "neither a local folder nor to be had from the Hub now"
        raise UserError(f"corpus.path {options.path}: {where} ({cause(error)})") from error
    assert isinstance(rows, Rows)
    return rows


def features(rows: Rows) -> datasets.Features | None:
    """The columns and their types, for which some streams must look at their first rows; None if there are none."""
    if rows.features is not None:
        return rows.features
    try:
        return rows._resolve_features().features
    except StopIteration:
        return None


def sides(columns: datasets.Features) -> list[str]:
    """The sides that rows offer: columns, or the languages inside a `translation` column."""
    nested = columns.get("translation")
    languages = getattr(nested, "languages", None) or (nested if isinstance(nested, dict) else None)
    return sorted(languages or columns)


def parallel_text(source: Path, target: Path, options: CorpusOptions) -> Rows:
    """Two text files, line by line a pair."""
    # The stamps are not read: they make the cache notice that a file has changed.
    # Tuples, because `datasets` would take lists for shards.
    stamps = tuple((side.stat().st_mtime_ns, side.stat().st_size) for side in (source, target) if side.is_file())
    names = (options.source, options.target)
    arguments = {"paths": (str(source), str(target)), "names": names, "stamps": stamps}
    if options.streaming:
        return datasets.IterableDataset.from_generator(read_parallel, gen_kwargs=arguments)
    try:
        return datasets.Dataset.from_generator(read_parallel, gen_kwargs=arguments)
    except datasets.exceptions.DatasetGenerationError as error:
        if isinstance(error.__cause__, UserError):
            raise error.__cause__ from None
        raise unreadable(options, error) from error


def unreadable(options: CorpusOptions, error: Exception) -> UserError:
    """What is wrong with a local file, by its first line that is not UTF-8, if that is the trouble."""
    if isinstance(error.__cause__, SchemaInferenceError):
        return UserError(f"corpus {options.path}: a split is empty")
    if isinstance(error.__cause__, CastError):
        return unequal_columns(options)
    folder = Path(options.path).expanduser()
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if path.suffix in {".json", ".jsonl", ".csv", ".tsv"}:
            try:
                for _ in read_lines(path):
                    pass
            except UserError as found:
                return found
    return UserError(f"corpus {options.path}: a file cannot be read: {cause(error)}")


def unequal_columns(options: CorpusOptions) -> UserError:
    """What `datasets` cannot read: files of one corpus that do not agree."""
    return UserError(f"corpus {options.path}: its files differ in their columns; give all splits the same")


def cause(error: BaseException) -> str:
    """The first line of the innermost cause: what the user needs of a library's chain of errors."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).splitlines() or [type(error).__name__])[0]


def progress(rows: Rows, what: str) -> dict[str, str]:
    """`map`'s progress bar says what it does; a stream's has none."""
    return {} if isinstance(rows, datasets.IterableDataset) else {"desc": what}

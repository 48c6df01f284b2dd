"""Find the files that hold a split of a local corpus.

A file called exactly SPLIT.jsonl is the split (or .csv, .tsv, .parquet …; or SPLIT.de beside SPLIT.en). Nothing is
guessed from a part of a name: `test` does not include `test_2017.jsonl`. Layouts of the Hugging Face Hub are read, too.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import datasets

from seq2seq.errors import UserError
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.lines import COMPRESSED, uncompressed_name

TABLES = (".jsonl", ".json", ".tsv", ".csv")
COLUMNAR = {".parquet": "parquet", ".arrow": "arrow"}  # by suffix, the builder of `datasets` that reads them
SHARD = re.compile(r"(?P<split>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})")  # train-00000-of-00002.parquet
DEPTH = 3  # how deep the folders of a corpus may lie in each other
LISTED = 12  # the most names in a message

Shards = list[tuple[Path, ...]]  # the files of a split, in order: tables, or pairs of parallel text files


def find_split(options: CorpusOptions, split: str) -> Shards:
    """Return the files of a split.

    Raises:
        UserError: there are none, or there are two that could be meant, or one of them is missing.
    """
    folder = corpus_folder(options)
    names = list_folder(folder, options)
    shards: Shards = []
    if not options.configuration:
        shards = exact_files(folder, names, split, options)
    if not shards and (options.configuration or has_configurations(folder)):
        shards = configured_files(folder, split, options)
    shards = shards or deeper_files(folder, split, options)
    if not shards:
        raise UserError(f"corpus {options.path}: {missing_split(folder, names, split, options)}")
    for path in chain.from_iterable(shards):
        if not path.is_file():
            raise UserError(f"{path}: {'a folder' if path.is_dir() else 'not a file'} where a file is expected")
    return shards


def corpus_folder(options: CorpusOptions) -> Path:
    """Return the folder of a local corpus."""
    return Path(os.path.expanduser(options.path))


def list_folder(folder: Path, options: CorpusOptions) -> list[str]:
    """Return the names in a folder, sorted.

    Raises:
        UserError: the folder cannot be read.
    """
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        raise UserError(f"corpus.path {options.path}: cannot be read: {error.strerror or error}") from error


def table_suffixes(options: CorpusOptions) -> tuple[str, ...]:
    """Return the suffixes of tables. Only `columns` makes a .txt file a table, as Anki exports it."""
    return (*TABLES, *([".txt"] if options.columns else []))


def exact_files(folder: Path, names: Sequence[str], split: str, options: CorpusOptions) -> Shards:
    """Return the files that are called like the split and lie in the corpus's own folder; none if there are none.

    Raises:
        UserError: the split is there in two forms, or a side of parallel text is missing.
    """
    tables = [f"{split}{suffix}{end}" for suffix in table_suffixes(options) for end in ("", *COMPRESSED)]
    forms = [[name] for name in (*tables, *(f"{split}{suffix}" for suffix in COLUMNAR)) if name in names]
    sides = [
        [name for end in ("", *COMPRESSED) if (name := f"{split}.{side}{end}") in names]
        for side in (options.source, options.target)
    ]
    if sides[0] or sides[1]:
        for side, found, other in zip((options.source, options.target), sides, reversed(sides), strict=True):
            if not found:
                missing = folder / f"{split}.{side}"
                raise UserError(f"{missing}: cannot be read: No such file; it belongs to {other[0]}, line by line")
        forms += [[source, target] for source in sides[0] for target in sides[1]]
    check_unambiguous(split, [" and ".join(dict.fromkeys(form)) for form in forms], options)
    return [tuple(folder / name for name in form) for form in forms]


def check_unambiguous(split: str, forms: Sequence[str], options: CorpusOptions) -> None:
    """Check that at most one form of a split is there.

    Raises:
        UserError: there are several; the message names them.
    """
    if len(forms) > 1:
        listed = "; ".join(forms[:LISTED])
        raise UserError(f"corpus {options.path}: split {split!r} is there {len(forms)} times: {listed}; keep one")


def deeper_files(folder: Path, split: str, options: CorpusOptions) -> Shards:
    """Return the tables of a split in a layout of the Hub: `data/SPLIT.csv`, `SPLIT-00000-of-00002.parquet`, `SPLIT/*`.

    Raises:
        UserError: two folders or formats could be meant, or a shard is missing.
    """
    groups: dict[int, dict[str, list[Path]]] = {0: {}, 1: {}, 2: {}}  # by kind of name, then folder and format
    for path in data_files(folder, options):
        stem, _, suffix = uncompressed_name(path.name).rpartition(".")
        shard = SHARD.fullmatch(stem)
        below = path.parent != folder
        kinds = (
            below and stem == split,
            shard is not None and shard["split"] == split,
            below and path.parent.name == split,
        )
        if any(kinds):
            name = (path.parent / f"*.{suffix}").relative_to(folder)
            groups[kinds.index(True)].setdefault(str(name), []).append(path)
    found = next((forms for forms in groups.values() if forms), {})
    check_unambiguous(split, list(found), options)
    paths = next(iter(found.values()), [])
    if paths and (first := SHARD.fullmatch(uncompressed_name(paths[0].name).rpartition(".")[0])):
        if len(paths) != int(first["count"]):
            raise UserError(f"{paths[0]}: one of {int(first['count'])} files, but {len(paths)} are there")
    elif found is groups[0]:
        check_unambiguous(split, [str(path.relative_to(folder)) for path in paths], options)
    return [(path,) for path in paths]


def has_configurations(folder: Path) -> bool:
    """Return whether a folder's README.md lists the files of its splits, as that of a dataset on the Hub does."""
    try:
        return re.search(r"^configs:", (folder / "README.md").read_text("utf-8", "replace"), re.MULTILINE) is not None
    except OSError:
        return False


def configured_files(folder: Path, split: str, options: CorpusOptions) -> Shards:
    """Return the files that the README.md of a folder names for a split. `datasets` reads the list.

    Raises:
        UserError: there is no such configuration or split, or a file lies outside the folder.
    """
    try:
        builder = datasets.load_dataset_builder(str(folder.resolve()), name=options.configuration)
    except (ValueError, OSError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"corpus {options.path}: {reason}") from error
    files = builder.config.data_files or {}
    if split not in files:
        raise UserError(f"corpus {options.path}: no {split} in its README.md; there are {', '.join(map(str, files))}")
    suffixes = (*table_suffixes(options), *COLUMNAR)
    paths = [Path(name) for name in files[split]]
    for path in paths:
        if not path.is_relative_to(folder.resolve()) or not uncompressed_name(path.name).endswith(suffixes):
            raise UserError(f"corpus {options.path}: its README.md names {path}: not a table in that folder")
    return [(path,) for path in paths]


def data_files(folder: Path, options: CorpusOptions) -> Iterator[Path]:
    """Yield the tables in a folder and in the folders below it, sorted. Hidden ones are left out."""
    suffixes = (*table_suffixes(options), *COLUMNAR)
    for parent, folders, names in os.walk(folder):
        depth = len(Path(parent).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if depth < DEPTH else []
        for name in sorted(names):
            if not name.startswith(".") and uncompressed_name(name).endswith(suffixes):
                yield Path(parent, name)


def missing_split(folder: Path, names: Sequence[str], split: str, options: CorpusOptions) -> str:
    """Return what to say about a split that is not there: what is there instead."""
    if f"{split}.txt" in names:
        return f"{split}.txt has no columns yet: name them, separated by tabs: --corpus.columns '[de, en]'"
    if unread := [name for name in names if name.startswith(f"{split}.") and name.endswith((".zst", ".zip", ".7z"))]:
        return f"{unread[0]} is packed in a way that is not read; unpack it, or pack it with gzip"
    splits = there_are(folder, names, options)
    if splits:
        form = next(iter(splits.values()))
        return f"no {split}{form}; there are {', '.join(sorted(splits)[:LISTED])}"
    wanted = f"{split}.jsonl, .tsv, .csv, .parquet, or {split}.{options.source} and {split}.{options.target}"
    listed = f"; the folder has {', '.join(names[:LISTED])}" if names else ""
    return f"no data files: none is called {wanted}{listed}"


def there_are(folder: Path, names: Sequence[str], options: CorpusOptions) -> Mapping[str, str]:
    """Return the splits of a corpus by their file names, and the end of the name after each split's."""
    splits: dict[str, str] = {}
    for name in names:
        for side in (options.source, options.target):
            if uncompressed_name(name).endswith(f".{side}"):
                splits.setdefault(uncompressed_name(name).removesuffix(f".{side}"), f".{side}")
    for path in data_files(folder, options):
        stem, _, suffix = uncompressed_name(path.name).rpartition(".")
        if shard := SHARD.fullmatch(stem):
            stem = shard["split"]
        splits.setdefault(stem, f".{suffix}")
    return splits

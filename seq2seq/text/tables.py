"""Read rows from JSON lines, TSV and CSV files, strictly: every row is complete, and every field is text.

No reader guesses types, because a guess loses text: "NA", "null", "007" and "1e5" are words like others.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from seq2seq.errors import UserError
from seq2seq.text.lines import text_lines, uncompressed_name

IGNORED = "_"  # the name of columns that are not read, in `corpus.columns`


NumberedRow: TypeAlias = tuple[int, dict[str, Any]]  # the number of the row's first line, and its fields by column
NumberedFields: TypeAlias = tuple[int, list[str]]  # the same before the columns have names; empty for an empty line


def read_table(path: Path, columns: Sequence[str] = ()) -> Iterator[NumberedRow]:
    """Yield the rows of a .jsonl, .json, .tsv, .csv or .txt (as tsv) file, which may be compressed.

    Args:
        path: the file.
        columns: the names of the columns, for a tsv or csv file without a header row. Otherwise its first row has them.

    Raises:
        UserError: the file cannot be read, or a row does not follow its format; the message names the line.
    """
    suffix = Path(uncompressed_name(path.name)).suffix
    if suffix == ".jsonl":
        return read_json_lines(path)
    if suffix == ".json":
        return read_json(path)
    return read_fields(path, split_csv(path) if suffix == ".csv" else split_tsv(path), columns)


def read_json_lines(path: Path) -> Iterator[NumberedRow]:
    """Yield the objects of a file that has one on each line. Blank lines are left out.

    Raises:
        UserError: a line is not a JSON object.
    """
    for number, line in enumerate(text_lines(path), start=1):
        if line and not line.isspace():
            yield number, parse_object(line, path, number)


def read_json(path: Path) -> Iterator[NumberedRow]:
    """Yield the objects of a JSON file: those of an array, which has to fit in memory, or one on each line.

    Raises:
        UserError: the file is not JSON, or holds something else.
    """
    first = next((line for line in text_lines(path) if line.strip()), "")
    if not first.lstrip().startswith("["):
        yield from read_json_lines(path)
        return
    entries = parse_json("\n".join(text_lines(path)), path, 1)
    for number, entry in enumerate(entries, start=1):
        yield number, check_object(entry, path, number)


def parse_object(text: str, path: Path, number: int) -> dict[str, Any]:
    """Return the object of a line.

    Raises:
        UserError: see `parse_json` and `check_object`.
    """
    fields = check_object(parse_json(text, path, number), path, number)
    # An object with one name twice has more colons than names. json keeps the last value silently.
    if text.count(":") > len(fields):
        parse_json(text, path, number, object_pairs_hook=unique_names)
    return fields


def parse_json(text: str, path: Path, number: int, **options: Any) -> Any:
    """Return the value of a JSON text.

    Raises:
        UserError: it is not JSON, or a character is half a surrogate pair.
    """
    try:
        value = json.loads(text, **options)
        if "\\u" in text:  # Only an escape can make half a surrogate pair, which no file can hold.
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeEncodeError as error:
        raise UserError(f"{place(path, number)}: an escape such as \\ud800 that is half a character") from error
    except json.JSONDecodeError as error:
        line = number + error.lineno - 1
        raise UserError(f"{path}, line {line}: not JSON: {error.msg} (column {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place(path, number)}: not JSON that can be read: {error}") from error


def unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these names and values. json's own way keeps the last of two equal names silently."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return fields


def check_object(value: Any, path: Path, number: int) -> dict[str, Any]:
    """Return a value that must be an object.

    Raises:
        UserError: it is something else.
    """
    if not isinstance(value, dict):
        example = '{"de": "ein Hund", "en": "a dog"}'
        raise UserError(f"{place(path, number)}: {value!r:.40} is not an object such as {example}")
    return value


def place(path: Path, number: int) -> str:
    """Return where a row stands, for messages. A .json file can have an array, whose entries are counted."""
    return f"{path}, {'entry' if uncompressed_name(path.name).endswith('.json') else 'line'} {number}"


def split_tsv(path: Path) -> Iterator[NumberedFields]:
    """Yield the fields of each line, which tabs separate. A quotation mark is a character like others."""
    for number, line in enumerate(text_lines(path), start=1):
        yield number, line.split("\t") if line else []


def split_csv(path: Path) -> Iterator[NumberedFields]:
    """Yield the fields of each row as RFC 4180 defines them: a quoted field may hold commas, quotes and line breaks.

    Raises:
        UserError: a quoted field does not end, or goes on after its closing quotation mark.
    """
    reader = csv.reader(text_lines(path, keep_ends=True), strict=True)
    line = 1
    try:
        for fields in reader:
            yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        reason = "a quotation mark is not closed" if "unexpected end" in str(error) else error
        raise UserError(f"{path}, line {line}: not CSV as RFC 4180 defines it: {reason}") from error


def read_fields(path: Path, records: Iterator[NumberedFields], columns: Sequence[str]) -> Iterator[NumberedRow]:
    """Yield rows of named fields, each with the number of its first line.

    Args:
        path: the file, for messages.
        records: its rows, the header included.
        columns: the names of the columns, if the file has no header row.

    Raises:
        UserError: two columns have one name, or a row has another number of fields than the header. Empty lines are
            accepted at the end alone.
    """
    _, first = header = next(records, (0, []))
    if columns:
        names, owner = list(columns), "corpus.columns names"
        records = chain([header] if header[0] else [], records)
        if [name.strip() for name in first] == names:
            raise UserError(f"{path}, line 1: a header row; leave out corpus.columns, which is for files without one")
    else:
        names, owner = [name.strip() for name in first], "the header has"
    if twice := [name for name in names if name != IGNORED and names.count(name) > 1]:
        raise UserError(f"{path}, line 1: two columns are called {twice[0]!r}")
    empty_line = 0
    for line, fields in records:
        if not fields and len(names) != 1:
            empty_line = empty_line or line
            continue
        if empty_line:
            raise UserError(f"{path}, line {empty_line}: empty; each row needs {len(names)} fields")
        if len(fields or [""]) != len(names):
            count = f"{len(fields)} field{'s'[: len(fields) != 1]}"
            raise UserError(f"{path}, line {line}: {count}, but {owner} {len(names)}: {', '.join(names):.80}")
        yield line, dict(zip(names, fields or [""], strict=True))


def check_columns(path: Path, wanted: Iterable[str], columns: Sequence[str] = ()) -> None:
    """Check that a file with rows has the wanted columns. A JSON file is read until each has occurred in a row.

    Raises:
        UserError: it has not; or see `read_table`.
    """
    names: dict[str, None] = {}
    for _, fields in read_table(path, columns):
        names |= dict.fromkeys(side_names(fields))
        if all(name in names for name in wanted):
            return
        if is_delimited(path):
            break
    for name in wanted if names else ():
        if name not in names:
            shown = ", ".join(f"{other:.40}" for other in sorted(names)[:12])
            raise UserError(f"{path}: no column {name!r}; it has {shown}{header_hint(path, list(names), columns)}")


def header_hint(path: Path, names: Sequence[str], columns: Sequence[str]) -> str:
    """Return what may be wrong with a header row that lacks a language."""
    if columns or not is_delimited(path):
        return ""
    if len(names) == 1 and (separator := next((name for name in (";", "\t") if name in names[0]), None)):
        return f"; not {separator!r} but {'a comma' if '.csv' in path.name else 'a tab'} separates its fields"
    return "; for a file without a header row, name its columns: --corpus.columns '[de, en]'"


def is_delimited(path: Path) -> bool:
    """Return whether a file is a tsv or csv file."""
    return Path(uncompressed_name(path.name)).suffix not in (".jsonl", ".json")


def side_names(fields: dict[str, Any]) -> list[str]:
    """Return the names that can be a source or a target: the columns, and the languages in a `translation` column."""
    nested = fields.get("translation")
    return [*nested, *fields] if isinstance(nested, dict) else list(fields)


def read_pairs(path: Path, source: str, target: str, columns: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield the texts of two columns, at the top level or inside a `translation` column. A missing one is "".

    Raises:
        UserError: a side is not text; or see `read_table`.
    """
    for number, fields in read_table(path, columns):
        yield side_text(fields, source, path, number), side_text(fields, target, path, number)


def side_text(fields: dict[str, Any], side: str, path: Path, number: int) -> str:
    """Return a row's text in one language.

    Raises:
        UserError: it is not text.
    """
    if side not in fields and isinstance(fields.get("translation"), dict):
        fields = fields["translation"]
    text = fields.get(side)
    if text is not None and not isinstance(text, str):
        kind = type(text).__name__
        raise UserError(f"{place(path, number)}: {side} holds {kind} where text is expected: {json.dumps(text)[:60]}")
    return text or ""

"""Load several reference translations of a split: the columns or files ref0, ref1, …."""

import re
from collections.abc import Iterable
from pathlib import Path

from seq2seq.errors import UserError
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.lines import text_lines
from seq2seq.text.loading import read_columns


def load_references(options: CorpusOptions, split: str) -> dict[int, list[str | None]]:
    """Return the numbered references of a split, by number, with their text as it is on disk.

    In tables, they are the columns `ref0`, `ref1`, …; beside text files, the files `test.ref0.en`, `test.ref1.en`, ….
    None stands where a row has no such reference. Most corpora have no numbered references: the result is empty.

    Raises:
        UserError: see `load_split`; or a reference is not text.
    """
    folder = Path(options.path).expanduser()
    if (folder / f"{split}.{options.target}").is_file():
        start, end = f"{split}.", f".{options.target}"
        names = {path.name.removeprefix(start).removesuffix(end): path for path in folder.iterdir()}
        return {number: list(text_lines(names[name])) for name, number in numbered(names).items()}
    columns = read_columns(options, split, "ref[0-9]+")
    references = {}
    for name, number in numbered(columns).items():
        references[number] = texts = columns[name]
        if wrong := [text for text in texts if text is not None and not isinstance(text, str)]:
            kind = type(wrong[0]).__name__
            raise UserError(f"corpus {options.path}: {name} holds {kind} in split {split!r}; a reference is text")
    return references


def numbered(names: Iterable[str]) -> dict[str, int]:
    """Return the names ref0, ref1, … among some names, with their numbers."""
    matches = {name: re.fullmatch(r"ref([0-9]+)", name) for name in names}
    return {name: int(match[1]) for name, match in matches.items() if match}

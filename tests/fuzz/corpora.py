"""Corpora that are damaged, hostile, or of another kind than they seem."""

import bz2
import gzip
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from fuzz.base import CORPUS, DAMAGED, RECIPE_NAME, SENTENCES, Case, run_commands
from fuzz.sandbox import Command
from fuzz.values import CANARY, TEXTS, absurd_json, damaged_bytes

COUNT = 100
NEW_RUN = "runs/new"
Pairs = list[tuple[str, str]]

# Text that looks like something else, beside what `values` has.
ODD_TEXTS = ('"', '""', "'", "\t", "\r", "\x0b", "\u200b", "\ufeff", "\xad", "&lt;&#0;", "▁", "</s>", "<0x00>")
SPLITS = (
    "../outside/split",
    "../../outside/canary",
    "a\x1b[2J",
    "a\nb",
    "$x^$",
    "[red]a",
    "a b",
    "-x",
    "é" * 200,
    ".",
    "/",
    "x:y[1:2]",
)


def split_commands(number: int) -> list[Command]:
    """Return commands that read a split with a name that is more than a name."""
    name = Random(number).choice(SPLITS)
    words = (
        ["evaluate", DAMAGED, f"--split={name}"],
        ["train", RECIPE_NAME, "--run", NEW_RUN, f"--corpus.test={name}"],
    )
    return [Command(words[number % 2], (DAMAGED, NEW_RUN)[number % 2])]


def cases() -> list[Case]:
    """Return every case."""
    commands = [Command(["train", RECIPE_NAME, "--run", NEW_RUN], NEW_RUN)]
    of_run = [command for command in run_commands(DAMAGED) if command.words[:2] != ["train", RECIPE_NAME]]
    return [Case("corpus", number, damage, [*commands, *of_run, *split_commands(number)]) for number in range(COUNT)]


def damage(folder: Path, draw: Random) -> str:
    """Write the corpus in another format, and damage some of its files, and a file beside it."""
    corpus = folder / CORPUS
    pairs = {
        split: list(
            zip(*((corpus / f"{split}.{side}").read_text("utf-8").splitlines() for side in ("de", "en")), strict=True)
        )
        for split in SENTENCES
    }
    form = draw.choice((text, text, jsonl, jsonl, jsonl, table, table, table, hub_folder))
    for path in corpus.iterdir():
        path.unlink()
    odd = draw.sample((*TEXTS, *ODD_TEXTS), 3)
    done = [f"{form(corpus, pairs, odd, draw)} {odd!r:.100}"]
    files = sorted(path for path in corpus.iterdir() if path.is_file())
    for path in draw.sample(files, min(draw.choice((0, 0, 1, 1, 2)), len(files))):
        done.append(f"{path.name}: {damage_file(path, draw, folder)}")
    for name, side in product(SPLITS, ("de", "en")):
        with suppress(OSError):  # some cannot be names of files
            (corpus / f"{name}.{side}").write_text("x\n" * 3, encoding="utf-8")
    side = folder / draw.choice(("in.de", "in.en"))
    side.write_bytes(damaged_bytes(side.read_bytes(), draw))
    return f"{form.__name__}, {', '.join(done)}"


def damage_file(path: Path, draw: Random, folder: Path) -> str:
    """Damage a file, or put something else in its place."""
    if draw.random() < 0.6:
        path.write_bytes(damaged_bytes(path.read_bytes(), draw))
        return "damaged bytes"
    return replace_file(path, draw, folder)


def replace_file(path: Path, draw: Random, folder: Path) -> str:
    """Put something that is not a readable file in the place of a file."""
    other = draw.choice(("empty", "missing", "directory", "loop", "dangling", "device", "fifo", "huge line", "outside"))
    path.unlink()
    match other:
        case "empty":
            path.write_bytes(b"")
        case "directory":
            (path / "x").mkdir(parents=True)
        case "loop":
            path.symlink_to(path.name)
        case "dangling":
            path.symlink_to("nothing")
        case "device":
            path.symlink_to("/dev/null")
        case "fifo":
            os.mkfifo(path)
        case "huge line":
            path.write_bytes(b"word " * draw.choice((1000, 40_000)) + b"x" * draw.choice((1, 100_000)))
        case "outside":
            path.symlink_to(folder / "outside" / "secret.txt")
    return other


def make_odd(pairs: dict[str, Pairs], odd: Sequence[str], draw: Random) -> dict[str, Pairs]:
    """Return the pairs with odd text in some of them."""
    share = draw.choice((0.0, 0.1, 0.1, 1.0))

    def change(sentence: str) -> str:
        text = draw.choice(odd)
        changed = draw.choice((text, f"{text} {sentence}", f"{sentence}{text}"))
        return changed if draw.random() < share else sentence

    return {split: [(change(source), change(target)) for source, target in rows] for split, rows in pairs.items()}


def text(folder: Path, pairs: dict[str, Pairs], odd: Sequence[str], draw: Random) -> str:
    """Write parallel text, plain or compressed."""
    writers: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
        ("", bytes),
        ("", bytes),
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
    )
    suffix, compress = draw.choice(writers)
    for split, rows in make_odd(pairs, odd, draw).items():
        for index, side in enumerate(("de", "en")):
            lines = "".join(f"{row[index]}\n" for row in rows).encode("utf-8", "surrogatepass")
            (folder / f"{split}.{side}{suffix}").write_bytes(compress(lines))
    return f"parallel text{suffix}"


def jsonl(folder: Path, pairs: dict[str, Pairs], odd: Sequence[str], draw: Random) -> str:
    """Write objects with values of other types, and with annotations."""
    share = draw.choice((0.0, 0.1, 1.0))
    nested = draw.random() < 0.2
    for split, rows in make_odd(pairs, odd, draw).items():
        lines = []
        for source, target in rows:
            row: dict[str, Any] = {
                "de": source,
                "en": target,
                "alignment": "0-0",
                "phenomena": draw.sample(odd, 2),
            }
            if draw.random() < share:
                row[draw.choice(list(row))] = absurd_json(draw)
            if draw.random() < share * 0.3:
                row.pop(draw.choice(list(row)))
            lines.append(json.dumps({"translation": row} if nested else row, ensure_ascii=draw.random() < 0.8))
        if draw.random() < 0.3:
            extra = ("", "null", "[]", "3", "{", "[" * 5000, '{"de": 1, "de": 2}', "{}", '"x"', '{"de": NaN}')
            lines.insert(draw.randrange(len(lines)), draw.choice(extra))
        data = "\n".join(lines) + draw.choice(("\n", ""))
        (folder / f"{split}.{draw.choice(('jsonl', 'jsonl', 'json'))}").write_bytes(
            data.encode("utf-8", "surrogatepass")
        )
    return "JSON lines"


def table(folder: Path, pairs: dict[str, Pairs], odd: Sequence[str], draw: Random) -> str:
    """Write a table with ragged rows, open quotation marks and odd headers."""
    suffix, comma = draw.choice((("tsv", "\t"), ("csv", ",")))
    header = draw.choice(
        (["de", "en"], ["de", "en"], ["de", "en"], ["de", "de"], ["en"], ["", ""], ["de", "en", "de\x1b"], [])
    )
    share = draw.choice((0.0, 0.1, 0.5))
    for split, rows in make_odd(pairs, odd, draw).items():
        lines = [comma.join(header)] if header else []
        for row in rows:
            fields = list(row)
            if draw.random() < share:
                fields = draw.choice((fields[:1], [*fields, "x"], [f'"{fields[0]}', fields[1]], [*fields, "", ""], []))
            lines.append(comma.join(fields))
        (folder / f"{split}.{suffix}").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    return suffix


def hub_folder(folder: Path, pairs: dict[str, Pairs], odd: Sequence[str], draw: Random) -> str:
    """Write what a dataset's folder may hold beside its data: metadata, a program, binary files."""
    jsonl(folder, pairs, odd, Random(1))
    code = f"import os\nos.system({CANARY!r})\nopen('outside/canary', 'w')\n"
    extras = (
        ("README.md", "---\nconfigs:\n- config_name: default\n  data_files: /etc/passwd\n---\n"),
        (
            "README.md",
            "---\nconfigs:\n- config_name: default\n  data_files: [{split: train, path: '../outside/*'}]\n---\n",
        ),
        ("README.md", "---\nconfigs: 3\ndataset_info: [x]\n---\n"),
        ("README.md", f"---\n!!python/object/apply:os.system ['{CANARY}']\n---\n"),
        ("README.md", "---\nconfigs:\n- config_name: a\n  data_files: https://example.invalid/x\n---\n"),
        ("corpus.py", code),
        ("train.py", code),
        ("canary.py", code),
        ("dataset_infos.json", "[]"),
        ("dataset_infos.json", '{"default": {"features": {"de": {"_type": "os.system"}}}}'),
        ("state.json", '{"_data_files": [{"filename": "../outside/secret.txt"}]}'),
        ("train.parquet", "PAR1 nothing PAR1"),
        ("train.arrow", "ARROW1\0\0"),
        ("train.pkl", "cos\nsystem\n(S'touch outside/canary'\ntR."),
        ("train.zip", "PK\x05\x06"),
        ("train.tar", ""),
        ("train.txt", "x\n"),
        ("test_2017.jsonl", '{"de": 3, "x": 4}\n'),
    )
    name, content = draw.choice(extras)
    (folder / name).write_text(content, encoding="utf-8")
    return f"{name} {content[:60]!r}"

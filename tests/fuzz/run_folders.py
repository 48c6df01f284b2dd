"""Folders of runs, each with one file that is damaged, hostile, or something else than a file."""

import csv
import io
import json
import os
import pickle
import shutil
import struct
from pathlib import Path
from random import Random
from typing import Any

import safetensors.torch
import torch
import yaml
from fuzz.base import DAMAGED, Case, run_commands
from fuzz.values import CANARY, TEXTS, absurd, absurd_json, mutate

FILES = (
    "recipe.yaml",
    "tokenizer.model",
    "model.safetensors",
    "metrics.csv",
    "snapshots.jsonl",
    "provenance.json",
    "scores.json",
    "checkpoints/last.ckpt",
    "hypotheses/test.beam-2.txt",
    "checkpoints",
    "hypotheses",
    "tensorboard",
)
TREATMENTS = ("empty", "truncated", "random", "wrong type", "directory", "link", "fifo")
COUNT = len(FILES) * len(TREATMENTS)


def cases() -> list[Case]:
    """Return a case for each treatment of each file."""
    return [Case("run", number, make_damage(number), run_commands(DAMAGED)) for number in range(COUNT)]


def make_damage(number: int) -> Any:
    name, treatment = FILES[number // len(TREATMENTS)], TREATMENTS[number % len(TREATMENTS)]

    def damage(folder: Path, draw: Random) -> str:
        path = folder / DAMAGED / name
        return f"{name}: {treatment} {treat(path, treatment, draw, folder)}"

    return damage


def treat(path: Path, treatment: str, draw: Random, folder: Path) -> str:
    """Damage a file of a run. A folder's files are moved away first."""
    if path.is_dir():
        shutil.rmtree(path)
        data = b"x"
    else:
        data = path.read_bytes()
        path.unlink()
    match treatment:
        case "empty":
            path.write_bytes(b"")
        case "truncated":
            path.write_bytes(data[: draw.randrange(len(data))])
        case "random":
            path.write_bytes(draw.randbytes(draw.choice((1, 100, 10_000))))
        case "wrong type":
            path.write_bytes(wrong_type(path, data, draw))
        case "directory":
            (path / "x").mkdir(parents=True)
        case "link":
            target = draw.choice(
                (path.name, "nothing", folder / "outside", folder / "outside" / "secret.txt", "/dev/full")
            )
            path.symlink_to(target)
            return str(target)
        case "fifo":
            os.mkfifo(path)
    return ""


def wrong_type(path: Path, data: bytes, draw: Random) -> bytes:
    """Return a file of the right format with values that nobody expects."""
    match path.suffix:
        case ".yaml":
            tree = mutate(yaml.safe_load(data), draw, absurd(draw), [])
            return yaml.dump(tree).encode("utf-8", "backslashreplace")
        case ".json":
            tree = json.loads(data)
            for _ in range(draw.choice((1, 3))):
                tree = mutate(tree, draw, absurd_json(draw), [])
            return json.dumps(tree).encode()
        case ".jsonl":
            lines = [json.loads(line) for line in data.split(b"\n") if line]
            lines[-1] = mutate(lines[-1], draw, absurd_json(draw), [])
            return "".join(json.dumps(line) + "\n" for line in lines).encode()
        case ".csv":
            rows = list(csv.reader(io.StringIO(data.decode())))
            rows[draw.randrange(len(rows))][draw.randrange(len(rows[0]))] = draw.choice(
                ("nan", "inf", "x", "\x1b[2J", "", "1e999")
            )
            rows.append(rows[-1][: draw.randrange(len(rows[-1]))])
            return "\n".join(map(",".join, rows)).encode()
        case ".safetensors":
            return wrong_weights(data, draw)
        case ".ckpt":
            return wrong_checkpoint(data, draw)
        case ".txt":
            return "".join(f"{draw.choice(TEXTS)}\n" for _ in range(6)).encode("utf-8", "surrogatepass")
    return pickle.dumps(Hostile())


def wrong_weights(data: bytes, draw: Random) -> bytes:
    """Return weights of other names, types, sizes or values, or a header that lies."""
    weights = safetensors.torch.load(data)
    name = draw.choice(list(weights))
    match draw.randrange(6):
        case 0:
            weights[name] = torch.full_like(weights[name], float("nan"))
        case 1:
            weights[name] = weights[name].to(torch.int64)
        case 2:
            weights["x\x1b[2J"] = weights.pop(name)
        case 3:
            weights[name] = torch.zeros(3, 3)
        case 4:
            return struct.pack("<Q", 2**40) + data[8:]
        case _:
            header = json.dumps({name: {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
            return struct.pack("<Q", len(header)) + header
    return safetensors.torch.save(weights)


class Hostile:
    """Executes a command when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, (CANARY,)


def wrong_checkpoint(data: bytes, draw: Random) -> bytes:
    """Return a checkpoint with code in it, or with parts of other types."""
    buffer = io.BytesIO()
    content = torch.load(io.BytesIO(data), weights_only=False)
    match draw.randrange(4):
        case 0:
            return pickle.dumps(Hostile())
        case 1:
            torch.save({**content, "state_dict": Hostile()}, buffer)
        case 2:
            content[draw.choice(list(content))] = draw.choice((None, "x", 3, [], {}, {"a": 1}))
            torch.save(content, buffer)
        case _:
            torch.save(draw.choice(([], 3, {}, {"state_dict": {}}, {"state_dict": 3})), buffer)
    return buffer.getvalue()

"""Values that nobody expects, and text that does something where it is not only read."""

from datetime import date, datetime
from random import Random
from typing import Any

CANARY = "touch outside/canary"  # what hostile input tries to execute
HOSTILE_CLASSES = (
    {"class_path": "os.system", "init_args": {"command": CANARY}},
    {"class_path": "builtins.eval", "init_args": {"source": f"__import__('os').system('{CANARY}')"}},
    {"class_path": "builtins.exec"},
    {"class_path": "subprocess.Popen", "init_args": {"args": CANARY, "shell": True}},
    {"class_path": "seq2seq.files.write", "init_args": {"path": "outside/canary", "text": "x"}},
    {"class_path": "pathlib.Path"},
    {"class_path": "pathlib.Path.touch"},
    {"class_path": "canary.Canary"},
    {"class_path": "antigravity"},
    {"class_path": "torch.nn.Linear", "init_args": {"in_features": 2, "out_features": 2}},
    {"class_path": "AdditiveAttention", "init_args": {"size": "x"}},
    {"class_path": "AdditiveAttention", "init_args": {"sizes": 3}},
    {"class_path": "AdditiveAttention", "init_args": [1]},
    {"class_path": "AdditiveAttention", "dict_kwargs": {"x": 1}},
    {"class_path": 3},
    {"class_path": None},
    {"class_path": ""},
    {"class_path": "."},
    {"class_path": "a..b"},
    {"class_path": ["os.system"]},
    {"init_args": {"command": CANARY}},
    "os.system",
    "builtins.eval",
    "subprocess.Popen",
    "canary.Canary",
    "seq2seq.model.attention",
    "Context",
    "torch.nn.Module",
    "__main__.main",
)
TEXTS = (
    "",
    " ",
    "x",
    "null",
    "nan",
    "1e999",
    "-1",
    "0x10",
    "a" * 10_000,
    "a\x1b[2J\x1b]0;title\x07",
    "a\x9b31m\x85\u2028b",
    "\u202egnp.exe\u2066",
    "$x^$ $\\frac{",
    "[red]x[/red] [/]",
    "a\nseq2seq: all is well",
    "../../outside/canary",
    "/dev/stdin",
    "/etc/passwd",
    "~root/x",
    "https://example.invalid/x",
    "a/b",
    "-x",
    "--help",
    "%s %d {0} {x}",
    "`touch outside/canary` $(touch outside/canary); touch outside/canary",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1)) ![x](http://example.invalid/x)",
    "| a | b |",
    "日本 עברית 👩‍👩‍👧",
    "\ud800",
    "\x00",
)
NUMBERS = (0, 1, -1, 2, 3, 100, 100_000, 10**9, 2**31, 2**63, 99999999999999999999, -(10**30), 10**400)
FLOATS = (0.0, -0.0, 0.5, -0.5, 1e-320, 1e308, float("nan"), float("inf"), float("-inf"))
OTHERS = (
    None,
    True,
    False,
    [],
    {},
    [1, "a", None],
    [[]],
    {"a": 1},
    {1: 2},
    date(2020, 1, 1),
    datetime(2020, 1, 1, 1),
    b"x",
)
NAMES = (
    "gpu",
    "tpu",
    "auto",
    "mps",
    "cuda:99",
    "quantum",
    "bf16-true",
    "16-true",
    "64-true",
    "ddp_spawn",
    "zh",
    "char",
)


def absurd(draw: Random) -> Any:
    """Return a value that nobody expects."""
    return draw.choice(draw.choice((HOSTILE_CLASSES, TEXTS, NUMBERS, FLOATS, OTHERS, NUMBERS, FLOATS, NAMES)))


def absurd_json(draw: Random) -> Any:
    """Return a value that JSON can hold, and that nobody expects."""
    return draw.choice(draw.choice((TEXTS, NUMBERS[:-1], FLOATS, (None, True, [], {}, [1, "a", None], [[]], {"a": 1}))))


def mutate(tree: Any, draw: Random, value: Any, places: list[Any]) -> Any:
    """Return a tree of mappings and lists with one of its nodes, drawn at random, replaced by a value.

    Args:
        places: gets the keys and indices that lead to the node.
    """
    if isinstance(tree, dict) and tree and draw.random() < 0.95:
        places.append(key := draw.choice(list(tree)))
        return {**tree, key: mutate(tree[key], draw, value, places)}
    if isinstance(tree, list) and tree and draw.random() < 0.95:
        places.append(index := draw.randrange(len(tree)))
        return [*tree[:index], mutate(tree[index], draw, value, places), *tree[index + 1 :]]
    return value


def damaged_bytes(data: bytes, draw: Random) -> bytes:
    """Return a file's bytes, damaged as disks, transfers and people do."""
    cut = draw.randrange(len(data) + 1)
    match draw.randrange(9):
        case 0:
            return data[:cut]
        case 1:
            return draw.randbytes(draw.choice((1, 10, 1000, 50_000)))
        case 2:
            return data[:cut] + draw.randbytes(draw.choice((1, 4, 100))) + data[cut:]
        case 3:
            return data[:cut] + b"\x00" * draw.choice((1, 100)) + data[cut:]
        case 4:
            return b"\xff\xfe" + data.decode("utf-8", "replace").encode("utf-16-le")
        case 5:
            return data.decode("utf-8", "replace").encode("latin-1", "replace")
        case 6:
            return data.replace(b"\n", draw.choice((b"\r", b"\r\n", b" ", b"\n\n", b"\xe2\x80\xa8")))
        case 7:
            return b"\xef\xbb\xbf" * draw.choice((1, 2)) + data
        case _:
            return data * draw.choice((2, 50))

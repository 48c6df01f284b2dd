"""Recipes with mistakes and with malice: in their keys, their values and their YAML."""

from pathlib import Path
from random import Random
from typing import Any

import yaml
from fuzz.base import DAMAGED, RECIPE_NAME, Case, run_commands
from fuzz.sandbox import Command
from fuzz.values import CANARY, FLOATS, HOSTILE_CLASSES, NAMES, NUMBERS, TEXTS, absurd, damaged_bytes, mutate

COUNT = 200
NEW_RUN = "runs/new"

ALIASES = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
)
MAPPING_ALIASES = "comparison: &c\n  a0: &b0 {x: 1, y: 2, z: 3}\n" + "".join(
    f"  a{level}: &b{level} {{x: *b{level - 1}, y: *b{level - 1}, z: *b{level - 1}}}\n" for level in range(1, 20)
)
YAML_TRICKS = (
    ALIASES,
    MAPPING_ALIASES,
    ALIASES.replace("a9:", "trainer: {callbacks: *a8}\na9:"),
    ALIASES.replace("a9:", "corpus: *a8\na9:"),
    "corpus: &c {path: *c}\n",
    "corpus: &c [*c]\n",
    "comparison: &c {a: *c}\n",
    "trainer: &t {max_epochs: *t}\n",
    "<<: {corpus: {path: corpus}}\n",
    "<<: 3\n",
    f"corpus: !!python/object/apply:os.system ['{CANARY}']\n",
    f"!!python/object/new:subprocess.Popen [['{CANARY}']]\n",
    "corpus: !!python/name:os.system\n",
    "seed: !!int x\n",
    "seed: !!float [1]\n",
    "corpus: !!binary ====\n",
    "corpus: !!set {a, b}\n",
    "corpus: !!timestamp x\n",
    "corpus: !unknown x\n",
    "corpus: 2020-99-99\n",
    "seed: 2020-01-01\n",
    "seed: 1:30:00\n",
    "seed: 08\n",
    "seed: 1_000\n",
    "seed: .nan\n",
    "seed: 0o7\n",
    "[" * 3000,
    "[" * 100_000,
    "{a: " * 3000,
    "- " * 2000,
    "a: " * 500,
    "corpus: {path: corpus",
    "corpus: 'path",
    "\tcorpus: x\n",
    "%YAML 9.9\n---\ncorpus: x\n",
    "--- a\n--- b\n",
    "...",
    "? [a]\n: b\n",
    "? {a: b}\n: c\n",
    "1: 2\n",
    "null: 2\n",
    "true: 2\n",
    "~: {}\n",
    "'': 2\n",
    "2020-01-01: 2\n",
    "!!binary eA==: 2\n",
    "corpus.path: x\n",
    '"a\\nb": 1\n',
    '"a\\e[2J": 1\n',
    '"\\ud800": 1\n',
    "x" * 100_000,
    f"{'x' * 100_000}: 1\n",
    "-",
    "3",
    "",
    "# nothing\n",
    "\x00",
    "\u2028",
    "\ufeff\ufeffcorpus: x\n",
    "comparison: {a: {model.encoder.layers: 1}, '../../outside/b': {model.encoder.layers: 2}}\n",
    "comparison: {a: {model.encoder.layers: 1}, '/b': {model.encoder.layers: 2}}\n",
    'comparison: {"a\\e[2J": {model.encoder.layers: 1}, "b\\n": {model.encoder.layers: 2}}\n',
    "comparison: {$x^$: {model.encoder.layers: 1}, '': {model.encoder.layers: 2}}\n",
    "comparison: {a: {model.encoder.layers: 1}, b: {model.decoder.context: {class_path: os.system}}}\n",
    "comparison: {a: {seed: 1}, b: {seed: x}}\n",
    "comparison: {a: {help: 1}, b: {--help: 1}}\n",
    "comparison: {a: {config: /etc/passwd}, b: {}}\n",
    "comparison: {1: {}, 2: {}}\n",
    "comparison: {a: null, b: null}\n",
    "comparison: [a, b]\n",
    "comparison: {a: [model.encoder.layers], b: 3}\n",
    "comparison: {a: {corpus.path: x}, b: {corpus.path: /etc}}\n",
)
TRAINER_KEYS = (
    *(
        "accelerator",
        "precision",
        "strategy",
        "devices",
        "num_nodes",
        "max_epochs",
        "min_epochs",
        "max_steps",
        "max_time",
    ),
    *("limit_train_batches", "limit_val_batches", "val_check_interval", "check_val_every_n_epoch", "fast_dev_run"),
    *(
        "gradient_clip_val",
        "gradient_clip_algorithm",
        "accumulate_grad_batches",
        "overfit_batches",
        "log_every_n_steps",
    ),
    *(
        "profiler",
        "plugins",
        "sync_batchnorm",
        "detect_anomaly",
        "deterministic",
        "benchmark",
        "inference_mode",
        "barebones",
    ),
    *("num_sanity_val_steps", "enable_checkpointing", "enable_progress_bar", "callbacks", "logger", "model_registry"),
)


def cases() -> list[Case]:
    """Return every case. The recipe is given to `train` and `compare`, and lies in a run for all other commands."""
    given = [
        Command(["train", RECIPE_NAME, "--run", NEW_RUN], NEW_RUN),
        Command(["compare", RECIPE_NAME, "--plan", "--run", NEW_RUN], NEW_RUN),
        Command(["compare", f"{DAMAGED}/recipe.yaml", "--plan", "--run", NEW_RUN], NEW_RUN),
    ]
    of_run = [command for command in run_commands(DAMAGED) if command.words[:2] != ["train", RECIPE_NAME]]
    return [Case("recipe", number, damage, [*given, *of_run]) for number in range(COUNT)]


def damage(folder: Path, draw: Random) -> str:
    """Damage the recipe and the run's recipe in the same way."""
    (folder / "canary.py").write_text("open('outside/canary', 'w')\nCanary = print\n", encoding="utf-8")
    resolved = folder / DAMAGED / "recipe.yaml"
    tree = yaml.safe_load(resolved.read_text(encoding="utf-8"))
    kind = draw.choice((values, values, numbers, numbers, trainer, keys, classes, syntax, syntax, bytes_of_the_file))
    data, done = kind(tree, draw)
    for path in (folder / RECIPE_NAME, resolved):
        path.write_bytes(data)
    return f"{kind.__name__}: {done}"


def dump(tree: Any) -> bytes:
    """Return YAML for any tree. Surrogates are escaped."""
    return yaml.dump(tree, sort_keys=False, allow_unicode=False).encode("utf-8", "backslashreplace")


def values(tree: Any, draw: Random) -> tuple[bytes, str]:
    """Put one to three absurd values in the places of others."""
    done = []
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        value, places = absurd(draw), []
        tree = mutate(tree, draw, value, places)
        done.append(f"{'.'.join(map(str, places))} = {value!r:.80}")
    return dump(tree), ", ".join(done)


def numbers(tree: Any, draw: Random) -> tuple[bytes, str]:
    """Put a number that nobody expects in the place of another."""
    sections = [tree, *(tree[name] for name in ("corpus", "tokenizer", "model", "training", "search"))]
    sections += [tree["model"]["encoder"], tree["model"]["decoder"], tree["model"]["decoder"]["context"]["init_args"]]
    section = draw.choice(sections)
    key = draw.choice([key for key, value in section.items() if isinstance(value, int | float)] or [*section])
    section[key] = draw.choice(draw.choice((NUMBERS, FLOATS)))
    return dump(tree), f"{key} = {section[key]!r:.80}"


def trainer(tree: Any, draw: Random) -> tuple[bytes, str]:
    """Give Lightning's Trainer values that it cannot use."""
    key = draw.choice(TRAINER_KEYS)
    tree["trainer"][key] = draw.choice((absurd(draw), draw.choice(NAMES), draw.choice(NUMBERS)))
    return dump(tree), f"trainer.{key} = {tree['trainer'][key]!r:.80}"


def classes(tree: Any, draw: Random) -> tuple[bytes, str]:
    """Name a stranger's class, where a class is expected or somewhere else."""
    value = draw.choice(draw.choice((HOSTILE_CLASSES, HOSTILE_CLASSES[:7])))
    place = draw.random()
    if place < 0.5:
        side, option = draw.choice((("decoder", "context"), ("decoder", "cell"), ("encoder", "cell")))
        tree["model"][side][option] = value
    elif place < 0.8:
        section = draw.choice(("trainer", "comparison"))
        tree[section] = {**(tree.get(section) or {}), "x": draw.choice((value, [value], {"y": value}, {"y": [value]}))}
    else:
        tree = mutate(tree, draw, value, [])
    return dump(tree), f"{value!r:.80}"


def keys(tree: Any, draw: Random) -> tuple[bytes, str]:
    """Misspell a key, move it to another section, or add one."""
    section = draw.choice([tree, *(value for value in tree.values() if isinstance(value, dict) and value)])
    key = draw.choice(list(section))
    match draw.randrange(4):
        case 0:
            new = "".join(draw.sample(str(key), len(str(key))))
        case 1:
            new = draw.choice((*TEXTS, None, 1, True, "class_path", "init_args", "help", "config", "print_config"))
        case 2:
            new, section = key, tree[draw.choice([name for name, value in tree.items() if isinstance(value, dict)])]
        case _:
            deep: Any = absurd(draw)
            for _ in range(draw.choice((3, 50, 200))):
                deep = {key: deep}
            tree[draw.choice((key, "trainer", "comparison", "x"))] = deep
            return dump(tree), f"nested {key!r}"
    section[new] = section.pop(key, absurd(draw)) if draw.random() < 0.7 else absurd(draw)
    return dump(tree), f"{key!r} becomes {new!r:.60}"


def syntax(tree: Any, draw: Random) -> tuple[bytes, str]:
    """Put YAML that does something after the recipe or in its place, or write a line twice."""
    trick = draw.choice(YAML_TRICKS)
    if draw.random() < 0.5:
        return trick.encode(), f"{trick[:80]!r}"
    tree.pop(trick.partition(":")[0], None)
    lines = dump(tree).splitlines(keepends=True)
    if draw.random() < 0.2:
        lines.append(draw.choice(lines))
    return b"".join(lines) + trick.encode(), f"the recipe, then {trick[:80]!r}"


def bytes_of_the_file(tree: Any, draw: Random) -> tuple[bytes, str]:
    """Damage the file's bytes."""
    return damaged_bytes(dump(tree), draw), "damaged bytes"

"""The names that keys, options and classes had in earlier versions, for error messages and for old runs."""

from collections.abc import Mapping
from typing import Any

# In a recipe: old path of a key → new path.
KEYS = {
    "tokenizer.kind": "tokenizer.model_type",
    "model.tied": "model.tie_embeddings",
    "training.average": "training.ema_decay",
    "training.samples": "training.shown_translations",
    "training.warm_up": "training.warmup_updates",
    "search.width": "search.beam_size",
}

# Command-line options, and commands of the prompt: old → new.
OPTIONS = {"--width": "--beam-size", ":width": ":beam-size"}

# Recipes used to store the module of a class. Now they store its name.
CLASSES = {
    f"seq2seq.context.{name}": name for name in ("AdditiveAttention", "DotAttention", "FixedContext", "NoContext")
}


def upgrade(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe of an earlier version's run with today's names.

    Args:
        recipe: a recipe as YAML gives it: nested mappings.
    """
    sections = {name: _upgrade_classes(value) for name, value in recipe.items()}
    for old, new in KEYS.items():
        section, _, name = old.partition(".")
        if isinstance(values := sections.get(section), dict) and name in values:
            renamed = new.partition(".")[2]
            sections[section] = {renamed if key == name else key: value for key, value in values.items()}
    if isinstance(variants := sections.get("comparison"), dict):
        sections["comparison"] = {
            variant: {KEYS.get(key, key): value for key, value in keys.items()} if isinstance(keys, dict) else keys
            for variant, keys in variants.items()
        }
    return sections


def new_name(key: str) -> str | None:
    """Return today's name of a recipe's key, a command-line option or a prompt command; None if the name is not old.

    Args:
        key: "training.average", "--training.average", "--width" or ":width".
    """
    if key in OPTIONS:
        return OPTIONS[key]
    new = KEYS.get(key.removeprefix("--"))
    return new and ("--" if key.startswith("--") else "") + new


def _upgrade_classes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _upgrade_classes(item) for key, item in value.items()}
    return CLASSES.get(value, value) if isinstance(value, str) else value

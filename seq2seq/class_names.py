"""Resolve the class names in a recipe, before any parser sees them, to classes that are already imported.

Nothing is imported because a file names it. The project's own classes have short names (`FixedContext`, `gru`). A
user's class has the name of its file before its own (`my_attention.MyAttention`), and is there once the command line
has allowed the file (see `allow_code`).
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_origin

import yaml

from seq2seq.errors import UserError
from seq2seq.old_names import CLASSES

PACKAGE = __name__.partition(".")[0]

# Our classes that a recipe calls by a shorter name than the code. The class's own name is accepted, too.
SHORT_NAMES = {"LSTMCell": "lstm", "PeepholeLSTMCell": "peephole_lstm", "GRUCell": "gru", "RNNCell": "rnn"}


def class_fields(group: type, prefix: str = "") -> dict[str, type]:
    """Return the options that name a class: by path ("model.decoder.context"), the class that it must derive from.

    Such an option is a field whose type is a callable that returns an object of that class.
    """
    found: dict[str, type] = {}
    for field in fields(group):
        if isinstance(field.type, type) and is_dataclass(field.type):
            found |= class_fields(field.type, f"{prefix}{field.name}.")
        elif get_origin(field.type) is get_origin(Callable[..., Any]):
            found[f"{prefix}{field.name}"] = get_args(field.type)[1]
    return found


def short_name(part: type) -> str:
    """Return the name of a class as a recipe has it."""
    return SHORT_NAMES.get(part.__name__, part.__name__) if is_ours(part) else f"{part.__module__}.{part.__qualname__}"


def is_ours(part: type) -> bool:
    """Return whether a class belongs to the project."""
    return part.__module__.partition(".")[0] == PACKAGE


def resolve_in_mapping(group: type, given: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return the sections of a recipe with the full name of an imported class in place of each class name.

    Args:
        group: the dataclass that the sections belong to.
        given: the sections, as YAML gives them.
        file: where they come from, for messages.

    Raises:
        UserError: a name is not the name of an allowed class.
    """
    bases = class_fields(group)
    return {name: _resolve_value(str(name), value, bases, f"{file}: ") for name, value in given.items()}


def resolve_in_overrides(group: type, overrides: Sequence[str]) -> list[str]:
    """Return command-line options with the full name of an imported class in place of each class name.

    Raises:
        UserError: a name is not the name of an allowed class.
    """
    bases = class_fields(group)
    resolved, key = [], ""
    for word in overrides:
        if word.startswith("--"):
            key, equals, value = word[2:].partition("=")
            resolved.append(f"--{key}={_resolve_word(key, value, bases)}" if equals else word)
        else:
            resolved.append(_resolve_word(key, word, bases) if key else word)
            key = ""
    return resolved


def _resolve_word(key: str, word: str, bases: Mapping[str, type]) -> str:
    """Resolve the value of a command-line option. Values of groups ("--model {…}") are YAML mappings."""
    key = key.rstrip("+").removesuffix(".class_path").removesuffix(".help")
    is_group = any(path == key or path.startswith(f"{key}.") for path in bases)
    if not is_group:
        return word
    try:
        value = yaml.safe_load(word)
    except (yaml.YAMLError, RecursionError):
        value = word
    if not isinstance(value, dict):
        return str(_resolve_value(key, word, bases, "--")) if key in bases else word
    return yaml.safe_dump(_resolve_value(key, value, bases, "--"), default_flow_style=True, width=2**20).strip()


def _resolve_value(path: str, value: Any, bases: Mapping[str, type], where: str) -> Any:
    if path in bases:
        if isinstance(value, str):
            return _full_name(value, bases[path], path, where)
        if isinstance(value, dict) and "class_path" in value:
            _check_plain(value.get("init_args"), f"{where}{path}")
            return {**value, "class_path": _full_name(value["class_path"], bases[path], path, where)}
        return value
    if isinstance(value, dict) and any(base.startswith(f"{path}.") for base in bases):
        return {name: _resolve_value(f"{path}.{name}", item, bases, where) for name, item in value.items()}
    return value


def _check_plain(value: Any, path: str) -> None:
    """Raise UserError if the arguments of a class name further classes: only numbers, text and true or false go in."""
    if isinstance(value, dict):
        if "class_path" in value:
            raise UserError(f"{path}: the arguments of a class cannot name another class ({value['class_path']!r:.80})")
        for item in value.values():
            _check_plain(item, path)
    elif isinstance(value, list):
        for item in value:
            _check_plain(item, path)


def _full_name(name: object, base: type, path: str, where: str) -> str:
    """Return module and name of the class that a name stands for."""
    classes = list(_subclasses(base))
    for part in classes:
        full_name = f"{part.__module__}.{part.__qualname__}"
        if name in (short_name(part), full_name) or (is_ours(part) and name == part.__name__):
            return full_name
    ours = sorted(short_name(part) for part in classes if is_ours(part))
    module, _, own_name = str(name).rpartition(".")
    message = f"{where}{path}: {name!r:.80} is none of the classes that may stand here ({', '.join(ours)})"
    if new := CLASSES.get(str(name)):
        message += f"; it is now called {new}"
    elif not module and (similar := get_close_matches(own_name, ours, n=1)):
        message += f"; did you mean {similar[0]}?"
    elif module.isidentifier() and own_name.isidentifier():
        message += f"; if it is yours, or you trust it, allow the file that has it: --allow-code {module}.py"
    raise UserError(message)


def _subclasses(base: type[Any]) -> Iterator[type[Any]]:
    """Yield the classes of imported modules that derive from a class and can be built."""
    for part in base.__subclasses__():
        is_imported = getattr(sys.modules.get(part.__module__), part.__qualname__, None) is part
        if is_imported and not inspect.isabstract(part):
            yield part
        yield from _subclasses(part)

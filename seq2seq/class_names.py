"""Resolve the class names in a recipe, before any parser sees them, to classes that are already imported.

Nothing is imported because a file names it. The project's own classes have short names (`FixedContext`, `gru`). A
user's class has the name of its file before its own (`my_attention.MyAttention`), and is there once the command line
has allowed the file (see `allow_code`).
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_origin

import yaml

from seq2seq.errors import UserError
from seq2seq.old_names import CLASSES
from seq2seq.plain_sections import section_paths
from seq2seq.yaml_files import parse_yaml

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
        UserError: a name is not the name of an allowed class, or a section is not a mapping.
    """
    names = _Names(class_fields(group), section_paths(group), f"{file}: ")
    return {name: names.resolve(str(name), value) for name, value in given.items()}


def resolve_in_overrides(group: type, overrides: Sequence[str]) -> list[str]:
    """Return command-line options with the full name of an imported class in place of each class name.

    Raises:
        UserError: a name is not the name of an allowed class, or the value of a section is not a mapping.
    """
    names = _Names(class_fields(group), section_paths(group), "--")
    resolved, key = [], ""
    for word in overrides:
        if word.startswith("--"):
            key, equals, value = word[2:].partition("=")
            resolved.append(f"--{key}={names.resolve_word(key, value)}" if equals else word)
        else:
            resolved.append(names.resolve_word(key, word) if key else word)
            key = ""
    return resolved


@dataclass(frozen=True)
class _Names:
    """The places of a recipe where classes are named.

    Args:
        bases: the options that name a class, with the class that it must derive from.
        sections: the paths of the sections that have keys of their own.
        where: the beginning of a message.
    """

    bases: Mapping[str, type]
    sections: Sequence[str]
    where: str

    def resolve_word(self, key: str, word: str) -> str:
        """Resolve the value of a command-line option. Values of sections ("--model {…}") are YAML mappings."""
        given, key = key, key.rstrip("+").removesuffix(".class_path").removesuffix(".help")
        if "class_path" in given.split(".") and key not in self.bases:
            raise UserError(f"--{given}: no class can be named here")
        if key not in self.bases and key not in self.sections:
            return word
        try:
            value = parse_yaml(word)
        except (yaml.YAMLError, ValueError, OverflowError):
            value = word
        if not isinstance(value, dict):
            return str(self.resolve(key, word))
        return yaml.safe_dump(self.resolve(key, value), default_flow_style=True, width=2**20).strip()

    def resolve(self, path: str, value: Any) -> Any:
        """Return a value with the full names of its classes.

        jsonargparse would take a text in the place of a section for the name of a file, and read what it names.
        """
        if path in self.bases:
            if isinstance(value, str):
                return _full_name(value, self.bases[path], path, self.where)
            if isinstance(value, dict) and "class_path" in value:
                if unknown := [str(name) for name in value if name not in ("class_path", "init_args")]:
                    raise UserError(f"{self.where}{path}: {unknown[0]}: a class has class_path and init_args only")
                _check_plain(value.get("init_args"), f"{self.where}{path}")
                return {**value, "class_path": _full_name(value["class_path"], self.bases[path], path, self.where)}
            return value
        if path not in self.sections:
            return value
        if not isinstance(value, dict):
            raise UserError(f"{self.where}{path} is a section: give it keys, {{…: …}}, not {value!r:.80}")
        return {name: self.resolve(f"{path}.{name}", item) for name, item in value.items()}


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
            _check_typed(part)
            return full_name
    ours = sorted(short_name(part) for part in classes if is_ours(part))
    module, _, own_name = str(name).rpartition(".")
    message = f"{where}{path}: {name!r:.80} is none of the classes that may stand here ({', '.join(ours)})"
    if new := CLASSES.get(str(name)):
        message += f"; it is now called {new}"
    elif not module and (similar := _similar_name(own_name, ours)):
        message += f"; did you mean {similar}?"
    elif own_name and hasattr(sys.modules.get(module), own_name) and not module.startswith(PACKAGE):
        message += f"; {name} is no {base.__name__}: derive it from {base.__module__}.{base.__name__}"
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


def _similar_name(name: str, ours: Sequence[str]) -> str | None:
    """Return the name of ours that was probably meant, whether or not its capitals are right."""
    by_small_letters = {own.lower(): own for own in ours}
    similar = get_close_matches(name.lower(), by_small_letters, n=1)
    return by_small_letters[similar[0]] if similar else None


def _check_typed(part: type) -> None:
    """Check that the arguments of a class say their types, because a recipe's values are checked against them.

    Raises:
        UserError: one does not.
    """
    for name, parameter in inspect.signature(part).parameters.items():
        if parameter.annotation is parameter.empty:
            raise UserError(f"{short_name(part)}.__init__: give {name} a type, as in `{name}: int`")

"""Read groups of options (frozen dataclasses) from YAML and the command line, and write them back."""

import argparse
import inspect
import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from functools import partial, reduce
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, TypeVar, get_args

from jsonargparse import ArgumentParser, Namespace

from seq2seq.class_names import class_fields, resolve_in_mapping, resolve_in_overrides, short_name
from seq2seq.errors import OptionError, UserError
from seq2seq.old_names import new_name, upgrade
from seq2seq.plain_sections import take_plain_sections
from seq2seq.yaml_files import read_yaml

Options = TypeVar("Options")


def make_parser(group: type) -> ArgumentParser:
    """Return a parser whose options are the fields of a dataclass; dots join nested names: --model.decoder.hidden."""
    parser = ArgumentParser("seq2seq train RECIPE", exit_on_error=False, add_help=False, allow_abbrev=False)
    parser.add_class_arguments(group)
    return parser


def load_options(group: type[Options], path: Path, overrides: Sequence[str] = (), old_names: bool = False) -> Options:
    """Read a YAML file, then overrides as typed on the command line (`--model.encoder.layers 2`).

    Args:
        group: the dataclass to build.
        path: the YAML file.
        overrides: options and their values.
        old_names: accept the names of earlier versions. Otherwise such a name is an error that gives the new one.

    Raises:
        UserError: there is no such file, it is not YAML, or a key is unknown or its value invalid; the message names
            the key.
    """
    parser = make_parser(group)
    mapping = _read_mapping(path)
    if old_names:
        mapping = upgrade(mapping)
    _check_keys(group, mapping, path)
    plain, overrides = take_plain_sections(group, mapping, overrides)
    mapping = {name: value for name, value in mapping.items() if name not in plain}
    mapping = resolve_in_mapping(group, mapping, str(path))
    overrides = resolve_in_overrides(group, overrides)
    try:
        values = parser.parse_args(overrides, namespace=parser.parse_object(mapping))
        options = group(**{**vars(parser.instantiate(values)), **plain})
    except OptionError as error:
        raise UserError(f"{option_path(group, error.owner)}{error}") from error
    except (argparse.ArgumentError, TypeError, ValueError, KeyError, OverflowError, RecursionError) as error:
        message = _one_line(error)
        raise UserError(f"{path}: {message}; {_hint(message, parser)}") from error
    filled: Options = _with_factories(options, values)
    return filled


def to_plain(options: Any) -> Any:
    """Return options as YAML can hold them: dataclasses as mappings, classes by their short names with all arguments.

    The inverse of `load_options`.
    """
    classes = class_fields(type(options))
    plain = {}
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name in classes:
            sizes, _ = get_args(field.type)
            value = _class_to_plain(value, len(sizes))
        plain[field.name] = to_plain(value) if is_dataclass(value) else value
    return plain


def class_of(factory: Any) -> Any:
    """Return the class that makes the objects of a factory: the factory itself, or what a `partial` calls."""
    return factory.func if isinstance(factory, partial) else factory


def options_of(factory: Any, sizes: int = 1) -> dict[str, Any]:
    """Return the arguments of a factory's class by name.

    Args:
        factory: makes the objects.
        sizes: how many arguments, the first ones, are sizes, which the program gives. They are left out.
    """
    keywords = factory.keywords if isinstance(factory, partial) else {}
    arguments = [*inspect.signature(class_of(factory)).parameters.values()][sizes:]
    return {argument.name: keywords.get(argument.name, argument.default) for argument in arguments}


def _class_to_plain(factory: Any, sizes: int) -> dict[str, Any]:
    """Return the name of a factory's class, and its arguments."""
    values = options_of(factory, sizes)
    return {"class_path": short_name(class_of(factory))} | ({"init_args": values} if values else {})


def option_path(group: type, owner: type, prefix: str = "") -> str:
    """Return where a class's options stand in a recipe, as the start of a message: "model.encoder.", "" at the top."""
    for field in fields(group):
        if field.type is owner:
            return f"{prefix}{field.name}."
        is_group = isinstance(field.type, type) and is_dataclass(field.type)
        if is_group and (path := option_path(field.type, owner, f"{prefix}{field.name}.")):  # type: ignore[arg-type]
            return path
    return ""


def class_option_path(options: Any, owner: type) -> str:
    """Return which option of these options names a class, as the start of a message: "model.decoder.context."."""
    for path in class_fields(type(options)):
        made = class_of(reduce(getattr, path.split("."), options))
        if isinstance(made, type) and issubclass(made, owner):
            return f"{path}."
    return ""


def _read_mapping(path: Path) -> dict[str, Any]:
    mapping = read_yaml(path)
    if not isinstance(mapping, dict):
        raise UserError(f"{path}: a recipe is a YAML mapping of sections: corpus, tokenizer, model, training, …")
    return mapping


def _check_keys(group: Any, mapping: dict[str, Any], path: Path, prefix: str = "") -> None:
    """Reject what jsonargparse accepts silently: unknown keys without a value, and sections that are not mappings."""
    options = {field.name: field for field in fields(group)}
    for name, value in mapping.items():
        key = f"{prefix}{name}"
        if new := new_name(key):
            raise UserError(f"{path}: {key} is now called {new}")
        if name not in options:
            section = prefix.rstrip(".") or "a recipe"
            raise UserError(f"{path}: unknown key {key}; {section} has: {', '.join(options)}")
        if is_dataclass(options[name].type):
            if not isinstance(value, dict):
                raise UserError(f"{path}: {key} is a section: give it keys, or leave it out; not {value!r}")
            _check_keys(options[name].type, value, path, f"{key}.")
        elif value is None and options[name].default is not None:
            raise UserError(f"{path}: {key} has no value; give it one, or leave it out")


def _hint(message: str, parser: ArgumentParser) -> str:
    """Return advice on jsonargparse's message: the key that was probably meant, or where to find all keys."""
    keys = (key.removesuffix(".class_path").replace(".init_args", "") for key, _ in parser.get_defaults().items())
    options = [f"--{key}" for key in keys]
    for option in (re.split("[=:]", word)[0] for word in message.split() if word.startswith("--")):
        if option == "--width":  # of translate and evaluate; a recipe has its own key
            return "in a recipe, it is now called --search.beam_size"
        if new := new_name(option):
            return f"it is now called {new}"
        if option not in options and (similar := get_close_matches(option, options, n=1)):
            return f"did you mean {similar[0]}?"
    return "seq2seq train --keys lists all keys with their values"


def _with_factories(options: Any, values: Namespace) -> Any:
    """Replace jsonargparse's objects by `partial(class, …)`, which can be inspected and written back."""
    changed: dict[str, Any] = {}
    for field in fields(options):
        value, parsed = getattr(options, field.name), getattr(values, field.name)
        if is_dataclass(value):
            changed[field.name] = _with_factories(value, parsed)
        elif isinstance(parsed, Namespace) and "class_path" in parsed:
            arguments = vars(parsed.init_args) if "init_args" in parsed else {}
            changed[field.name] = partial(resolve_name(parsed.class_path), **arguments)
    return replace(options, **changed)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())

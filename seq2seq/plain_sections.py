"""Read the sections of a recipe that hold plain values: `trainer` and `comparison`.

jsonargparse would import what a `class_path` inside them names. It therefore never sees them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import yaml

from seq2seq.errors import UserError
from seq2seq.yaml_files import parse_yaml

PLAIN = {"plain": True}  # the metadata of such a field
SCIENTIFIC = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")  # YAML 1.1 takes 1e-3 for a text


def plain_sections(group: type) -> list[str]:
    """Return the names of a dataclass's fields that hold plain values."""
    return [field.name for field in fields(group) if field.metadata == PLAIN]


def take_plain_sections(
    group: type, mapping: Mapping[str, Any], overrides: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the plain sections of a recipe with their overrides, and the overrides of the other sections.

    Args:
        group: the dataclass that the sections belong to.
        mapping: the sections, as YAML gives them.
        overrides: options as typed on the command line: `--trainer.max_epochs 3`, `--trainer.max_epochs=3`, or
            `--trainer '{max_epochs: 3}'`.

    Raises:
        UserError: an option of such a section has no value, is not YAML, or sets a value inside of another value; or
            a section is not a mapping.
    """
    sections = {name: numbers(mapping[name]) for name in plain_sections(group) if name in mapping}
    others: list[str] = []
    words = iter(overrides)
    for word in words:
        option, equals, value = word.partition("=")
        section, dot, key = option.removeprefix("--").partition(".")
        if not word.startswith("--") or section not in plain_sections(group):
            others.append(word)
            continue
        value = value if equals else next(words, "")
        if not value:
            raise UserError(f"{option}: give it a value")
        given = parse_value(option, value)
        if not dot:
            sections[section] = given
        elif "." in key:
            raise UserError(f"{option}: set the whole value: --{section}.{key.partition('.')[0]} '{{…}}'")
        else:
            sections[section] = {**check_section(section, sections.get(section, {})), key: given}
    return {name: check_section(name, value) for name, value in sections.items()}, others


def check_section(name: str, value: Any) -> dict[str, Any]:
    """Return a section.

    Raises:
        UserError: it is not a mapping.
    """
    if not isinstance(value, dict):
        raise UserError(f"{name} is a section: give it keys, or leave it out; not {value!r:.80}")
    return value


def parse_value(option: str, text: str) -> Any:
    """Return the value of an option that is typed as YAML.

    Raises:
        UserError: it is not YAML.
    """
    try:
        return numbers(parse_yaml(text))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise UserError(f"{option}: not YAML: {' '.join(str(error).split())}") from error


def numbers(value: Any) -> Any:
    """Return a plain value in which numbers such as 1e-3 are numbers."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if isinstance(value, str) and SCIENTIFIC.fullmatch(value) else value


def section_paths(group: type, prefix: str = "") -> list[str]:
    """Return the paths of all sections that have keys of their own: corpus, model, model.encoder, …"""
    paths = []
    for field in fields(group):
        if isinstance(field.type, type) and is_dataclass(field.type):
            paths += [f"{prefix}{field.name}", *section_paths(field.type, f"{prefix}{field.name}.")]
    return paths

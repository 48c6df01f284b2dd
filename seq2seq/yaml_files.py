"""Read YAML that comes from somebody else: no code, no explosion of aliases, no key twice, no endless nesting."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from seq2seq.errors import UserError
from seq2seq.files import read_bytes

MOST_BYTES = 2**20  # of a file
MOST_VALUES = 10_000  # keys and values, when every alias is replaced by a copy
MOST_DEPTH = 30  # collections inside each other
MOST_CHARACTERS = 3000  # of one key or value

CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds: mappings, lists, texts, numbers, dates, true, false and null.

    Raises:
        UserError: the file cannot be read, is not YAML, has a key twice, or has limits of this module exceeded.
    """
    try:
        text = read_bytes(path, MOST_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    try:
        return parse_yaml(text)
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except (ValueError, OverflowError) as error:  # a number or a date that does not exist, such as 2020-13-45
        raise UserError(f"{path}: a value is not possible: {error}; write a text in quotation marks") from error


def parse_yaml(text: str) -> Any:
    """Return what a YAML text holds.

    Raises:
        YAMLError: the text is not YAML, or too large, or has a key twice.
        ValueError, OverflowError: a number or a date does not exist.
    """
    check_size(text)
    return yaml.load(text, _UniqueKeyLoader)


@dataclass
class _Collection:
    """A mapping or list that is being read, and the number of its values so far."""

    anchor: str | None
    values: int = 1


def check_size(text: str) -> None:
    """Check that a YAML text is not too large or too deep, without building anything.

    Raises:
        YAMLError: it is, or it is not YAML.
    """
    open_collections = [_Collection(None)]
    sizes: dict[str, int] = {}  # the number of values behind each anchor
    for event in yaml.parse(text, yaml.SafeLoader):
        size = 0
        if isinstance(event, yaml.CollectionStartEvent | yaml.ScalarEvent) and event.tag:
            raise _error(f"the tag {event.tag:.60}, which says of what kind a value is: write the value alone", event)
        if isinstance(event, yaml.CollectionStartEvent):
            open_collections.append(_Collection(event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = open_collections.pop()
            size = ended.values
            if ended.anchor:
                sizes[ended.anchor] = size
        elif isinstance(event, yaml.ScalarEvent):
            size = 1
            if len(event.value) > MOST_CHARACTERS:
                raise _error(f"a value has more than {MOST_CHARACTERS} characters", event)
            if CONTROL_CHARACTERS.search(event.value):
                raise _error("a value has a control character", event)
            if event.anchor:
                sizes[event.anchor] = size
        elif isinstance(event, yaml.AliasEvent):
            if any(collection.anchor == event.anchor for collection in open_collections):
                raise _error(f"*{event.anchor} is inside of what it stands for", event)
            size = sizes.get(event.anchor or "", 0)  # the loader names an anchor that does not exist
        open_collections[-1].values += size
        if len(open_collections) > MOST_DEPTH:
            raise _error(f"more than {MOST_DEPTH} collections inside each other", event)
        if open_collections[-1].values > MOST_VALUES:
            raise _error(f"more than {MOST_VALUES} values, with every alias replaced by a copy", event)


class _UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which would keep the last of several equal keys, without saying so."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise _error(f"the key {key.value} is there twice", key)
                seen.add((key.tag, key.value))
        return node


def _error(problem: str, place: yaml.Event | yaml.Node) -> yaml.YAMLError:
    mark = place.start_mark
    return yaml.YAMLError(f"{problem}, line {mark.line + 1}" if mark else problem)

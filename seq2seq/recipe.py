"""A recipe: the YAML file that describes a run, read into these classes: a typo fails before anything loads."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from jsonargparse import ArgumentParser, set_parsing_settings

from seq2seq.corpus import CorpusOptions
from seq2seq.errors import UserError, require_seed
from seq2seq.learning import TrainingOptions
from seq2seq.model import ModelOptions
from seq2seq.search import SearchOptions
from seq2seq.tokenizer import TokenizerOptions

Sections = TypeVar("Sections")

set_parsing_settings(instantiate_subclass_spec_in_any=False)  # a class named in `comparison` is for its variant to make


@dataclass(frozen=True)
class Recipe:
    """All that decides a run.

    Args:
        corpus: where the sentence pairs come from.
        tokenizer: how text is cut into subwords.
        model: the model's shape.
        training: how it learns.
        search: how it translates.
        trainer: handed to lightning.Trainer as it stands: max_epochs, gradient_clip_val, devices, num_nodes, strategy,
            precision, …
        seed: of all that is random.
        comparison: what `compare` compares, by name: for each variant the keys that it has other values of:
            {shallow: {model.encoder.layers: 1}, deep: {model.encoder.layers: 2}}.

    Raises:
        UserError: the seed is out of range.
    """

    corpus: CorpusOptions
    tokenizer: TokenizerOptions = field(default_factory=TokenizerOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)
    search: SearchOptions = field(default_factory=SearchOptions)
    trainer: dict[str, Any] = field(default_factory=dict)
    seed: int = 1
    comparison: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_seed(self.seed)


@dataclass(frozen=True)
class Trained:
    """What of a recipe a finished run needs to translate."""

    model: ModelOptions = field(default_factory=ModelOptions)
    search: SearchOptions = field(default_factory=SearchOptions)


def parser(sections: type) -> ArgumentParser:
    """A parser whose options are the fields of a dataclass, nested ones joined by dots: --model.decoder.hidden 512."""
    made = ArgumentParser("seq2seq train RECIPE", exit_on_error=False, add_help=False, allow_abbrev=False)
    made.add_class_arguments(sections)
    return made


def read(sections: type[Sections], path: Path, overrides: Sequence[str] = ()) -> tuple[Sections, str]:
    """Read a YAML file, then overrides as on the command line (`--model.encoder.layers 2`).

    A file may have sections that `sections` lacks only where `sections` is `Trained`, which is a part of a recipe.

    Returns:
        the sections, and the resolved YAML: every key with its value.

    Raises:
        UserError: no such file, no YAML, an unknown key, a value of the wrong type or out of range; it names the key.
    """
    made = parser(sections)
    try:
        with path.open(encoding="utf-8") as file:
            given = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML: {one_line(error)}") from error
    if not isinstance(given, dict):
        raise UserError(f"{path}: a recipe is a YAML mapping of sections: corpus, tokenizer, model, training, …")
    if sections is Trained:
        given = {key: value for key, value in given.items() if key in Trained.__dataclass_fields__}
    check_keys(sections, given, path)
    try:
        values = made.parse_args(list(overrides), namespace=made.parse_object(given))
    except (argparse.ArgumentError, TypeError, ValueError, KeyError) as error:
        said = one_line(error)
        raise UserError(f"{path}: {said}; {way_out(said, made)}") from error
    # Classes check their values as they are made; UserErrors pass through.
    return sections(**vars(made.instantiate(values))), made.dump(values)


def way_out(mistake: str, made: ArgumentParser) -> str:
    """What to do about an error message: the key that was meant, if one is like it, or where all of them are."""
    keys = (key.removesuffix(".class_path").replace(".init_args", "") for key, _ in made.get_defaults().items())
    known = [f"--{key}" for key in keys]
    for word in (re.split("[=:]", word)[0] for word in mistake.split() if word.startswith("--")):
        if word not in known and (near := get_close_matches(word, known, n=1)):
            return f"did you mean {near[0]}?"
    return "seq2seq train --keys lists all keys with their values"


def check_moved(overrides: Sequence[str]) -> None:
    """See that overrides of a trained run say no more than where its corpus is.

    Raises:
        UserError: another key.
    """
    for word in overrides:
        if word.startswith("--") and not word.startswith("--corpus."):
            raise UserError(f"{word}: of what is trained, only --corpus.… can be set, for a corpus that has moved")


def check_keys(sections: Any, given: dict[str, Any], path: Path, section: str = "") -> None:
    """Find what jsonargparse lets pass: unknown keys with nothing in them, sections that are not mappings, no value."""
    known = {field.name: field for field in fields(sections)}
    for name, value in given.items():
        key = f"{section}{name}"
        if name not in known:
            raise UserError(f"{path}: unknown key {key}; {section.rstrip('.') or 'a recipe'} has: {', '.join(known)}")
        if is_dataclass(known[name].type):
            if not isinstance(value, dict):
                raise UserError(f"{path}: {key} is a section: give it keys, or leave it out; not {value!r}")
            check_keys(known[name].type, value, path, f"{key}.")
        elif value is None and known[name].default is not None:
            raise UserError(f"{path}: {key} has no value; give it one, or leave it out")


def one_line(error: BaseException) -> str:
    """An error's message on one line."""
    return " ".join(str(error).split())

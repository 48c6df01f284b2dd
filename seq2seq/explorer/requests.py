"""Read the requests that ask for a translation or an inspection: from JSON into typed records, with checks."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NoReturn, TypeVar

from seq2seq.errors import UserError
from seq2seq.explorer.limits import SENTENCE_TOKENS, UNITS
from seq2seq.insight.edited_attention import AttentionEdit
from seq2seq.text.special_tokens import EOS


@dataclass(frozen=True)
class TranslateRequest:
    """A text to translate.

    Args:
        run: the name of the run.
        text: raw text.
        prefix: what the translation must begin with.
        beam_size, length_penalty, coverage_penalty: see `SearchOptions`. None: as in the run's recipe.
    """

    run: str
    text: str
    prefix: str = ""
    beam_size: int | None = None
    length_penalty: float | None = None
    coverage_penalty: float | None = None


@dataclass(frozen=True)
class InspectRequest(TranslateRequest):
    """A text to translate, and what to measure.

    Args:
        forced: the target tokens that the translation must begin with, instead of a prefix.
        units: the units whose single values are wanted, counted from 0.
        attention: the attention weights to read with at one step, after the forced tokens.
        reference: a translation to compare with.
    """

    forced: tuple[int, ...] | None = None
    units: tuple[int, ...] = ()
    attention: AttentionEdit | None = None
    reference: str | None = None

    def __post_init__(self) -> None:
        if self.forced is not None and self.prefix:
            raise UserError("forced: give either forced tokens or a prefix, not both")
        step = 0 if self.attention is None else self.attention.step
        if sum(token != EOS for token in self.forced or ()) < step:
            raise UserError(f"attention: forced must have the {step} tokens that stand before step {step}")


Request = TypeVar("Request", bound=TranslateRequest)


def parse_request(kind: type[Request], body: bytes) -> Request:
    """Return the request that a body in JSON holds.

    Args:
        kind: the class of the request.
        body: an object with the class's fields. A field that is null is as good as none.

    Raises:
        UserError: the body is not JSON, or it does not fit the class. The message names the field.
    """
    try:
        values = json.loads(body, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise UserError(f"the body is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise UserError("the body must be a JSON object")
    names = [field.name for field in fields(kind)]
    given = {name: value for name, value in values.items() if value is not None}
    if unknown := [name for name in given if name not in names]:
        raise UserError(f"{unknown[0][:60]}: there is no such field; the fields are {', '.join(names)}")
    for name in ("run", "text"):
        if name not in given:
            raise UserError(f"{name}: it is missing")
    return kind(**{name: READERS[name](name, value) for name, value in given.items()})


def refuse_constant(name: str) -> NoReturn:
    """Raise ValueError for NaN and Infinity, which Python's reader accepts and JSON does not have."""
    raise ValueError(f"{name} is no number of JSON")


def read_text(name: str, value: Any) -> str:
    """Return a text of whole characters."""
    if not isinstance(value, str):
        raise UserError(f"{name}: must be a text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{name}: has half of a surrogate pair; send whole characters") from error
    return value


def read_integer(name: str, value: Any) -> int:
    """Return an integer. True is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError(f"{name}: must be a whole number")
    return value


def read_number(name: str, value: Any) -> float:
    """Return a finite number."""
    try:
        number = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{name}: must be a number")
    return number


def read_integers(most: int) -> Callable[[str, Any], tuple[int, ...]]:
    """Return a function that returns a list of integers, of at most `most`."""

    def read(name: str, value: Any) -> tuple[int, ...]:
        if not isinstance(value, list):
            raise UserError(f"{name}: must be a list of whole numbers")
        if len(value) > most:
            raise UserError(f"{name}: {len(value):,} numbers; at most {most}")
        return tuple(read_integer(name, each) for each in value)

    return read


def read_attention(name: str, value: Any) -> AttentionEdit:
    """Return a change of the attention: {"step": i, "weights": [one number per source token]}."""
    if not isinstance(value, dict) or value.keys() != {"step", "weights"} or not isinstance(value["weights"], list):
        raise UserError(f'{name}: must be {{"step": number, "weights": [number, …]}}')
    weights = [read_number(f"{name}.weights", weight) for weight in value["weights"]]
    try:
        return AttentionEdit(read_integer(f"{name}.step", value["step"]), weights)
    except UserError as error:
        message = str(error)
        raise UserError(message if message.startswith(name) else f"{name}.{message}") from error


READERS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("run", "text", "prefix", "reference"), read_text),
    "beam_size": read_integer,
    **dict.fromkeys(("length_penalty", "coverage_penalty"), read_number),
    "forced": read_integers(2 * SENTENCE_TOKENS),
    "units": read_integers(UNITS),
    "attention": read_attention,
}

"""The settings of the prompt, and how the arguments of its commands are read."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from seq2seq.errors import UserError
from seq2seq.search.options import SearchOptions
from seq2seq.terminal_text import printable


@dataclass(frozen=True)
class Settings:
    """The settings that the prompt's commands change.

    Args:
        options: how to search.
        prefix: what every translation must begin with.
        show_alignment: draw the alignment below each translation.
        show_scores: write the score before each translation.
        seed: for sampling the next sentence. It grows by one with each sentence, so that the same sentence gets new
            samples.
    """

    options: SearchOptions
    prefix: str = ""
    show_alignment: bool = False
    show_scores: bool = False
    seed: int = 1


def describe_settings(settings: Settings) -> Mapping[str, str]:
    """Return the settings as text, by name, in the order in which they are shown."""
    options = settings.options
    return {
        "search": "sampling" if options.sampling else "beam" if options.beam_size > 1 else "greedy",
        "beam size": f"{options.beam_size}",
        "nbest": f"{options.n_best}",
        "length penalty": f"{options.length_penalty:g}",
        "coverage penalty": f"{options.coverage_penalty:g}",
        "temperature": f"{options.temperature:g}",
        "top-k": f"{options.top_k or 'all'}",
        "top-p": f"{options.top_p:g}",
        "seed": f"{settings.seed}",
        "prefix": printable(settings.prefix) or "none",
        "align": "on" if settings.show_alignment else "off",
        "scores": "on" if settings.show_scores else "off",
    }


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return a function that reads a whole number from `least` to `most`, and raises UserError for anything else."""

    def parse(argument: str) -> int:
        with suppress(ValueError):
            if least <= (number := int(argument)) <= most:
                return number
        raise UserError(f"give a whole number from {least} to {most}, not {quote(argument)}")

    return parse


def finite_number(argument: str) -> float:
    """Read a number. Raise UserError if it is not finite."""
    with suppress(ValueError):
        if math.isfinite(number := float(argument)):
            return number
    raise UserError(f"give a number, not {quote(argument)}")


def on_or_off(argument: str) -> bool:
    """Read "on" or "off". Raise UserError for anything else."""
    if argument not in ("on", "off"):
        raise UserError(f"give on or off, not {quote(argument)}")
    return argument == "on"


def quote(argument: str) -> str:
    """Return what was typed as part of a one-line message: printable, and cut if it is long."""
    return printable(argument if len(argument) <= 40 else argument[:39] + "…") or "nothing"

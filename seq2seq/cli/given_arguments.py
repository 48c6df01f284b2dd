"""Check what was given on the command line, and apply the options of the search."""

import argparse
from collections.abc import Sequence
from dataclasses import fields, replace

from seq2seq.errors import OptionError, UserError
from seq2seq.old_names import OPTIONS
from seq2seq.search.options import SearchOptions


def override_search(options: SearchOptions, arguments: argparse.Namespace) -> SearchOptions:
    """Return the run's search options, changed as the command line says.

    Raises:
        UserError: a value is out of its range.
    """
    names = {field.name for field in fields(SearchOptions)}
    given = {name: value for name, value in vars(arguments).items() if name in names and value is not None}
    if "n_best" in given and "beam_size" not in given:
        given["beam_size"] = max(options.beam_size, given["n_best"])  # N translations need a beam of at least N
    try:
        return replace(options, **given)
    except OptionError as error:
        raise UserError(f"search.{error}") from error


def check_renamed(arguments: Sequence[str]) -> None:
    """Raise UserError if an option has another name today; the message gives it."""
    for option in (argument.partition("=")[0] for argument in arguments):
        if option in OPTIONS:
            raise UserError(f"{option} is now called {OPTIONS[option]}")


def check_no_unknown(unknown: Sequence[str]) -> None:
    """Raise UserError if there are unknown arguments, for a verb without recipe keys."""
    if unknown:
        raise UserError(f"unrecognized arguments: {' '.join(unknown)}; see --help")

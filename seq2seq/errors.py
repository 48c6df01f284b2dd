"""Errors that the user can fix, and checks that raise them. The terminal shows their messages without a traceback."""

from collections.abc import Iterable, Iterator

Rule = tuple[str, bool, str]  # an option's name, whether its value is valid, and what it must be: "must be …"


class UserError(Exception):
    """A mistake in the user's input. Its message is one line: what is wrong, where it is, and what to do about it."""


class OptionError(UserError):
    """An option whose value is out of its range.

    The message names the option alone ("beam_size: must be at least 1, not 0"), because a group of options does not
    know its path in a recipe. The recipe puts the path before it.

    Attributes:
        owner: the class that has the option.
    """

    def __init__(self, owner: type, message: str) -> None:
        super().__init__(message)
        self.owner = owner


def check_options(options: object, rules: Iterable[Rule]) -> None:
    """Check that the values of a group of options are valid.

    Args:
        options: the object that has the options as attributes.
        rules: a rule for each condition.

    Raises:
        OptionError: a value is invalid; the message names the option.
    """
    for name, is_valid, rule in rules:
        if not is_valid:
            raise OptionError(type(options), f"{name}: {rule}, not {getattr(options, name)!s:.60}")


def at_least_1(options: object, *names: str) -> Iterator[Rule]:
    """Return the rules for sizes and counts."""
    return ((name, getattr(options, name) >= 1, "must be at least 1") for name in names)


def at_most(options: object, limit: int, *names: str) -> Iterator[Rule]:
    """Return the rules for values that nothing sensible exceeds, so that a slip does not fill the memory."""
    return ((name, getattr(options, name) <= limit, f"must be at most {limit:,}") for name in names)


def below_1(options: object, *names: str) -> Iterator[Rule]:
    """Return the rules for fractions that must be smaller than the whole, such as dropout."""
    return ((name, 0 <= getattr(options, name) < 1, "must be from 0 to less than 1") for name in names)

"""The one exception that means: the user can mend this."""

from collections.abc import Iterable


class UserError(Exception):
    """A mistake in what the user gave. Its message is one line: what is wrong, where, and the way out."""


def require(section: str, options: object, rules: Iterable[tuple[str, bool, str]]) -> None:
    """See that the values of a recipe's section are in their ranges.

    Args:
        section: its name in a recipe: `search`, `model.encoder`.
        options: its values.
        rules: for each key whether its value is right, and what it has to be: ("width", width >= 1, "must be …").

    Raises:
        UserError: a value is wrong; it names the key.
    """
    for key, holds, rule in rules:
        if not holds:
            raise UserError(f"{section}.{key}: {rule}, not {getattr(options, key)}")

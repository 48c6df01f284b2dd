"""The one exception that means: the user can mend this."""

from collections.abc import Iterable, Iterator

SEEDS = 2**63  # torch's generators take no more
Rule = tuple[str, bool, str]  # a key, whether its value is right, and what it has to be: "must be …"


class UserError(Exception):
    """A mistake in what the user gave. Its message is one line: what is wrong, where, and the way out."""


def require(section: str, options: object, rules: Iterable[Rule]) -> None:
    """See that the values of a recipe's section are in their ranges.

    Args:
        section: its name in a recipe: `search`, `model.encoder`.
        options: its values.
        rules: as many as there are.

    Raises:
        UserError: a value is wrong; it names the key.
    """
    for key, holds, rule in rules:
        if not holds:
            raise UserError(f"{section}.{key}: {rule}, not {getattr(options, key)}")


def require_seed(seed: int) -> None:
    """Raises UserError: the seed is out of range."""
    if not 0 <= seed < SEEDS:
        raise UserError(f"seed: must be from 0 to {SEEDS - 1}, not {seed}")


def at_least_1(options: object, *keys: str) -> Iterator[Rule]:
    """The rules of sizes and counts."""
    return ((key, getattr(options, key) >= 1, "must be at least 1") for key in keys)


def below_1(options: object, *keys: str) -> Iterator[Rule]:
    """The rules of shares that cannot be the whole."""
    return ((key, 0 <= getattr(options, key) < 1, "must be from 0 to less than 1") for key in keys)

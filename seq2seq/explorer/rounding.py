"""Round the numbers of an answer to the digits that the page shows, so that a file of them is small.

The page shows the same digits as with the unrounded numbers. So numbers are rounded as a browser's `toFixed` rounds:
the exact value of the number counts, and a half is rounded away from zero.
"""

import math
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any

PERCENT = ("probability", "token_probability")  # shown in percent, with one decimal
DECIMALS = dict.fromkeys(("attention", "means", "lows", "highs", "values"), 2)  # others have three
EXPONENTIAL = ("log_probabilities",)  # of tokens: the page shows their exponentials in percent, too
KEPT = ("options", "milliseconds", "scores")  # as they are


def rounded(value: Any, name: str = "") -> Any:
    """Return a part of an answer with rounded numbers.

    Args:
        value: a value of JSON.
        name: of the field that it stands in; the items of a list stand in the list's field.
    """
    if name in KEPT:
        return value
    if isinstance(value, dict):
        return {key: rounded(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner, name) for inner in value]
    if not isinstance(value, float):
        return value
    if name in PERCENT:
        return shortest(round(to_fixed(100 * value, 1) / 100, 3))
    if name in EXPONENTIAL:
        return shortest(with_same_percent(value))
    return shortest(to_fixed(value, DECIMALS.get(name, 3)))


def with_same_percent(value: float) -> float:
    """Return a logarithm with as few decimals, at least three, as give it and its exponential the digits of before."""

    def digits(logarithm: float) -> tuple[float, float]:
        return to_fixed(logarithm, 3), to_fixed(100 * math.exp(logarithm), 1)

    if not math.isfinite(value):
        return value
    candidates = (to_fixed(value, decimals) for decimals in count(3))
    return next(candidate for candidate in candidates if digits(candidate) == digits(value))


def to_fixed(value: float, decimals: int) -> float:
    """Return a finite number as JavaScript's `toFixed` writes it. Infinity and NaN stay."""
    exact = Decimal(value)
    return float(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)) if exact.is_finite() else value


def shortest(value: float) -> float | int:
    """Return a whole number as an integer, which is shorter in JSON."""
    return int(value) if value.is_integer() else value

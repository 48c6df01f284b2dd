"""Write the numbers of a report."""

from collections.abc import Sequence

from seq2seq.comparison.results import Spread
from seq2seq.evaluation.significance import Interval


def format_difference(value: float) -> str:
    """Return a difference with its sign: +1.25, −0.50, +0.00."""
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")


def format_spread(spread: Spread, digits: int = 2) -> str:
    """Return the mean, and the standard deviation if there are several seeds: 20.00 ± 1.00."""
    deviation = "" if spread.sd is None else f" ± {spread.sd:.{digits}f}"
    return f"{spread.mean:.{digits}f}{deviation}"


def format_interval(interval: Interval) -> str:
    """Return the two ends of a confidence interval: +4.00 to +6.00."""
    return f"{format_difference(interval.low)} to {format_difference(interval.high)}"


def format_p(p_value: float, samples: int) -> str:
    """Return a p-value: 0.012, or "≤ 0.001" for the smallest value that the bootstrap's number of samples can give."""
    smallest = 1 / (samples + 1)
    return f"≤ {smallest:.3f}" if p_value <= smallest * (1 + 1e-9) else f"{p_value:.3f}"


def format_range(values: Sequence[float]) -> str:
    """Return the smallest and the largest value, 1,200–1,500, or a single number if they are equal."""
    low, high = min(values), max(values)
    return f"{low:,.10g}" if low == high else f"{low:,.10g}–{high:,.10g}"

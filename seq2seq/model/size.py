"""Bounds for a model's sizes, and a check against this machine's memory before anything is allocated."""

import os
from pathlib import Path

from seq2seq.errors import UserError

LARGEST_SIZE = 65_536  # units of a layer or an embedding: 16 times the largest published LSTMs
MOST_LAYERS = 64

CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")  # Linux, control groups version 2


def check_fits(needed: int, what: str, advice: str) -> None:
    """Check that a number of bytes is no more than this machine's main memory.

    Args:
        needed: bytes.
        what: needs them, for the message.
        advice: what to do about it.

    Raises:
        UserError: the machine has less. Where its memory is not known, nothing is checked.
    """
    available = main_memory()
    if available is not None and needed > available:
        gigabytes, has = needed / 1e9, available / 1e9
        raise UserError(
            f"{what} needs at least {gigabytes:,.1f} GB of memory, and this machine has {has:,.1f}; {advice}"
        )


def main_memory() -> int | None:
    """Return the size of the main memory that this process may use, in bytes; None if the system does not tell."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None
    try:
        return min(physical, int(CONTAINER_LIMIT.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no such file, or "max"
        return physical

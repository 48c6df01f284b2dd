"""End with the seq2seq process that started this one: a comparison starts trainings, a training further processes."""

import os
import signal
import sys
from typing import Any

PARENT = "SEQ2SEQ_PARENT"  # the environment variable in which a process gives its id to those that it starts
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, from <linux/prctl.h>


def follow_parent() -> int | None:
    """Have this process end when its parent ends, even by SIGKILL, if its parent is a seq2seq process, too.

    A comparison's training is stopped. A training's further processes, which have nothing to save, are killed. Only
    Linux has this. Elsewhere, a parent that is killed leaves its children.

    Returns:
        the id of the first process of this training, if this is a further one that it has started; else None.
    """
    parent = os.environ.get(PARENT, "")
    os.environ[PARENT] = str(os.getpid())
    if not parent.isdecimal():
        return None
    is_further_process = os.environ.get("LOCAL_RANK", "0") != "0"
    number = signal.SIGKILL if is_further_process else signal.SIGTERM
    is_child = os.getppid() == int(parent)
    if is_child and sys.platform == "linux":
        set_parent_death_signal(number)
    if os.getppid() != int(parent) and not is_alive(int(parent)):  # it ended before it could be followed
        os.kill(os.getpid(), number)
    return int(parent) if is_child and is_further_process else None


def set_parent_death_signal(number: int) -> None:
    """Have Linux send this process a signal when its parent ends."""
    import ctypes

    prctl: Any = ctypes.CDLL(None).prctl
    prctl(SET_PARENT_DEATH_SIGNAL, number)


def is_alive(process: int) -> bool:
    """Return whether there is a process with this id."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it is another user's, or the id is absurd
        return True
    return True

"""Find the first of several training processes, before Lightning's Trainer exists."""

import os

from seq2seq.terminal_text import write_message

# The launchers (torchrun, Lightning, Slurm) set these.
RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "NODE_RANK")


def is_first_process() -> bool:
    """Return whether this process is the one that writes files and messages."""
    return all(os.environ.get(name, "0") == "0" for name in RANKS)


def print_once(text: str) -> None:
    """Write a message to standard error, in the first process only."""
    if is_first_process():
        write_message(text)

"""Tell the processes of a training apart, and exchange values between them."""

import os
from typing import TypeVar

import torch

from seq2seq.terminal_text import write_message

Value = TypeVar("Value")

# The launchers (torchrun, Lightning, Slurm) set these.
RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "NODE_RANK")


def is_first_process() -> bool:
    """Return whether this process is the one that writes files and messages."""
    return all(os.environ.get(name, "0") == "0" for name in RANKS)


def print_once(text: str) -> None:
    """Write a message to standard error, in the first process only."""
    if is_first_process():
        write_message(text)


def gather(value: Value, world_size: int) -> list[Value]:
    """Return the values of all processes, in the order of their ranks. Every process has to call this."""
    values = [value] * world_size
    if world_size > 1:
        torch.distributed.all_gather_object(values, value)
    return values

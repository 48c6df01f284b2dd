"""Read Lightning's checkpoints as data: no code in them is executed, and damage is one line."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from seq2seq.errors import UserError

# What torch and pickle raise for bytes that are not what they seem. RuntimeError includes RecursionError.
DAMAGE = (
    *(UnpicklingError, EOFError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(OSError, AssertionError, MemoryError, zipfile.BadZipFile),
)
ADVICE = "copy it again, or train with --force to start anew"


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Return a checkpoint, on the CPU, whose `state_dict` has texts as keys and tensors as values.

    Raises:
        UserError: the file is damaged, or holds more than tensors and plain data.
    """
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is not torch's format")
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        for name, value in checkpoint["state_dict"].items():
            if not isinstance(name, str) or not isinstance(value, Tensor):
                raise TypeError(f"{name!r:.60} is no tensor")
    except UnpicklingError as error:
        problem = "it is damaged, or holds more than numbers and plain data, which is not loaded"
        raise UserError(f"{path}: {problem}; {ADVICE}") from error
    except DAMAGE as error:
        raise UserError(f"{path}: damaged, or no checkpoint ({first_line(error)}); {ADVICE}") from error
    loaded: dict[str, Any] = checkpoint
    return loaded


def model_weights(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the weights of the model in a checkpoint: the averaged ones, if the training averages."""
    return {name.removeprefix("model."): value for name, value in checkpoint["state_dict"].items()}


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, cut to a length that fits into one line; else the error's kind."""
    lines = str(error).splitlines() or [""]
    return lines[0][:200] or type(error).__name__

"""Keep a model's weights in a safetensors file, which holds numbers only: reading it executes nothing."""

from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from seq2seq.errors import UserError
from seq2seq.files import atomic


def save_weights(model: nn.Module, path: Path) -> None:
    """Write a model's weights. See `save_state`."""
    save_state(model.state_dict(), path)


def save_state(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write the weights of a model's `state_dict`, completely or not at all.

    The bytes of the file depend on the weights alone. Tied weights, which share their memory, are written once, under
    the first of their names in alphabetical order.

    Raises:
        UserError: the file cannot be written.
    """
    once = {name: weights[name].detach().cpu().contiguous() for name in sorted(set(first_names(weights).values()))}
    with atomic(path) as temporary:
        # The library's own `save_file` writes through a temporary file that only its owner may read.
        temporary.write_bytes(safetensors.torch.save(once))


def load_weights(model: nn.Module, path: Path) -> None:
    """Read a file's weights into a model.

    Raises:
        UserError: the file is damaged, it belongs to a model of another shape, or it has numbers that are not finite.
    """
    try:
        safetensors.torch.load_model(model, str(path))
    except (safetensors.SafetensorError, OSError) as error:
        raise UserError(
            f"{path}: damaged, or not a safetensors file ({error}); copy it again, or train the run anew with --force"
        ) from error
    except RuntimeError as error:
        raise UserError(f"{path}: its weights belong to another model than the recipe beside it describes") from error
    if not all(parameter.isfinite().all() for parameter in model.parameters()):
        raise UserError(f"{path}: damaged: it has weights that are infinite or not a number; train the run anew")


def is_readable(path: Path) -> bool:
    """Return whether a file is there and is a whole safetensors file."""
    try:
        with safetensors.safe_open(path, "pt"):
            return True
    except (safetensors.SafetensorError, OSError):
        return False


def holds_weights(path: Path, weights: Mapping[str, Tensor]) -> bool:
    """Return whether a file holds exactly the weights of a `state_dict`, tied weights under any of their names."""
    try:
        saved = safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError):
        return False
    names = first_names(weights)
    return {names.get(name) for name in saved} == set(names.values()) and all(
        value.dtype == weights[name].dtype and torch.equal(value, weights[name].cpu()) for name, value in saved.items()
    )


def first_names(weights: Mapping[str, Tensor]) -> dict[str, str]:
    """Return, for each name, the alphabetically first name of the same weights: its own, unless they are tied."""
    first: dict[object, str] = {}
    names = {}
    for name in sorted(weights):
        value = weights[name]
        # Weights without numbers have no memory that they could share.
        memory = (value.device, value.data_ptr(), value.dtype, value.shape, value.stride()) if value.numel() else name
        names[name] = first.setdefault(memory, name)
    return names

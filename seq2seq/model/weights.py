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
    """Write a model's weights, completely or not at all. Tied weights are written once."""
    with atomic(path) as temporary:
        safetensors.torch.save_model(model, str(temporary))


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


def save_state(weights: Mapping[str, Tensor], path: Path) -> None:
    seen: set[int] = set()
    chosen = {}
    for name in sorted(weights):
        if weights[name].data_ptr() not in seen:
            seen.add(weights[name].data_ptr())
            chosen[name] = weights[name].contiguous()
    with atomic(path) as temporary:
        safetensors.torch.save_file(chosen, str(temporary))


def holds_weights(path: Path, weights: Mapping[str, Tensor]) -> bool:
    """Return whether a file holds exactly the weights of a model."""
    try:
        saved = safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError):
        return False
    return all(name in weights and torch.equal(value, weights[name]) for name, value in saved.items())

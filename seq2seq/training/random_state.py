"""Save and restore the random numbers of dropout, so that a run can stop and go on inside an epoch."""

import torch
from torch import Tensor

RandomState = dict[str, Tensor]  # the state of torch's generator on the CPU and, if the model is there, on the GPU


def random_state(device: torch.device) -> RandomState:
    """Return the states of the generators that a model on a device draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_random_state(states: RandomState, device: torch.device) -> None:
    """Restore what `random_state` returned. A state of a device that the model is not on is left out."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)

"""The gradients with respect to the states that a recurrence goes through."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seq2seq.model.cells.cell import CellState


class Backwards(NamedTuple):
    """What a recurrence looks like from its last step back: k = 0 is the last step, k = 1 the one before, ….

    All tensors are (batch, distance, hidden), where the distance is k.
    """

    gradients: Any  # with respect to the states: the state's NamedTuple
    gates: Any  # the cell's own NamedTuple


def state_gradients(
    outputs: Sequence[Tensor], states: Sequence[CellState], weights: Sequence[Tensor] | None = None
) -> list[CellState]:
    """Return the gradients of outputs with respect to states, in the form of the states. The graph is kept.

    Args:
        outputs: a scalar, or tensors that `weights` has a gradient for.
        states: what the derivatives are taken by. An output that does not depend on one has a gradient of 0.
        weights: the gradient that arrives at each output.
    """
    leaves = [leaf for state in states for leaf in state]
    gradients = torch.autograd.grad(
        outputs, leaves, weights, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    remaining = iter(gradients)
    return [type(state)(*(next(remaining) for _ in state)) for state in states]

"""Nudge one state of a cell, so that tests can compare a gradient with a finite difference."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from seq2seq.model.cells.lstm import PeepholeLSTMCell

STEP = 1e-6  # in double precision: the error of a central difference is about 1e-10


def nudge(cell: Any, state: Any, gates: Any, leaf: str, change: Tensor) -> Any:
    """Return a cell's new state with a change of h, or with a change of c and the h that follows from it."""
    if leaf == "hidden":
        return state._replace(hidden=state.hidden + change)
    changed, output = state.cell + change, gates.output
    if isinstance(cell, PeepholeLSTMCell):
        output = torch.sigmoid(torch.logit(output) + cell.peepholes[2] * change)
    return type(state)(output * torch.tanh(cell.cell_norm(changed)), changed)


@contextmanager
def nudged(cell: Any, call: int, leaf: str, change: Tensor) -> Iterator[None]:
    """Nudge the state that a cell's step returns in the call with a given number."""
    original, calls = cell.step, iter(range(10**6))

    def step(projected: Tensor, state: Any) -> tuple[Any, Any]:
        new, gates = original(projected, state)
        return (nudge(cell, new, gates, leaf, change) if next(calls) == call else new), gates

    cell.step = step
    try:
        yield
    finally:
        del cell.step


def slope(value: Callable[[], Tensor], cell: Any, call: int, leaf: str, direction: Tensor) -> float:
    """Return the finite difference of a value, when one state moves in a direction."""
    values = []
    for sign in (1, -1):
        with torch.no_grad(), nudged(cell, call, leaf, sign * STEP * direction):
            values.append(value().item())
    return (values[0] - values[1]) / (2 * STEP)

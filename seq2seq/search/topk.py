"""A faster `torch.topk` for long rows, such as a vocabulary's log-probabilities."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def fast_topk(
    values: Float[Tensor, "*rows size"], count: int, group: int = 64
) -> tuple[Float[Tensor, "*rows top"], Int64[Tensor, "*rows top"]]:
    """Return the `count` greatest values of the last dimension, greatest first, and their indices.

    The row is cut into groups of neighbours. The `count` greatest values lie in the `count` groups that have the
    greatest maxima, and PyTorch finds maxima much faster than top values. So only those groups are searched. The order
    of equal values is undefined, as in `torch.topk`.

    Args:
        values: any number of rows.
        count: how many values to return. A shorter row returns all its values.
        group: the size of a group. A row that has few groups is searched by `torch.topk` alone.
    """
    size = values.shape[-1]
    if size < 2 * count * group:
        greatest, indices = values.topk(min(count, size), dim=-1)
        return greatest, indices
    grouped = size - size % group
    maxima = values[..., :grouped].reshape(*values.shape[:-1], -1, group).amax(dim=-1)  # (…, groups)
    best_groups = maxima.topk(count, dim=-1).indices.unsqueeze(-1)  # (…, count, 1)
    inside = (best_groups * group + torch.arange(group, device=values.device)).flatten(-2)  # (…, count · group)
    rest = torch.arange(grouped, size, device=values.device).expand(*inside.shape[:-1], -1)
    indices = torch.cat([inside, rest], dim=-1)
    greatest, positions = values.gather(-1, indices).topk(count, dim=-1)
    return greatest, indices.gather(-1, positions)

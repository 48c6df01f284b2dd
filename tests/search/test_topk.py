"""The fast top-k gives the same values and indices as PyTorch's."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.search.topk import fast_topk


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(1, 700), st.integers(1, 6), st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_fast_topk_is_topk(size: int, count: int, group: int, seed: int) -> None:
    torch.manual_seed(seed)
    values = torch.randn(2, 3, size)
    values[0, 0, torch.rand(size) < 0.5] = -torch.inf
    best, indices = fast_topk(values, count, group)
    assert torch.equal(best, values.topk(min(count, size), dim=-1).values)
    assert torch.equal(values.gather(-1, indices), best)
    finite = indices.masked_select(best.isfinite())
    assert torch.equal(finite, values.topk(min(count, size), dim=-1).indices.masked_select(best.isfinite()))

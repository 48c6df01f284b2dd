"""What the contract of contexts gives to all of them: the projection to the gates, and the masked softmax."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_models import each_context, quick, seeds

from seq2seq.model.cells.gru import GRUCell
from seq2seq.model.cells.lstm import LSTMCell
from seq2seq.model.context import ContextFactory, Sizes, masked_softmax


@each_context
def test_the_gate_projection_is_linear_and_has_no_empty_weight(factory: ContextFactory) -> None:
    torch.manual_seed(0)
    context = factory(Sizes(6, 7, 5))
    for cell, size in ((LSTMCell(5, 4), 16), (GRUCell(5, 4), 12)):
        projection = context.gate_projection(cell)
        vectors = torch.randn(2, 3, context.vector_size)
        gates = projection(vectors).expand(2, 3, size)
        torch.testing.assert_close(gates, projection(2 * vectors) / 2 + torch.zeros(size))
        torch.testing.assert_close(gates.bool().any(), torch.tensor(context.vector_size > 0))
        assert all(parameter.numel() for parameter in projection.parameters())


@settings(quick, max_examples=50)
@given(seeds, st.floats(0.01, 100))
def test_masked_softmax_is_softmax_of_the_real_positions(seed: int, scale: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = scale * torch.randn(5, 6, generator=generator)
    mask = torch.rand(5, 6, generator=generator) < 0.6
    mask[0] = False
    for row, real, weights in zip(scores, mask, masked_softmax(scores, mask), strict=True):
        assert torch.equal(weights[~real], torch.zeros(int((~real).sum())))
        torch.testing.assert_close(weights[real], row[real].softmax(dim=0))


@settings(quick, max_examples=50)
@given(seeds, st.sampled_from([0.0, 1e4, -1e30, 1e30, float("inf"), float("-inf")]))
def test_masked_scores_do_not_matter(seed: int, masked_score: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(4, 2, 6, generator=generator)
    mask = torch.rand(4, 1, 6, generator=generator) < 0.6  # broadcast, as attention does over the beam
    changed = scores.masked_fill(~mask, masked_score)
    assert masked_softmax(changed, mask).equal(masked_softmax(scores, mask))


def test_a_row_without_real_positions_has_zero_weights_and_gradients() -> None:
    scores = torch.randn(2, 4, requires_grad=True)
    mask = torch.tensor([[False] * 4, [True, True, False, False]])
    weights = masked_softmax(scores, mask)
    assert weights[0].tolist() == [0.0] * 4
    [gradient] = torch.autograd.grad(weights[:, 0].sum(), scores)
    assert gradient[0].tolist() == [0.0] * 4
    assert gradient[1, :2].abs().min() > 0

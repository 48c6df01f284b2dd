"""Traced layers have the states that the fused computation has, and are named after their place."""

import pytest
import torch
from hypothesis import given
from model_combinations import Combination, combinations
from random_models import quick, random_batch, seeds, small_model

from seq2seq.insight.traced_layers import trace_layers


@quick
@given(combinations, seeds)
def test_the_highest_layers_have_the_states_that_a_translation_has(combination: Combination, seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = combination.build(), random_batch([2, 5])
    traced = trace_layers(model, batch)
    highest = [layer for layer in traced if layer.side == "encoder" and layer.layer == len(model.encoder.layers)]
    memory, state = model.encode(batch.source, batch.source_mask)
    if not model.encoder.residual:
        hidden = torch.cat([layer.trace.states.hidden for layer in highest], dim=-1)
        assert torch.allclose(hidden[batch.source_mask], memory.values[batch.source_mask], atol=1e-5)
    for step in range(batch.inputs.shape[1]):
        _, state = model.step(memory, state, batch.inputs[:, step : step + 1])
        for layer, reached in zip(traced[-len(state.layers) :], state.layers, strict=True):
            real = batch.target_mask[:, step]
            for traced_leaf, leaf in zip(layer.trace.states, reached, strict=True):
                assert torch.allclose(traced_leaf[real, step], leaf[real, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("directions", "names"),
    [
        ({}, ["forward", "backward"]),
        ({"bidirectional": False}, ["forward"]),
        ({"bidirectional": False, "reversed": True}, ["backward"]),
    ],
)
def test_layers_are_named_after_their_place(directions: dict[str, bool], names: list[str]) -> None:
    layers = trace_layers(small_model(layers=(2, 2), **directions), random_batch([3, 4]))
    encoder = [("encoder", number, name) for number in (1, 2) for name in names]
    assert [layer[:3] for layer in layers] == [*encoder, ("decoder", 1, "forward"), ("decoder", 2, "forward")]
    assert {layer.cell for layer in layers} == {"LSTMCell"}

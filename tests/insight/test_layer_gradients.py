"""The norms of the layers' gradients make up the norm of all gradients."""

import math

import pytest
import torch
from random_models import random_batch, small_model

from seq2seq.insight.layer_gradients import gradient_norms, layer_of


def test_the_norms_of_all_layers_make_up_the_whole() -> None:
    model = small_model(layers=(2, 2))
    model(random_batch([3, 5])).square().sum().backward()
    norms = gradient_norms(model)
    assert {"encoder.embedding", "encoder.1", "encoder.2", "decoder.1", "decoder.2", "decoder.context"} <= set(norms)
    whole = torch.nn.utils.get_total_norm(p.grad for p in model.parameters() if p.grad is not None)
    assert math.hypot(*norms.values()) == pytest.approx(float(whole), rel=1e-5)
    first = [parameter.grad for name, parameter in model.named_parameters() if name.startswith("encoder.layers.0.")]
    assert norms["encoder.1"] == pytest.approx(float(torch.cat([g.flatten() for g in first if g is not None]).norm()))


def test_a_model_without_gradients_has_no_norms() -> None:
    assert gradient_norms(small_model()) == {}


@pytest.mark.parametrize(
    ("parameter", "layer"),
    [
        ("encoder.layers.0.weight_hh_l0_reverse", "encoder.1"),
        ("encoder.layers.1.cells.1.input.weight", "encoder.2"),
        ("decoder.cells.2.recurrent.weight", "decoder.3"),
        ("decoder.bridges.0.layers.hidden.weight", "decoder.bridges"),
        ("decoder.vocabulary.bias", "decoder.vocabulary"),
    ],
)
def test_parameters_belong_to_layers(parameter: str, layer: str) -> None:
    assert layer_of(parameter) == layer

"""Scheduled sampling replaces inputs by the model's own predictions, and nothing else."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from model_combinations import Combination, combinations
from random_models import lengths, quick, random_batch, seeds, single_pair, small_model

from seq2seq.model.loss import total_loss
from seq2seq.text.special_tokens import BOS
from seq2seq.training.scheduled_sampling import with_own_predictions


@settings(quick, max_examples=30)
@given(combination=combinations, sizes=lengths, fraction=st.sampled_from([0.0, 0.5, 1.0]), seed=seeds)
def test_a_fraction_of_the_inputs_are_the_models_predictions(
    combination: Combination, sizes: list[int], fraction: float, seed: int
) -> None:
    torch.manual_seed(seed)
    model, batch = combination.build(), random_batch([*sizes, 20])
    mixed = with_own_predictions(model, batch, fraction, torch.Generator().manual_seed(seed))
    for name in ("source", "source_mask", "labels", "target_mask"):
        assert torch.equal(getattr(mixed, name), getattr(batch, name))
    assert (mixed.inputs[:, 0] == BOS).all()
    own = batch.inputs.clone()
    for row, real in enumerate(batch.target_mask.sum(dim=1).tolist()):
        predictions = model(single_pair(batch, row)).argmax(dim=-1)
        own[row, 1:real] = predictions[: real - 1]  # a predicted label is the next step's input
    if fraction == 0:
        assert torch.equal(mixed.inputs, batch.inputs)
    elif fraction == 1:
        assert torch.equal(mixed.inputs, own)
    else:
        assert ((mixed.inputs == batch.inputs) | (mixed.inputs == own)).all()
        assert not torch.equal(mixed.inputs, batch.inputs)
        assert not torch.equal(mixed.inputs, own)


def test_predictions_have_no_gradient() -> None:
    torch.manual_seed(0)
    model, batch = small_model(), random_batch([4, 2])
    total_loss(model, with_own_predictions(model, batch, 0.5)).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert not with_own_predictions(model, batch, 0.5).inputs.requires_grad

"""Weights of lower precision say nearly what the full ones say."""

import pytest
import torch
from examples import each_context, random_batch, sentence, small_model

from seq2seq.batch import Batch
from seq2seq.context import ContextFactory
from seq2seq.errors import UserError
from seq2seq.precision import Weights, reduced
from seq2seq.search import SearchOptions
from seq2seq.tensors import pad
from seq2seq.vocabulary import EOS


@pytest.mark.parametrize(("weights", "tolerance"), [("float32", 0.0), ("float16", 0.02), ("int8", 0.5)])
@each_context
def test_probabilities_are_nearly_the_same(factory: ContextFactory, weights: Weights, tolerance: float) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory, (2, 2)), random_batch([5, 2, 4])
    expected = model.log_probabilities(batch)
    found = reduced(model, weights).log_probabilities(batch)
    torch.testing.assert_close(found, expected, atol=tolerance, rtol=0)
    assert torch.equal(found, expected) == (weights == "float32")
    assert torch.equal(model.log_probabilities(batch), expected)  # the model that was given is as it was


def test_searches_agree_with_their_own_probabilities() -> None:
    torch.manual_seed(0)
    model, source = reduced(small_model(), "float16"), sentence(5)
    for found in model.search(*pad([source]), SearchOptions(width=3, n_best=3, max_length=8))[0]:
        said = model.log_probabilities(Batch.of([source], [[*found.words, EOS]])).sum()
        torch.testing.assert_close(said, torch.tensor(found.log_probability))


def test_it_is_for_the_cpu() -> None:
    with pytest.raises(UserError, match="for the CPU only"):
        reduced(small_model().to("meta"), "int8")

"""A model with quantized weights gives nearly the same probabilities."""

import pytest
import torch
from random_models import each_context, random_batch, sentence, small_model

from seq2seq.errors import UserError
from seq2seq.model.context import ContextFactory
from seq2seq.search.options import SearchOptions
from seq2seq.text.batch import Batch, pad
from seq2seq.text.special_tokens import EOS
from seq2seq.translation.decoding import search_model
from seq2seq.translation.quantization import Weights, quantize


@pytest.mark.parametrize(("weights", "tolerance"), [("float32", 0.0), ("float16", 0.02), ("int8", 0.5)])
@each_context
def test_probabilities_are_nearly_the_same(factory: ContextFactory, weights: Weights, tolerance: float) -> None:
    torch.manual_seed(0)
    model, batch = small_model(factory, (2, 2)), random_batch([5, 2, 4])
    expected = model.log_probabilities(batch)
    quantized = quantize(model, weights).log_probabilities(batch)
    torch.testing.assert_close(quantized, expected, atol=tolerance, rtol=0)
    assert torch.equal(quantized, expected) == (weights == "float32")
    assert torch.equal(model.log_probabilities(batch), expected)  # the given model has not changed


def test_scores_of_the_search_agree_with_the_models_probabilities() -> None:
    torch.manual_seed(0)
    model, source = quantize(small_model(), "float16"), sentence(5)
    [hypotheses] = search_model(model, *pad([source]), SearchOptions(beam_size=3, n_best=3, max_length=8))
    for hypothesis in hypotheses:
        log_probability = model.log_probabilities(Batch.from_ids([source], [[*hypothesis.tokens, EOS]])).sum()
        torch.testing.assert_close(log_probability, torch.tensor(hypothesis.log_probability))


def test_a_model_on_another_device_is_a_user_error() -> None:
    with pytest.raises(UserError, match="for the CPU only"):
        quantize(small_model().to("meta"), "int8")

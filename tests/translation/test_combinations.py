"""Search, forced prefixes and quantization work with every combination of a model's parts."""

import pytest
import torch
from hypothesis import given, settings
from model_combinations import Combination, combinations
from random_models import lengths, random_batch, seeds, sentences

from seq2seq.search.greedy import greedy_search
from seq2seq.search.options import SearchOptions
from seq2seq.search.plain_beam import plain_beam_search
from seq2seq.text.batch import pad
from seq2seq.text.special_tokens import PAD
from seq2seq.translation.decoding import search_model
from seq2seq.translation.quantization import quantize

many = settings(max_examples=40, deadline=None, derandomize=True)


@many
@given(combinations, lengths, seeds)
def test_a_beam_of_1_is_greedy_search(combination: Combination, sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    model, (source, mask) = combination.build(), pad(sentences(sizes))
    memory, state = model.encode(source, mask)
    greedy = greedy_search(model.step, memory, state, limits=2 * mask.sum(dim=1) + 10)
    beam = search_model(model, source, mask, SearchOptions(beam_size=1, length_penalty=0.0))
    assert [best.tokens for [best] in beam] == greedy


@many
@given(combinations, seeds)
def test_the_fast_beam_agrees_with_the_plain_one(combination: Combination, seed: int) -> None:
    torch.manual_seed(seed)
    model, rows = combination.build(), sentences([3, 1])
    together = search_model(model, *pad(rows), SearchOptions(beam_size=3, n_best=3, max_length=6))
    for row, hypotheses in zip(rows, together, strict=True):
        memory, state = model.encode(*pad([row]))
        plain = plain_beam_search(model.step, memory, state, beam_size=3, length_penalty=1.0, limit=6)
        assert [hypothesis.tokens for hypothesis in hypotheses] == [hypothesis.tokens for hypothesis in plain]


@many
@given(combinations, seeds)
def test_prefixes_and_coverage_work(combination: Combination, seed: int) -> None:
    torch.manual_seed(seed)
    model = combination.build()
    options = SearchOptions(beam_size=3, max_length=6, coverage_penalty=0.4 if model.attends else 0.0)
    first, second = search_model(model, *pad(sentences([3, 4])), options, torch.tensor([[7, 8], [9, PAD]]))
    assert all(hypothesis.tokens[:2] == (7, 8) for hypothesis in first)
    assert all(hypothesis.tokens[:1] == (9,) for hypothesis in second)


@pytest.mark.parametrize("weights", ["float16", "int8"])
@settings(many, max_examples=15)
@given(combination=combinations, seed=seeds)
def test_quantized_models_give_probabilities(weights: str, combination: Combination, seed: int) -> None:
    torch.manual_seed(seed)
    model, batch = combination.build(), random_batch([4, 2])
    quantized = quantize(model, weights)  # type: ignore[arg-type]
    log_probabilities = quantized.log_probabilities(batch)
    assert log_probabilities.isfinite().all()
    if weights == "float16":
        torch.testing.assert_close(log_probabilities, model.log_probabilities(batch), atol=0.05, rtol=0.02)

"""A beam before the first token, and finished hypotheses converted from tensors."""

import pytest
import torch

from seq2seq.errors import UserError
from seq2seq.search.beam_tensors import Finished, Sentences, hypotheses_of, start_beam
from seq2seq.search.options import SearchOptions
from seq2seq.search.step import Hypothesis
from seq2seq.text.special_tokens import BOS, EOS, PAD


@pytest.mark.parametrize(("sampling", "size"), [(False, 1), (True, 3)])
def test_a_beam_starts_with_one_hypothesis_and_samples_with_all(sampling: bool, size: int) -> None:
    forced = torch.full((2, 4), PAD)
    sentences = Sentences(torch.arange(2), forced, torch.ones(2), torch.full((2,), 3))
    beam, finished = start_beam(SearchOptions(3, n_best=2, sampling=sampling), sentences)
    assert beam.tokens.tolist() == [[[BOS, PAD, PAD, PAD, PAD]] * size] * 2
    assert beam.log_probability.tolist() == [[0.0] * size] * 2
    assert finished.score.tolist() == [[-torch.inf] * 2] * 2


def test_hypotheses_are_converted_without_bos_eos_and_empty_slots() -> None:
    tokens = torch.tensor([[[BOS, 5, EOS, PAD], [PAD] * 4], [[BOS, EOS, PAD, PAD], [BOS, 6, 5, EOS]]])
    log_probability = torch.tensor([[-1.0, -torch.inf], [-2.0, -4.0]])
    score = torch.tensor([[-0.5, -torch.inf], [-0.25, -3.0]])
    assert hypotheses_of(Finished(tokens, log_probability, score)) == [
        [Hypothesis((5,), -1.0, -0.5)],
        [Hypothesis((), -2.0, -0.25), Hypothesis((6, 5), -4.0, -3.0)],
    ]
    with pytest.raises(UserError, match="not numbers"):
        hypotheses_of(Finished(tokens[:1, 1:], log_probability[:1, 1:], score[:1, 1:]))

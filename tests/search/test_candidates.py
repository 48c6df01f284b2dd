"""The candidates of a beam search."""

import torch

from seq2seq.search.candidates import most_probable
from seq2seq.text.special_tokens import BOS, EOS, PAD, UNK


def test_the_most_probable_tokens_come_first_without_pad_unk_and_bos() -> None:
    log_probabilities = torch.full((1, 1, 7), -5.0)
    log_probabilities[0, 0, [PAD, UNK, BOS]] = -0.5
    log_probabilities[0, 0, [5, EOS, 4]] = torch.tensor([-1.0, -2.0, -3.0])
    candidates = most_probable(log_probabilities, 3)
    assert candidates.tokens.tolist() == [[[5, EOS, 4]]]
    assert candidates.log_probability.tolist() == [[[-1.0, -2.0, -3.0]]]

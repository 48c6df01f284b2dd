"""A forced reading has what the model's own methods return for the same pair."""

import pytest
import torch

from seq2seq.insight.forced_reading import read_translation
from seq2seq.translation.translator import Translator


@pytest.mark.parametrize("name", ["translator", "blind_translator"])
def test_a_reading_has_the_models_own_values(name: str, request: pytest.FixtureRequest) -> None:
    translator: Translator = request.getfixturevalue(name)
    pair = translator.sentences.given_pair("der Hund sieht die Katze", "the dog sees a cat")
    reading = read_translation(translator, pair)
    with torch.no_grad():
        expected = translator.model.log_probabilities(reading.batch)[0]
    written = reading.log_probabilities[torch.arange(len(pair.target_ids)), torch.tensor(pair.target_ids)]
    assert torch.allclose(written, expected, atol=1e-6)
    assert torch.allclose(reading.log_probabilities.exp().sum(dim=-1), torch.ones(len(pair.target_ids)))
    assert torch.equal(reading.attention, translator.sentences.attention(pair))

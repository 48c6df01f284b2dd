"""The next tokens of each step are the model's most probable ones, with the model's probabilities."""

import pytest
import torch

from seq2seq.insight.forced_reading import read_translation
from seq2seq.insight.next_tokens import next_tokens
from seq2seq.text.batch import Batch
from seq2seq.text.special_tokens import BOS, EOS
from seq2seq.translation.translator import Translator


@pytest.mark.parametrize("name", ["translator", "blind_translator"])
def test_tokens_have_the_probabilities_of_the_models_own_steps(name: str, request: pytest.FixtureRequest) -> None:
    translator: Translator = request.getfixturevalue(name)
    pair = translator.sentences.given_pair("der Hund sieht die Katze", "the dog sees a cat")
    steps = next_tokens(translator.tokenizer, read_translation(translator, pair), most=5)
    source = Batch.from_ids([pair.source_ids], [pair.target_ids])
    memory, state = translator.model.encode(source.source, source.source_mask)
    assert len(steps) == len(pair.target_ids)
    for last, step in zip((BOS, *pair.target_ids), steps, strict=False):
        log_probabilities, state = translator.model.step(memory, state, torch.tensor([[last]]))
        probabilities = log_probabilities[0, 0].exp()
        best = [index for index in probabilities.argsort(descending=True).tolist() if index >= EOS][:5]
        assert [next_token.id for next_token in step.tokens] == best
        assert [next_token.token for next_token in step.tokens] == list(translator.tokenizer.target_tokens(best))
        assert [next_token.probability for next_token in step.tokens] == pytest.approx(
            probabilities[best].tolist(), rel=1e-4
        )


def test_the_tokens_of_a_translation_have_its_log_probabilities(translator: Translator) -> None:
    [[best]] = translator.sentences.translate(["wir lesen ein Buch"], translator.options)
    everything = translator.tokenizer.target_size
    steps = next_tokens(translator.tokenizer, read_translation(translator, best), most=everything)
    probability = 1.0
    for index, step in zip(best.target_ids, steps, strict=True):
        assert len(step.tokens) == everything - EOS
        probability *= next(token.probability for token in step.tokens if token.id == index)
    assert probability == pytest.approx(torch.tensor(best.log_probability).exp().item(), rel=1e-3)

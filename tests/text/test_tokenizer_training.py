"""Training is deterministic, reads lines of any length, and names the vocabulary sizes that a corpus allows."""

import re

import pytest
from corpora import made_up_sentences

from seq2seq.errors import UserError
from seq2seq.text.tokenizer import Tokenizer, TokenizerOptions
from seq2seq.text.tokenizer_training import ModelType

MODEL_TYPES: tuple[ModelType, ...] = ("unigram", "bpe")
SOURCES, TARGETS = made_up_sentences(1), made_up_sentences(2)


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_training_is_deterministic(model_type: ModelType) -> None:
    options = TokenizerOptions(vocab_size=600, model_type=model_type)
    first = Tokenizer.train(SOURCES, TARGETS, options)
    again = Tokenizer.train(iter(SOURCES), iter(TARGETS), options)
    assert again.fingerprint == first.fingerprint
    assert Tokenizer.train(TARGETS, SOURCES[:-50], options).fingerprint != again.fingerprint


@pytest.mark.parametrize("model_type", MODEL_TYPES)
@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize(
    ("vocab_size", "message"), [(60_000, r"too large .* is (\d+)"), (100, r"too small .* need (\d+)")]
)
def test_a_vocabulary_that_does_not_fit_names_the_bound(
    model_type: ModelType, joint: bool, vocab_size: int, message: str
) -> None:
    lines = SOURCES[:500]
    with pytest.raises(UserError) as error:
        Tokenizer.train(lines, lines, TokenizerOptions(vocab_size, joint, model_type))
    assert joint or "source side" in str(error.value)
    match = re.search(message, str(error.value))
    assert match
    bound = int(match.group(1))
    assert Tokenizer.train(lines, lines, TokenizerOptions(bound, joint, model_type)).source_size == bound
    beyond = bound + 1 if vocab_size > bound else bound - 1
    with pytest.raises(UserError):
        Tokenizer.train(lines, lines, TokenizerOptions(beyond, joint, model_type))


@pytest.mark.parametrize("lines", [[], [""], [" \t", "▁"]])
def test_a_corpus_without_text_is_a_user_error(lines: list[str]) -> None:
    with pytest.raises(UserError, match="no text"):
        Tokenizer.train(lines, lines, TokenizerOptions())


def test_long_lines_are_learned_from() -> None:
    line = "wort " * 1_000  # longer than SentencePiece reads by default
    tokenizer = Tokenizer.train([line], ["a"], TokenizerOptions(269, model_type="bpe"))
    assert "ort" in tokenizer.source_tokens(range(tokenizer.source_size))

"""Translators with random weights: enough for whatever does not ask what a translation means."""

import pytest
import torch

from seq2seq.context import AdditiveAttention, ContextFactory, FixedContext
from seq2seq.decoder import DecoderOptions
from seq2seq.encoder import EncoderOptions
from seq2seq.model import Model, ModelOptions
from seq2seq.tokenizer import Tokenizer, TokenizerOptions
from seq2seq.translator import Translator

SOURCES = ["der Hund sieht die Katze", "die Katze schläft im Haus", "ein Schüler liest das Buch", "wir lesen ein Buch"]
TARGETS = ["the dog sees the cat", "the cat sleeps in the house", "a pupil reads the book", "we read a book"]


def untrained(context: ContextFactory) -> Translator:
    """A translator that has learned nothing."""
    torch.manual_seed(0)
    tokenizer = Tokenizer.train(SOURCES, TARGETS, TokenizerOptions(vocab_size=300))
    options = ModelOptions(
        embedding=8, encoder=EncoderOptions(hidden=8), decoder=DecoderOptions(hidden=8, context=context)
    )
    return Translator(Model(options, tokenizer.source_size, tokenizer.target_size, joint=True), tokenizer)


@pytest.fixture(scope="session")
def translator() -> Translator:
    """With attention."""
    return untrained(AdditiveAttention)


@pytest.fixture(scope="session")
def blind_translator() -> Translator:
    """Without attention."""
    return untrained(FixedContext)

"""Where tests may write, and translators with random weights: enough for whatever does not ask what words mean."""

import os
import sys
from collections.abc import Iterator

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

torch.set_num_threads(1)  # the tests' tensors are small: threads only wait for each other

# Before anything imports `datasets`, which reads them once.
os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"


@pytest.fixture(scope="session", autouse=True)
def datasets_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """`datasets` neither writes where the user's own corpora are cached nor finds there what an earlier test left."""
    home = tmp_path_factory.mktemp("huggingface")
    cache = home / "datasets"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(home))
        patch.setenv("HF_DATASETS_CACHE", str(cache))
        if "datasets" in sys.modules:
            patch.setattr("datasets.config.HF_DATASETS_CACHE", cache)
        yield


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

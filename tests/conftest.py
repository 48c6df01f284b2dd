"""Fixtures of all tests: shape checks, a cache for `datasets`, and translators with random weights."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from typechecker import check_records

from seq2seq.model import decoder, encoder, recurrent_layer
from seq2seq.model.attention import AdditiveAttention, FixedContext
from seq2seq.model.cells import gru, lstm, rnn
from seq2seq.model.context import ContextFactory
from seq2seq.model.decoder import DecoderOptions
from seq2seq.model.encoder import EncoderOptions
from seq2seq.model.encoder_decoder import EncoderDecoder, ModelOptions
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.search.options import SearchOptions
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.tokenizer import Tokenizer, TokenizerOptions
from seq2seq.translation.translator import Translator

SOURCES = ["der Hund sieht die Katze", "die Katze schläft im Haus", "ein Schüler liest das Buch", "wir lesen ein Buch"]
TARGETS = ["the dog sees the cat", "the cat sleeps in the house", "a pupil reads the book", "we read a book"]

check_records(rnn, gru, lstm, recurrent_layer, encoder, decoder)
torch.set_num_threads(1)  # the tests' tensors are small: threads only wait for each other

# `datasets` reads these once, when it is imported.
os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"


@pytest.fixture(scope="session", autouse=True)
def datasets_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give `datasets` a cache of its own, apart from the user's cache and from earlier tests."""
    home = tmp_path_factory.mktemp("huggingface")
    cache = home / "datasets"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(home))
        patch.setenv("HF_DATASETS_CACHE", str(cache))
        if "datasets" in sys.modules:
            patch.setattr("datasets.config.HF_DATASETS_CACHE", cache)
        yield


def untrained(context: ContextFactory) -> Translator:
    """Return a translator with random weights."""
    torch.manual_seed(0)
    tokenizer = Tokenizer.train(SOURCES, TARGETS, TokenizerOptions(vocab_size=300))
    options = model_options(context)
    model = EncoderDecoder(options, tokenizer.source_size, tokenizer.target_size, joint=True)
    return Translator(model, tokenizer, SearchOptions(beam_size=2, max_length=12))


def model_options(context: ContextFactory) -> ModelOptions:
    return ModelOptions(
        embedding=8, encoder=EncoderOptions(hidden=8), decoder=DecoderOptions(hidden=8, context=context)
    )


@pytest.fixture(scope="session")
def translator() -> Translator:
    """A translator with attention."""
    return untrained(AdditiveAttention)


@pytest.fixture(scope="session")
def blind_translator() -> Translator:
    """A translator without attention."""
    return untrained(FixedContext)


@pytest.fixture(scope="session")
def untrained_run(translator: Translator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with the model of `translator`."""
    run = Run(tmp_path_factory.mktemp("runs") / "untrained")
    corpus = CorpusOptions(str(Path(__file__).parents[1] / "data" / "grammar"))
    run.save_recipe(Recipe(corpus, model=model_options(AdditiveAttention), search=translator.options))
    run.save_tokenizer(translator.tokenizer)
    run.save_weights(translator.model)
    return run.folder

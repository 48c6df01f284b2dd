"""Sentences to translations: the order, blank sentences, batches of any size, prefixes, attention."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick, seeds

from seq2seq.errors import UserError
from seq2seq.search.options import SearchOptions
from seq2seq.text.batch import Batch
from seq2seq.text.normalisation import normalise
from seq2seq.text.special_tokens import EOS
from seq2seq.translation.sentences import EMPTY, SentenceTranslation, SentenceTranslator, make_batches
from seq2seq.translation.translator import Translator

BEAM = SearchOptions(beam_size=3, n_best=2, max_length=6)
TEXTS = [
    "der Hund",
    "",
    "die Katze schläft im Haus und der Hund sieht ein Buch",
    "   ",
    "wir lesen",
    "wir lesen",
    "ein\u00a0Schüler\t liest",
]


@pytest.fixture
def sentences(translator: Translator) -> SentenceTranslator:
    return translator.sentences


@pytest.fixture
def blind_sentences(blind_translator: Translator) -> SentenceTranslator:
    return blind_translator.sentences


def assert_same(translations: list[SentenceTranslation], expected: list[SentenceTranslation]) -> None:
    assert [translation.target_ids for translation in translations] == [other.target_ids for other in expected]
    for translation, other in zip(translations, expected, strict=True):
        assert translation.text == other.text
        assert translation.source_ids == other.source_ids
        assert translation.log_probability == pytest.approx(other.log_probability, abs=1e-4)
        assert translation.score == pytest.approx(other.score, abs=1e-4)


@quick
@given(order=st.permutations(TEXTS), batch_tokens=st.sampled_from([1, 20, 45, 2000]))
def test_order_and_batches_change_nothing(translator: Translator, order: list[str], batch_tokens: int) -> None:
    sentences = translator.sentences
    results = sentences.translate(order, BEAM, batch_tokens=batch_tokens)
    assert len(results) == len(order)
    for text, translations in zip(order, results, strict=True):
        assert_same(translations, sentences.translate([text], BEAM)[0])


def test_blank_sentences_have_one_empty_translation(sentences: SentenceTranslator) -> None:
    assert sentences.translate([], BEAM) == []
    assert sentences.translate(["", " \t\u00a0"], BEAM) == [[EMPTY], [EMPTY]]
    assert sentences.attention(EMPTY).shape == (0, 0)


@pytest.mark.parametrize("fixture", ["sentences", "blind_sentences"])
def test_a_translation_has_the_models_tokens_and_probability(fixture: str, request: pytest.FixtureRequest) -> None:
    sentences: SentenceTranslator = request.getfixturevalue(fixture)
    tokenizer = sentences.tokenizer
    for text, translations in zip(TEXTS, sentences.translate(TEXTS, BEAM), strict=True):
        if not normalise(text):
            continue
        assert len(translations) == BEAM.n_best
        assert sorted(translations, key=lambda translation: -translation.score) == translations
        for translation in translations:
            source, target = translation.source_ids, translation.target_ids
            assert source == tuple(tokenizer.encode_source([text])[0])
            assert translation.source_tokens == tokenizer.source_tokens(source)
            assert translation.target_tokens == tokenizer.target_tokens(target)
            assert translation.source_tokens[-1] == translation.target_tokens[-1] == "</s>"
            assert translation.text == tokenizer.decode_target([target])[0]
            scored = sentences.model.log_probabilities(Batch.from_ids([source], [target])).sum()
            assert translation.log_probability == pytest.approx(scored.item(), abs=1e-3)


@pytest.mark.parametrize("prefix", ["the", "the dog", "ein Zebra"])
def test_every_translation_begins_with_the_prefix(sentences: SentenceTranslator, prefix: str) -> None:
    forced = sentences.tokenizer.encode_target([prefix])[0][:-1]
    for translations in sentences.translate(["der Hund", "wir lesen ein Buch"], BEAM, prefix):
        for translation in translations:
            assert list(translation.target_ids[: len(forced)]) == forced
            assert translation.text.startswith(prefix)


@quick
@given(seeds)
def test_the_same_seed_gives_the_same_samples(translator: Translator, seed: int) -> None:
    options = SearchOptions(beam_size=4, n_best=4, max_length=6, sampling=True)
    first, again, other = (
        translator.sentences.translate(["der Hund"], options, generator=torch.Generator().manual_seed(number))
        for number in (seed, seed, seed + 1)
    )
    assert first == again
    assert {sample.target_ids for sample in first[0]} != {sample.target_ids for sample in other[0]}


@pytest.mark.parametrize(("fixture", "row_sum"), [("sentences", 1.0), ("blind_sentences", 0.0)])
def test_attention_has_a_row_for_each_target_token(
    fixture: str, row_sum: float, request: pytest.FixtureRequest
) -> None:
    sentences: SentenceTranslator = request.getfixturevalue(fixture)
    for translations in sentences.translate(["der Hund", "die Katze schläft im Haus"], BEAM):
        for translation in translations:
            weights = sentences.attention(translation)
            assert weights.shape == (len(translation.target_tokens), len(translation.source_tokens))
            torch.testing.assert_close(weights.sum(dim=1), torch.full((len(weights),), row_sum))


def test_a_given_pair_is_read_like_a_translation(sentences: SentenceTranslator) -> None:
    prefix = "the dog reads"
    [[translation, *_]] = sentences.translate(["der Hund"], BEAM, prefix)
    given = sentences.given_pair("der Hund", prefix)
    assert given.source_ids == translation.source_ids
    assert given.source_tokens == translation.source_tokens
    tokens = len(given.target_tokens) - 1  # without </s>
    assert given.target_tokens[:tokens] == translation.target_tokens[:tokens]
    torch.testing.assert_close(sentences.attention(given)[:tokens], sentences.attention(translation)[:tokens])


def test_the_model_is_put_in_evaluation_mode(sentences: SentenceTranslator) -> None:
    model = sentences.model.train()
    assert not SentenceTranslator(model, sentences.tokenizer).model.training


def test_token_ids_force_what_their_text_forces(sentences: SentenceTranslator) -> None:
    ids = sentences.prefix_ids("the dog")
    texts = ["der Hund", "", "wir lesen"]
    assert sentences.translate(texts, BEAM, ids) == sentences.translate(texts, BEAM, "the dog")
    assert sentences.translate(texts, BEAM, []) == sentences.translate(texts, BEAM)
    [[ended, *_]] = sentences.translate(["der Hund"], BEAM, (*ids, EOS))
    assert (ended.text, ended.target_ids) == ("the dog", (*ids, EOS))


@pytest.mark.parametrize(
    ("ids", "complaint"),
    [
        ([0], "no translation has token 0"),
        ([-1], "token -1"),
        ([10**6], "token 1000000"),
        ([EOS, 5], "token 3 ends"),
    ],
)
def test_ids_that_no_translation_has_are_refused(sentences: SentenceTranslator, ids: list[int], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        sentences.translate(["der Hund"], BEAM, ids)


@quick
@given(st.lists(st.integers(1, 9), max_size=20), st.integers(1, 30))
def test_batches_hold_every_row_once_and_keep_to_their_size(lengths: list[int], batch_tokens: int) -> None:
    rows = [[EOS] * length for length in lengths]
    indices = [index for index in range(len(rows)) if index % 4]
    batches = make_batches(rows, indices, batch_tokens)
    assert sorted(index for batch in batches for index in batch) == indices
    for batch in batches:
        longest = max(lengths[index] for index in batch)
        assert len(batch) == 1 or longest * len(batch) <= batch_tokens

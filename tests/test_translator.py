"""Text to text: order, blanks, batches of any size, prefixes, alignments."""

import pytest
import torch
from examples import quick, seeds
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.batch import Batch
from seq2seq.search import SearchOptions
from seq2seq.tokenizer import normalise
from seq2seq.translator import NOTHING, Translation, Translator, batches
from seq2seq.vocabulary import EOS

BEAM = SearchOptions(width=3, n_best=2, max_length=6)
TEXTS = [
    "der Hund",
    "",
    "die Katze schläft im Haus und der Hund sieht ein Buch",
    "   ",
    "wir lesen",
    "wir lesen",
    "ein\u00a0Schüler\t liest",
]


def assert_same(found: list[Translation], expected: list[Translation]) -> None:
    assert [one.target for one in found] == [one.target for one in expected]
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.text == theirs.text
        assert ours.source == theirs.source
        assert ours.log_probability == pytest.approx(theirs.log_probability, abs=1e-4)
        assert ours.score == pytest.approx(theirs.score, abs=1e-4)


@quick
@given(order=st.permutations(TEXTS), batch_tokens=st.sampled_from([1, 20, 45, 2000]))
def test_order_and_batches_change_nothing(translator: Translator, order: list[str], batch_tokens: int) -> None:
    found = translator.translate(order, BEAM, batch_tokens=batch_tokens)
    assert len(found) == len(order)
    for text, translations in zip(order, found, strict=True):
        assert_same(translations, translator.translate([text], BEAM)[0])


def test_blank_sentences_have_one_empty_translation(translator: Translator) -> None:
    assert translator.translate([], BEAM) == []
    assert translator.translate(["", " \t\u00a0"], BEAM) == [[NOTHING], [NOTHING]]
    assert translator.align(NOTHING).shape == (0, 0)


def test_a_translation_is_what_the_model_said(translator: Translator, blind_translator: Translator) -> None:
    tokenizer = translator.tokenizer
    for which in (translator, blind_translator):
        for text, translations in zip(TEXTS, which.translate(TEXTS, BEAM), strict=True):
            if not normalise(text):
                continue
            assert len(translations) == BEAM.n_best
            assert sorted(translations, key=lambda one: -one.score) == translations
            for one in translations:
                assert one.source == tuple(tokenizer.encode_source([text])[0])
                assert one.source_pieces == tokenizer.source_pieces(one.source)
                assert one.target_pieces == tokenizer.target_pieces(one.target)
                assert one.source_pieces[-1] == one.target_pieces[-1] == "</s>"
                assert one.text == tokenizer.decode_target([one.target])[0]
                scored = which.model.log_probabilities(Batch.of([one.source], [one.target])).sum()
                assert one.log_probability == pytest.approx(scored.item(), abs=1e-3)


@pytest.mark.parametrize("prefix", ["the", "the dog", "ein Zebra"])
def test_every_translation_begins_with_the_prefix(translator: Translator, prefix: str) -> None:
    forced = translator.tokenizer.encode_target([prefix])[0][:-1]
    for translations in translator.translate(["der Hund", "wir lesen ein Buch"], BEAM, prefix):
        for one in translations:
            assert list(one.target[: len(forced)]) == forced
            assert one.text.startswith(prefix)


@quick
@given(seeds)
def test_the_same_seed_gives_the_same_samples(translator: Translator, seed: int) -> None:
    options = SearchOptions(width=4, n_best=4, max_length=6, sampling=True)
    once, again, other = (
        translator.translate(["der Hund"], options, generator=torch.Generator().manual_seed(number))
        for number in (seed, seed, seed + 1)
    )
    assert once == again
    assert {one.target for one in once[0]} != {one.target for one in other[0]}


@pytest.mark.parametrize("attends", [True, False])
def test_an_alignment_has_a_row_for_each_target_piece(
    translator: Translator, blind_translator: Translator, attends: bool
) -> None:
    which = translator if attends else blind_translator
    for translations in which.translate(["der Hund", "die Katze schläft im Haus"], BEAM):
        for one in translations:
            weights = which.align(one)
            assert weights.shape == (len(one.target_pieces), len(one.source_pieces))
            torch.testing.assert_close(weights.sum(dim=1), torch.full((len(weights),), float(attends)))


def test_the_model_is_put_in_evaluation_mode(translator: Translator) -> None:
    model = translator.model.train()
    assert not Translator(model, translator.tokenizer).model.training


@quick
@given(st.lists(st.integers(1, 9), max_size=20), st.integers(1, 30))
def test_batches_hold_every_row_once_and_keep_to_their_size(lengths: list[int], batch_tokens: int) -> None:
    rows = [[EOS] * length for length in lengths]
    indices = [index for index in range(len(rows)) if index % 4]
    found = batches(rows, indices, batch_tokens)
    assert sorted(index for batch in found for index in batch) == indices
    for batch in found:
        longest = max(lengths[index] for index in batch)
        assert len(batch) == 1 or longest * len(batch) <= batch_tokens

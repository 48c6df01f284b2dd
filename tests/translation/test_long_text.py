"""Texts of any length are cut, and the translations of their parts are joined, without loss."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.errors import UserError
from seq2seq.text.normalisation import normalise
from seq2seq.text.sentence_splitter import split_sentences
from seq2seq.translation.long_text import (
    best_cut,
    cut,
    cut_between_characters,
    join_alignments,
    join_links,
    join_translations,
)
from seq2seq.translation.sentences import EMPTY, SentenceTranslation
from seq2seq.translation.translator import Translator
from seq2seq.translation.word_alignment import Alignment, strongest_links

words = st.sampled_from(
    ["Hund", "Buch.", "Das", "日本語日本語", "日本。「語」。日本", "e\u0323\u0301\u0316" * 5, "👩‍👩‍👧" * 4]
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(text=st.text(max_size=120) | st.lists(words).map(" ".join), at_sentence_ends=st.booleans())
def test_cut_loses_nothing(translator: Translator, text: str, at_sentence_ends: bool) -> None:
    parts, sentences = cut(text, translator.tokenizer, at_sentence_ends, 12)
    assert "".join("".join(parts).split()) == "".join(normalise(text).split())
    assert sentences == (len(split_sentences(normalise(text))) if at_sentence_ends else 1)
    for part, ids in zip(parts, translator.tokenizer.encode_source(parts), strict=True):
        # EOS does not count. A character can have several bytes, and several marks.
        assert len(ids) <= 13 or cut_between_characters(part) is None
    if len(translator.tokenizer.encode_source([text])[0]) <= 13 and sentences == 1:
        assert parts == [normalise(text)]


def test_cut_keeps_words_whole_if_there_are_spaces(translator: Translator) -> None:
    words = ["Hund", "Katze", "Buch"] * 30
    assert " ".join(cut(" ".join(words), translator.tokenizer, True, 40).parts).split() == words


def test_a_text_of_several_sentences_is_cut_at_their_ends(translator: Translator) -> None:
    text = "Der Hund schläft. Das Kind, das Hunger hat, isst."
    assert cut(text, translator.tokenizer, True) == (["Der Hund schläft.", "Das Kind, das Hunger hat, isst."], 2)
    assert cut(text, translator.tokenizer, False) == ([text], 1)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Der Hund schläft. Das Kind, das Hunger hat, isst.", ["Der Hund schläft.", "Das Kind, das Hunger hat, isst."]),
        ("Der kleine Hund bellt laut, das Kind schläft.", ["Der kleine Hund bellt laut,", "das Kind schläft."]),
        ("Der kleine Hund – das Kind schläft", ["Der kleine Hund –", "das Kind schläft"]),
        ("Rot, der kleine Hund bellt laut und viel", ["Rot, der kleine Hund", "bellt laut und viel"]),
        ("彼は家に帰りました、それから寝た", ["彼は家に帰りました、", "それから寝た"]),
        ("彼は家に帰りました", ["彼は家に", "帰りました"]),
        ("a" + "\u0323\u0316" * 9 + "bb", ["a" + "\u0323\u0316" * 9, "bb"]),
        ("👩\u200d👩\u200d👧👩\u200d👩\u200d👧", ["👩\u200d👩\u200d👧"] * 2),
        ("🇩🇪", None),
        ("👍🏽", None),
        ("क्ष", None),
        ("a", None),
    ],
)
def test_the_best_place_to_cut(text: str, parts: list[str] | None) -> None:
    text = normalise(text)
    position = best_cut(text)
    halves = None if position is None else [text[:position].strip(), text[position:].strip()]
    assert halves == (None if parts is None else [normalise(part) for part in parts])


def test_an_endless_character_is_cut_all_the_same(translator: Translator) -> None:
    parts, _ = cut("a" + "\u0301" * 5000, translator.tokenizer, True, 40)
    assert max(map(len, translator.tokenizer.encode_source(parts))) <= 80


def test_remarks_tell_why_a_text_was_cut() -> None:
    [joined] = join_translations([[sentence("a")], [sentence("b")], [sentence("c")]], sentences=2)
    assert joined.remarks.keys() == {"sentences", "long"}
    assert "2 sentences" in joined.remarks["sentences"]
    assert "3 parts" in joined.remarks["long"]
    [short] = join_translations([[sentence("a")]])
    assert short.remarks == {}


def sentence(text: str) -> SentenceTranslation:
    return EMPTY._replace(text=text, score=-1.0, log_probability=-2.0, target_tokens=(text, "</s>"))


def test_a_part_with_fewer_translations_repeats_its_last_one() -> None:
    a, b, c = map(sentence, "abc")
    assert [translation.text for translation in join_translations([[a, b], [c]])] == ["a c", "b c"]
    [joined] = join_translations([[a], [c]])
    assert joined.score == -1.0
    assert joined.log_probability == -4.0


def test_a_translation_has_the_tokens_of_all_its_parts() -> None:
    [joined] = join_translations([[sentence("a")], [EMPTY], [sentence("b")]])
    assert joined.tokens == ("a", "b")
    assert joined.text == "a b"


def test_links_are_counted_through_the_text_as_in_the_joined_matrix() -> None:
    random = torch.Generator().manual_seed(1)
    parts = [
        Alignment(torch.rand(rows, columns, generator=random), ("s",) * columns, ("t",) * rows)
        for rows, columns in ((2, 3), (0, 2), (4, 1))
    ]
    joined = join_alignments(parts)
    assert joined.matrix.shape == (len(joined.target_words), len(joined.source_words)) == (6, 6)
    assert join_links(parts) == strongest_links(joined.matrix)


def test_an_alignment_that_is_too_large_to_show_is_an_error() -> None:
    words = ("w",) * 501
    with pytest.raises(UserError, match="501 words"):
        join_alignments([Alignment(torch.eye(501), words, words)])

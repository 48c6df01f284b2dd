"""Texts of any length are cut, and the translations of their parts are joined, without loss."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.errors import UserError
from seq2seq.text.tokenizer import normalise
from seq2seq.translation.long_text import cut, join_alignments, join_links, join_translations
from seq2seq.translation.sentences import EMPTY, SentenceTranslation
from seq2seq.translation.translator import Translator
from seq2seq.translation.word_alignment import Alignment, strongest_links


@settings(max_examples=60, deadline=None, derandomize=True)
@given(text=st.text(max_size=120) | st.lists(st.sampled_from(["Hund", "Buch", "日本語日本語"])).map(" ".join))
def test_cut_loses_nothing(translator: Translator, text: str) -> None:
    parts = cut(text, translator.tokenizer, 12)
    assert "".join("".join(parts).split()) == "".join(normalise(text).split())
    for part, ids in zip(parts, translator.tokenizer.encode_source(parts), strict=True):
        assert len(ids) <= 13 or len(part) == 1  # EOS does not count; one character can have several bytes
    if len(translator.tokenizer.encode_source([text])[0]) <= 13:
        assert parts == [normalise(text)]


def test_cut_keeps_words_whole_if_there_are_spaces(translator: Translator) -> None:
    words = ["Hund", "Katze", "Buch"] * 30
    assert " ".join(cut(" ".join(words), translator.tokenizer, 40)).split() == words


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

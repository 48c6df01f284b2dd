"""Texts of any length are cut, translated and joined without loss."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq import alignment, passages
from seq2seq.alignment import Alignment, merge
from seq2seq.errors import UserError
from seq2seq.passages import cut, join, links, whole
from seq2seq.search import SearchOptions
from seq2seq.tokenizer import normalise
from seq2seq.translator import Translation, Translator

OPTIONS = SearchOptions(width=3, n_best=2, max_length=8)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(text=st.text(max_size=120) | st.lists(st.sampled_from(["Hund", "Buch", "日本語日本語"])).map(" ".join))
def test_cut_loses_nothing(translator: Translator, text: str) -> None:
    parts = cut(text, translator.tokenizer, 12)
    assert "".join("".join(parts).split()) == "".join(normalise(text).split())
    for part, ids in zip(parts, translator.tokenizer.encode_source(parts), strict=True):
        assert len(ids) <= 13 or len(part) == 1  # EOS is not counted; one character can be several bytes
    if len(translator.tokenizer.encode_source([text])[0]) <= 13:
        assert parts == [normalise(text)]


def test_cut_keeps_words_whole_where_there_are_spaces(translator: Translator) -> None:
    words = ["Hund", "Katze", "Buch"] * 30
    assert " ".join(cut(" ".join(words), translator.tokenizer, 40)).split() == words


def test_short_texts_are_translated_as_the_translator_does(translator: Translator) -> None:
    texts = ["der Hund", "", "die Katze schläft im Haus"]
    found = passages.translate(translator, texts, OPTIONS)
    expected = translator.translate(texts, OPTIONS)
    assert [[passage.text for passage in each] for each in found] == [[one.text for one in each] for each in expected]
    assert [[passage.parts for passage in each] for each in found] == [[(one,) for one in each] for each in expected]


def test_long_texts_are_their_parts_joined_and_neighbours_stay_apart(translator: Translator) -> None:
    long = " ".join(["der Hund sieht die Katze"] * 6)
    before, middle, after = passages.translate(translator, ["Hund", long, "Katze"], OPTIONS, longest=20)
    parts = cut(long, translator.tokenizer, 20)
    assert len(parts) > 2
    expected = translator.translate(["Hund", *parts, "Katze"], OPTIONS)
    assert before[0].text == expected[0][0].text
    assert after[0].text == expected[-1][0].text
    for rank, passage in enumerate(middle):
        chosen = [part[rank] for part in expected[1:-1]]
        assert passage.text.split() == " ".join(one.text for one in chosen).split()
        assert passage.log_probability == pytest.approx(sum(one.log_probability for one in chosen))


def test_only_the_first_part_begins_with_the_prefix(translator: Translator) -> None:
    long = " ".join(["der Hund sieht die Katze"] * 6)
    [[best, _]] = passages.translate(translator, [long], OPTIONS, prefix="read", longest=20)
    assert [part.text.startswith("read") for part in best.parts] == [True] + [False] * (len(best.parts) - 1)


def test_join_repeats_the_last_where_a_part_has_fewer() -> None:
    a, b, c = (Translation(text, -1.0, -2.0, (), ()) for text in "abc")
    assert [passage.text for passage in join([[a, b], [c]])] == ["a c", "b c"]
    assert join([[a], [c]])[0].score == -1.0
    assert join([[a], [c]])[0].log_probability == -4.0


def test_links_count_through_the_text_as_the_whole_matrix_does() -> None:
    random = torch.Generator().manual_seed(1)
    parts = [
        Alignment(torch.rand(rows, columns, generator=random), ("s",) * columns, ("t",) * rows)
        for rows, columns in ((2, 3), (0, 2), (4, 1))
    ]
    joined = whole(parts)
    assert joined.matrix.shape == (len(joined.target_words), len(joined.source_words)) == (6, 6)
    assert links(parts) == alignment.links(joined.matrix)


def test_alignments_are_the_translators(translator: Translator) -> None:
    [[best, _]] = passages.translate(translator, ["der Hund sieht"], OPTIONS)
    [found] = passages.align(translator, best)
    [part] = best.parts
    expected = merge(translator.align(part), part.source_pieces, part.target_pieces)
    assert torch.equal(found.matrix, expected.matrix)
    assert found.source_words == ("der", "Hund", "sieht")


def test_refusals(translator: Translator, blind_translator: Translator) -> None:
    [[best, _]] = passages.translate(blind_translator, ["der Hund"], OPTIONS)
    with pytest.raises(UserError, match="does not attend"):
        passages.align(blind_translator, best)
    words = ("w",) * 501
    with pytest.raises(UserError, match="501 words"):
        whole([Alignment(torch.eye(501), words, words)])

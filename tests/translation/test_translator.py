"""Text of any length to translations with their alignments."""

from dataclasses import replace

import pytest
import torch

from seq2seq.errors import UserError
from seq2seq.search.options import SearchOptions
from seq2seq.translation.long_text import Translation, cut
from seq2seq.translation.translator import Translator
from seq2seq.translation.word_alignment import merge_subwords, strongest_links

OPTIONS = SearchOptions(beam_size=3, n_best=2, max_length=8)
TEXTS = ["der Hund", "", "die Katze schläft im Haus"]
LONG = " ".join(["der Hund sieht die Katze"] * 6)


def test_a_text_has_one_translation_and_a_list_has_a_list(translator: Translator) -> None:
    translations = translator.translate(TEXTS)
    assert [translation.text for translation in translations] == [
        best.text for [best] in translator.n_best(TEXTS, translator.options)
    ]
    for text, translation in zip(TEXTS, translations, strict=True):
        single = translator.translate(text)
        assert isinstance(single, Translation)
        assert single.text == translation.text
        assert single.score == pytest.approx(translation.score, abs=1e-4)
    assert translator.translate([]) == []
    assert translator.translate(tuple(TEXTS)) == translations


def test_the_options_are_the_translators_unless_given(translator: Translator) -> None:
    text = TEXTS[2]
    greedy = replace(translator.options, beam_size=1)
    assert translator.translate(text) == translator.translate(text, translator.options)
    assert translator.translate(text, beam_size=1) == translator.translate(text, greedy)
    assert translator.translate(text, OPTIONS) == translator.n_best([text], OPTIONS)[0][0]
    assert translator.translate(text, prefix="the").text.startswith("the")
    with pytest.raises(UserError, match="beam_size"):
        translator.translate(text, beam_size=0)


def test_the_seed_decides_samples(translator: Translator) -> None:
    options = SearchOptions(beam_size=4, n_best=4, max_length=12, sampling=True)
    first, again, other = (translator.translate(TEXTS[2], options, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    with pytest.raises(UserError, match="seed"):
        translator.translate(TEXTS[2], seed=-1)


def test_a_translation_has_its_tokens_and_its_alignment(translator: Translator) -> None:
    translation = translator.translate("der Hund sieht", prefix="the dog")
    assert translator.tokenizer.decode_target([translation.parts[0].target_ids])[0] == translation.text
    assert translation.tokens == translation.parts[0].target_tokens[:-1]
    assert translation.alignment is not None
    assert translation.alignment.source_words == ("der", "Hund", "sieht")
    assert translation.alignment.target_words == tuple(translation.text.split())
    assert torch.equal(translation.alignment.matrix, translator.align(translation).matrix)


def test_without_attention_or_words_there_is_no_alignment(translator: Translator, blind_translator: Translator) -> None:
    assert blind_translator.translate("der Hund").alignment is None
    assert translator.translate(" ").alignment is None
    assert translator.translate("der Hund " * 300).alignment is None  # more words than can be shown
    [[best]] = translator.n_best(["der Hund"])
    assert best.alignment is None


def test_short_texts_are_translated_as_sentences(translator: Translator) -> None:
    results = translator.n_best(TEXTS, OPTIONS)
    expected = translator.sentences.translate(TEXTS, OPTIONS)
    assert [[translation.text for translation in n_best] for n_best in results] == [
        [sentence.text for sentence in n_best] for n_best in expected
    ]
    assert [[translation.parts for translation in n_best] for n_best in results] == [
        [(sentence,) for sentence in n_best] for n_best in expected
    ]


def test_long_texts_are_joined_from_their_parts_and_neighbours_stay_apart(translator: Translator) -> None:
    before, middle, after = translator.n_best(["Hund", LONG, "Katze"], OPTIONS, part_tokens=20)
    parts, _ = cut(LONG, translator.tokenizer, True, 20)
    assert len(parts) > 2
    expected = translator.sentences.translate(["Hund", *parts, "Katze"], OPTIONS)
    assert before[0].text == expected[0][0].text
    assert after[0].text == expected[-1][0].text
    for rank, translation in enumerate(middle):
        sentences = [n_best[rank] for n_best in expected[1:-1]]
        assert translation.text.split() == " ".join(sentence.text for sentence in sentences).split()
        assert translation.log_probability == pytest.approx(sum(sentence.log_probability for sentence in sentences))


def test_each_sentence_is_translated_alone_unless_the_model_has_seen_several(translator: Translator) -> None:
    text = "der Hund schläft. Die Katze liest. Wir lesen."
    [[joined, second], [other, _]] = translator.n_best([text, "ein Buch"], OPTIONS)
    expected = translator.sentences.translate(
        ["der Hund schläft.", "Die Katze liest.", "Wir lesen.", "ein Buch"], OPTIONS
    )
    assert joined.text.split() == " ".join(best.text for best, _ in expected[:3]).split()
    assert second.text.split() == " ".join(n_best[1].text for n_best in expected[:3]).split()
    assert other.text == expected[3][0].text
    assert (len(joined.parts), joined.sentences) == (3, 3)
    assert translator.align(joined).source_words == tuple(text.split())
    whole = Translator(translator.model, translator.tokenizer, translator.options, cut_at_sentence_ends=False)
    [[best, _]] = whole.n_best([text], OPTIONS)
    assert best.parts == (translator.sentences.translate([text], OPTIONS)[0][0],)


def test_only_the_first_part_begins_with_the_prefix(translator: Translator) -> None:
    [[best, _]] = translator.n_best([LONG], OPTIONS, prefix="read", part_tokens=20)
    assert [part.text.startswith("read") for part in best.parts] == [True] + [False] * (len(best.parts) - 1)


def test_alignments_follow_from_the_attention_over_tokens(translator: Translator) -> None:
    [[best, _]] = translator.n_best(["der Hund sieht"], OPTIONS)
    alignment = translator.align(best)
    [part] = best.parts
    expected = merge_subwords(translator.sentences.attention(part), part.source_tokens, part.target_tokens)
    assert torch.equal(alignment.matrix, expected.matrix)
    assert alignment.source_words == ("der", "Hund", "sieht")
    assert translator.links(best) == strongest_links(alignment.matrix)


def test_a_given_pair_is_aligned(translator: Translator, blind_translator: Translator) -> None:
    for which in (translator, blind_translator):
        alignment = which.align_pair("der Hund sieht", "the dog")
        assert alignment.source_words == ("der", "Hund", "sieht")
        assert alignment.target_words == ("the", "dog")
        assert bool(alignment.matrix.any()) == which.attends


def test_alignments_need_attention(translator: Translator, blind_translator: Translator) -> None:
    translator.require_attention()
    [[best, _]] = blind_translator.n_best(["der Hund"], OPTIONS)
    for action in (blind_translator.align, blind_translator.links):
        with pytest.raises(UserError, match="does not attend"):
            action(best)

"""Attention over tokens becomes attention over the words of the text, whatever the tokens spell."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seq2seq.text.normalisation import normalise
from seq2seq.text.pharaoh import format_pharaoh
from seq2seq.text.special_tokens import EOS
from seq2seq.text.words import in_unspaced_script
from seq2seq.translation.translator import Translator
from seq2seq.translation.word_alignment import group_words, merge_subwords, strongest_links

quick = settings(max_examples=60, deadline=None, derandomize=True)


def random_weights(targets: int, sources: int) -> Tensor:
    return torch.rand(targets, sources, generator=torch.Generator().manual_seed(targets * 1000 + sources)).softmax(
        dim=1
    )


@quick
@given(
    text=st.text(st.characters(), max_size=60)
    | st.sampled_from(["ein Hund", "日本 語", "👩‍👩‍👧 e\u0301", "a\x00 b\x85c"])
)
def test_source_words_are_the_words_of_the_text(translator: Translator, text: str) -> None:
    [ids] = translator.tokenizer.encode_source([text])
    tokens = translator.tokenizer.source_tokens(ids)
    words = group_words(tokens)
    assert [word.text for word in group_words(tokens, spaces_only=True)] == normalise(text).split()
    assert "".join(word.text for word in words) == "".join(normalise(text).split())
    if not any(map(in_unspaced_script, text)):
        assert [word.text for word in words] == normalise(text).split()
    assert [index for word in words for index in word.tokens] == list(range(len(ids) - 1))


@quick
@given(data=st.data())
def test_target_words_are_the_words_of_the_translation(translator: Translator, data: st.DataObject) -> None:
    """This holds for broken UTF-8, repeated spaces, and line ends spelled in bytes, too."""
    tokenizer = translator.tokenizer
    id_of = {token: index for index, token in enumerate(tokenizer.target_tokens(range(tokenizer.target_size)))}
    difficult = [
        id_of[token]
        for token in ("▁", "<0x0A>", "<0xE2>", "<0x80>", "<0xA8>", "<0xC2>", "<0x85>", "<0xFF>", "<0x96>", "<0x81>")
    ]
    tokens = st.sampled_from(difficult) | st.integers(EOS + 1, tokenizer.target_size - 1)
    ids = [*data.draw(st.lists(tokens, max_size=25)), EOS]
    words = group_words(tokenizer.target_tokens(ids), spaces_only=True)
    [text] = tokenizer.decode_target([ids])
    assert [word.text.replace("\ufffd", "") for word in words] == [word.replace("\ufffd", "") for word in text.split()]
    assert all(word.tokens for word in words)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (["▁我们", "去", "公园", "。", "</s>"], ["我们", "去", "公园", "。"]),
        (["▁我", "看", "No", "kia", "20", "23", "年", "</s>"], ["我", "看", "Nokia2023", "年"]),
        (["▁<", "0x", "日", "</s>"], ["<0x", "日"]),
        (["▁ที", "่", "นี่", "▁ครับ", "</s>"], ["ที่", "นี่", "ครับ"]),  # a mark belongs to the character before it
        (["▁", "<0xE6>", "<0x97>", "<0xA5>", "本", "</s>"], ["日", "本"]),  # a character in three tokens
        (["▁sta", "te", "-of", "▁한국", "어", "</s>"], ["state-of", "한국어"]),
    ],
)
def test_in_scripts_without_spaces_words_end_where_tokens_end(tokens: list[str], words: list[str]) -> None:
    assert [word.text for word in group_words(tokens)] == words


def test_gold_alignments_count_words_between_spaces_in_all_scripts() -> None:
    tokens = ["▁今", "天", "▁很", "好", "</s>"]
    assert [word.text for word in group_words(tokens, spaces_only=True)] == ["今天", "很好"]


def test_merging_sums_over_source_tokens_and_averages_over_target_tokens() -> None:
    weights = torch.tensor([[0.1, 0.2, 0.6, 0.1], [0.3, 0.3, 0.2, 0.2], [0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.0, 1.0]])
    sources, targets = ["▁Hü", "nd", "▁!", "</s>"], ["▁do", "g", "▁!", "</s>"]
    matrix, source_words, target_words = merge_subwords(weights, sources, targets)
    assert (source_words, target_words) == (("Hünd", "!"), ("dog", "!"))
    torch.testing.assert_close(matrix, torch.tensor([[0.45, 0.4], [0.0, 0.5]]))


@quick
@given(source=st.text(max_size=30), target=st.text(max_size=30))
def test_a_distribution_over_tokens_becomes_one_over_words(translator: Translator, source: str, target: str) -> None:
    tokenizer = translator.tokenizer
    [sources], [targets] = tokenizer.encode_source([source]), tokenizer.encode_target([target])
    weights = random_weights(len(targets), len(sources))
    weights[:, -1] = 0.0  # the weight of </s>, which is not a word
    weights /= weights.sum(dim=1, keepdim=True).clamp(min=1e-9)
    matrix, source_words, target_words = merge_subwords(
        weights, tokenizer.source_tokens(sources), tokenizer.target_tokens(targets)
    )
    assert matrix.shape == (len(target_words), len(source_words))
    torch.testing.assert_close(matrix.sum(dim=1), torch.ones(len(target_words)) * (len(source_words) > 0))


def test_empty_sentences_give_empty_alignments() -> None:
    assert merge_subwords(torch.zeros(0, 0), (), ()).matrix.shape == (0, 0)
    assert merge_subwords(torch.ones(1, 2), ("▁a", "</s>"), ("</s>",)).matrix.shape == (0, 1)


def test_links_go_to_the_most_attended_source_word() -> None:
    matrix = torch.tensor([[0.1, 0.9, 0.0], [0.4, 0.2, 0.4], [0.0, 0.0, 0.0], [0.0, 0.1, 0.2]])
    assert strongest_links(matrix) == [(1, 0), (0, 1), (2, 3)]  # the first of equal weights; no link without attention
    assert format_pharaoh(strongest_links(matrix)) == "1-0 0-1 2-3"
    assert (
        format_pharaoh(strongest_links(torch.zeros(0, 3))) == format_pharaoh(strongest_links(torch.zeros(3, 0))) == ""
    )

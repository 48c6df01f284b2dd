"""Lengths: words between spaces, and characters in scripts without spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.text.corpus import CorpusOptions, rejection_reason
from seq2seq.text.words import count_words, has_no_spaces, in_unspaced_script, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Der Hund - ja, der - schläft.", 7),
        ("한국어 문장 입니다", 3),
        ("«, »", 2),
        ("今天天气很好，我们去公园散步吧。", 14),
        ("我有Nokia 3310手机", 6),  # 我 有 Nokia 3310 手 机
        ("2023年3月", 4),
        ("ひらがなとカタカナー", 10),
        ("ｶﾀｶﾅ", 4),
        ("ที่นี่ ครับ", 5),  # vowels and tones above a letter belong to it
        ("ສະບາຍດີ", 6),
        ("𠮷野家", 3),
        ("今天 ， 很 好", 5),  # punctuation that stands alone counts, as in other scripts
        ("。", 1),
    ],
)
def test_words_are_counted_between_spaces_and_by_characters(text: str, words: int) -> None:
    assert count_words(text) == words


@given(st.text(st.characters(max_codepoint=0x0DFF)))
def test_scripts_with_spaces_are_split_at_white_space(text: str) -> None:
    assert count_words(text) == len(text.split())
    assert not has_no_spaces(text)


@given(st.text())
def test_no_run_between_spaces_is_empty(text: str) -> None:
    assert len(text.split()) <= count_words(text) <= len(text)


def test_punctuation_of_a_script_belongs_to_it_but_is_no_letter() -> None:
    assert in_unspaced_script("。")
    assert in_unspaced_script("学")
    assert not in_unspaced_script(".")
    assert not has_no_spaces("。")


def test_cleaning_counts_characters_without_spaces() -> None:
    options = CorpusOptions("x", max_words=20)
    english, chinese = "Tomorrow he will take the train to Beijing.", "他明天要坐火车去北京。"
    assert rejection_reason(english, chinese, options) is None
    assert rejection_reason(chinese, english, options) is None
    assert rejection_reason(english, chinese * 3, options) == "too long"
    assert rejection_reason("Yes.", chinese, options) == "sides too unequal"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("Don't go.", ["Don", "'", "t", " ", "go", "."]),
        ("我有book3。", ["我", "有", "book3", "。"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("हिन्दी है", ["हिन्दी", " ", "है"]),
        ("كَتَبَ", ["كَتَبَ"]),
        ("\u0301a", ["\u0301", "a"]),
    ],
)
def test_a_text_is_split_into_words_spaces_and_punctuation(text: str, pieces: list[str]) -> None:
    assert split_words(text) == pieces


@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(split_words(text)) == text

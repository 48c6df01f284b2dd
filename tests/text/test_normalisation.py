"""Text that looks the same is the same; what readers can see stays."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.text.normalisation import compose, normalise, on_one_line

# Text with everything that is removed, read, composed or reordered.
difficult = st.lists(
    st.text(max_size=3)
    | st.sampled_from("aeoAT <&;#\u0301\u0308\u0323\u0316\u0327ä가\u212b\u037e\u0f73\u0958▁\u00a0\u2028\ud800")
    | st.sampled_from(
        "\u00ad\u034f\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff\ufe0f👩👧❤🔥کن\u0915\u094d"
    )
    | st.sampled_from(
        ["&amp;", "amp;", "&lt;", "&#38;", "#38;", "&#x26;", "&copy", "&semi;", "&num;", "&#8203;", "&shy;"]
    ),
    max_size=12,
).map("".join)
thorough = settings(max_examples=400, deadline=None, derandomize=True)


@thorough
@given(difficult)
def test_a_normalised_text_stays_as_it_is(text: str) -> None:
    normalised = normalise(text)
    assert normalise(normalised) == normalised
    assert on_one_line(normalised) == normalised
    assert unicodedata.is_normalized("NFC", normalised)


@thorough
@given(difficult)
def test_canonically_equivalent_texts_become_equal(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert normalise(unicodedata.normalize(form, text)) == normalise(text)


@thorough
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cf", "M"], exclude_characters="&▁")))
def test_other_text_changes_in_its_white_space_alone(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert normalise(composed) == " ".join(composed.split())


@pytest.mark.parametrize(
    "written",
    [
        "scho\u0308ne Tür",
        "schö\u00adne Tür",
        "\u200bschöne\u200b Tür",
        "\u200eschöne Tür\u200f\u061c",
        "\u202aschöne\u202c \u202eTür",
        "\u2066schöne\u2069 Tür",
        "\ufeffschöne\u2060 Tür\ufeff",
        "schöne\u00a0 Tür\r\n",
        "sch\u200cöne T\u200d\u200c\u200dür",
        "scho\u034f\u0308ne Tür",
        "sch&ouml;ne T&#252;r",
        "sch&amp;ouml;ne\u2028T&#xFC;&shy;r",
    ],
)
def test_equal_looking_texts_become_equal(written: str) -> None:
    assert normalise(written) == "schöne Tür"


@pytest.mark.parametrize(
    "text",
    [
        "AT&T",
        "&copy 2020",
        "&notit;",
        "a & b;",
        "?a=1&lt=2",
        "&#" + "9" * 5000 + ";",
        "½ \ufb01 Ⅷ ﷺ",
        "„so“ «si»",
        "می\u200cخواهم",
        "ه\u200d",
        "क्\u200dष क्\u200cष",
        "ශ්\u200dරී",
        "👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 👍🏽",
        "a\x00b\x07",
    ],
)
def test_what_can_be_seen_stays(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tom &amp; Anna &quot;hier&quot;", 'Tom & Anna "hier"'),
        ("&amp;amp;lt;", "<"),
        ("&am\u00adp;", "&"),
        ("&nbsp;", ""),
        ("می\u200c\u200cخواهم\u200c", "می\u200cخواهم"),
        ("a\ud800b", "a?b"),
        ("a▁b&#9601;c", "a b c"),
        (" \t\u00a0\n", ""),
    ],
)
def test_what_is_read_and_removed(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["a" + "\u0301\u0316" * 10**5, "\u0f73" * 10**5, "&" + "amp;" * 10**5, "&" + "#38;" * 10**5]
)
def test_hostile_text_takes_no_minutes(text: str) -> None:
    assert len(normalise(text)) <= len(text) * 2


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("a\u0301\u0316\u0f73\u1eadä가\u0958"), min_size=20, max_size=40))
def test_long_texts_are_composed_as_short_ones(text: str) -> None:
    assert compose(text * 60) == unicodedata.normalize("NFC", text * 60)

"""Text is cleaned, bad pairs are rejected with a reason, and parallel files are read line by line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.errors import UserError
from seq2seq.text.corpus import CorpusOptions, clean_text, normalise_rows, read_parallel, rejection_reason

OPTIONS = CorpusOptions("anywhere", max_words=12, max_ratio=2.0)


def words(count: int) -> str:
    return " ".join(["Wort"] * count)


def parallel(folder: Path, source: bytes, target: bytes) -> list[dict[str, str]]:
    paths = str(folder / "train.de"), str(folder / "train.en")
    for path, text in zip(paths, (source, target), strict=True):
        Path(path).write_bytes(text)
    return list(read_parallel(paths, ("de", "en"), None))


@quick
@given(st.integers(0, 15), st.integers(0, 15))
def test_reasons_do_not_depend_on_the_direction(first: int, second: int) -> None:
    reason = rejection_reason(words(first), words(second), OPTIONS)
    assert reason == rejection_reason(words(second), words(first), OPTIONS)
    if not first or not second:
        assert reason == "empty side"
    elif max(first, second) > 12:
        assert reason == "too long"
    else:
        unequal = max(first, second) > 5 and max(first / second, second / first) > 2
        assert reason == ("sides too unequal" if unequal else None)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (0, 30, "empty side"),
        (1, 13, "too long"),
        (12, 12, None),
        (1, 5, None),
        (1, 6, "sides too unequal"),
        (5, 10, None),
        (5, 11, "sides too unequal"),
    ],
)
def test_pairs_are_rejected_beyond_the_limits_of_the_options(first: int, second: int, expected: str | None) -> None:
    assert rejection_reason(words(first), words(second), OPTIONS) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ""),
        ("", ""),
        (" \t\u00a0\n", ""),
        ("ein\u00a0 Hund\t schläft\r\n", "ein Hund schläft"),
        ("Tom &amp; Anna &quot;hier&quot;", 'Tom & Anna "hier"'),
        ("ein&nbsp;Hund", "ein Hund"),
        ("ﬁ ½ „so“", "ﬁ ½ „so“"),
    ],
)
def test_text_is_cleaned(text: str | None, expected: str) -> None:
    assert clean_text(text) == expected


@quick
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), max_size=5))
def test_clean_text_is_one_line_of_words_with_single_spaces(parts: list[str]) -> None:
    cleaned = clean_text("  ".join(parts))
    assert cleaned == " ".join(cleaned.split())


@pytest.mark.parametrize("text", [3, 1.5, ["ein", "Hund"], {"de": "Hund"}])
def test_a_value_that_is_not_text_is_named(text: object) -> None:
    with pytest.raises(UserError, match=type(text).__name__):
        clean_text(text)


def test_flat_and_nested_columns_give_the_same_rows() -> None:
    flat = {"de": ["ein  Hund", None], "en": ["a dog", "b"], "id": ["1", "2"]}
    nested = {"translation": [{"de": "ein  Hund", "en": "a dog"}, {"de": None, "en": "b"}], "id": ["1", "2"]}
    expected = {"source": ["ein Hund", ""], "target": ["a dog", "b"]}
    assert normalise_rows(dict(flat), "de", "en") == expected
    assert normalise_rows(dict(nested), "de", "en") == expected
    assert normalise_rows(dict(flat), "en", "de") == {"source": expected["target"], "target": expected["source"]}


def test_a_flat_column_may_be_called_translation() -> None:
    batch = {"text": ["ein Hund"], "translation": ["a dog"]}
    assert normalise_rows(batch, "text", "translation") == {"source": ["ein Hund"], "target": ["a dog"]}


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_line_ends_do_not_matter(tmp_path: Path, end: bytes, final: bool) -> None:
    last = end if final else b""
    pairs = parallel(tmp_path, end.join([b"ein Hund", b"", b"c"]) + last, b"a dog\n\nc\n")
    assert pairs == [{"de": "ein Hund", "en": "a dog"}, {"de": "", "en": ""}, {"de": "c", "en": "c"}]


@pytest.mark.parametrize("shorter", ["train.de", "train.en"])
def test_sides_of_unequal_length_name_both_files(tmp_path: Path, shorter: str) -> None:
    longer = "train.en" if shorter == "train.de" else "train.de"
    texts = {shorter: b"a\nb\n", longer: b"a\nb\nc\n"}
    with pytest.raises(UserError, match=rf"{shorter} ends after line 2, but \S*{longer} goes on"):
        parallel(tmp_path, texts["train.de"], texts["train.en"])


def test_a_line_that_is_not_utf_8_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train\.en, line 2: not UTF-8"):
        parallel(tmp_path, b"a\nb\n", b"a\nM\xe4dchen\n")

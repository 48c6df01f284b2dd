"""Text is cleaned, bad pairs are rejected with a reason, and a corpus's path is a folder's or a dataset's."""

from pathlib import Path
from typing import Any

import pytest
from absurd import NUMBERS
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.errors import UserError
from seq2seq.text.corpus import CorpusOptions, cell_text, is_local, language_columns, rejection_reason

OPTIONS = CorpusOptions("anywhere", max_words=12, max_ratio=2.0)


def words(count: int) -> str:
    return " ".join(["Wort"] * count)


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


@pytest.mark.parametrize("blank", ["", " \u00a0", "&nbsp;", "\ufeff", "\u200b \u00ad"])
def test_a_side_that_is_blank_for_the_model_is_empty(blank: str) -> None:
    assert rejection_reason(blank, "a dog", OPTIONS) == "empty side"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        ("", ""),
        (" \t\u00a0\n", " \t\u00a0"),
        ("ein\u00a0 Hund\t schläft\r\n", "ein\u00a0 Hund\t schläft"),
        ("ein Hund\nschläft", "ein Hund schläft"),
        ("ein Hund\r\nschläft", "ein Hund schläft"),
        ("Tom &amp; Anna &quot;hier&quot;", "Tom &amp; Anna &quot;hier&quot;"),
        ("Ma\u0308dchen\u00ad", "Ma\u0308dchen\u00ad"),
        ("\ufb01 ½ „so“", "\ufb01 ½ „so“"),
    ],
)
def test_the_text_of_a_cell_stays_as_it_is_apart_from_line_ends(value: str | None, expected: str) -> None:
    assert cell_text(value) == expected


@quick
@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")))
def test_a_text_without_line_ends_is_unchanged(text: str) -> None:
    assert cell_text(text) == text


@pytest.mark.parametrize("text", [3, 1.5, ["ein", "Hund"], {"de": "Hund"}])
def test_a_value_that_is_not_text_is_named(text: object) -> None:
    with pytest.raises(UserError, match=type(text).__name__):
        cell_text(text)


def test_flat_and_nested_columns_give_the_same_rows() -> None:
    flat = {"de": ["ein  Hund", None], "en": ["a dog", "b"], "id": ["1", "2"]}
    nested = {"translation": [{"de": "ein  Hund", "en": "a dog"}, {"de": None, "en": "b"}], "id": ["1", "2"]}
    assert language_columns({"translation": [None]}, "de", "en") == {"source": [""], "target": [""]}
    expected = {"source": ["ein  Hund", ""], "target": ["a dog", "b"]}
    assert language_columns(dict(flat), "de", "en") == expected
    assert language_columns(dict(nested), "de", "en") == expected
    assert language_columns(dict(flat), "en", "de") == {"source": expected["target"], "target": expected["source"]}


def test_a_flat_column_may_be_called_translation() -> None:
    batch = {"text": ["ein Hund"], "translation": ["a dog"]}
    assert language_columns(batch, "text", "translation") == {"source": ["ein Hund"], "target": ["a dog"]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": " "}, "path: must name a folder"),
        ({"columns": ["de", "fr"]}, "columns: must name de and en"),
        ({"columns": ["de", "en", "de"]}, "columns: must name each column once"),
    ],
)
def test_invalid_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        CorpusOptions(**{"path": "corpus", **options})


def test_ignored_columns_may_have_one_name() -> None:
    assert CorpusOptions("corpus", columns=["_", "en", "_", "de"]).columns == ["_", "en", "_", "de"]


def test_a_folder_is_local_and_other_names_are_the_hubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "mine").mkdir(parents=True)
    (tmp_path / "file").touch()
    for path in (str(tmp_path), "data", "data/mine", "./data", "data/mine/../mine/"):
        assert is_local(path)
    for path in ("bentrevett/multi30k", "opus100", "user/data.v2"):
        assert not is_local(path)
    for path in (
        "./mine",
        "../mine",
        ".",
        "~/mine",
        "/mine",
        "a/b/c",
        "a b",
        "a\\b",
        "mein Körper",
        "data/other",
        "~x/y",
    ):
        if path != ".":
            with pytest.raises(UserError, match="no such folder"):
                is_local(path)
    with pytest.raises(UserError, match="data/other: no such folder; data is a folder here, so the Hub is not asked"):
        is_local("data/other")
    with pytest.raises(UserError, match="file: not a folder"):
        is_local("file")


def test_the_absolute_path_of_a_folder_is_right_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "corpus").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    options = CorpusOptions("corpus", "a", "b", train="t")
    assert options.absolute() == CorpusOptions(str(tmp_path / "here" / "corpus"), "a", "b", train="t")
    assert options.absolute().shown_path() == "corpus"
    assert options.shown_path() == "corpus"
    monkeypatch.chdir(tmp_path)
    assert CorpusOptions(str(tmp_path.parent)).shown_path() == str(tmp_path.parent)
    assert CorpusOptions("here/../here/corpus").absolute().path == str(tmp_path / "here" / "corpus")
    for path in ("bentrevett/multi30k", "~/corpus", "nowhere"):
        assert CorpusOptions(path).absolute().path == path


OUTSIDE = [
    "../../outside/test",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "..",
    ".hidden",
    "C:test",
    "a\nb",
    "a\x1b[31m",
    "x" * 500,
    3,
]


@pytest.mark.parametrize("key", ["train", "validation", "test", "test_long"])
@pytest.mark.parametrize("name", OUTSIDE)
def test_a_splits_name_stays_in_the_folder(key: str, name: Any) -> None:
    with pytest.raises(UserError, match=rf"^corpus\.{key} .*choose another name$"):
        CorpusOptions("anywhere", **{key: name})


def test_splits_of_the_hub_may_be_slices() -> None:
    options = CorpusOptions("anywhere", train="train[:10%]+validation", test="", test_long="")
    assert options.train == "train[:10%]+validation"
    for key in ("train", "validation"):
        with pytest.raises(UserError, match=f"corpus.{key}"):
            CorpusOptions("anywhere", **{key: ""})


@pytest.mark.parametrize("path", ["", "a\0b", "a\x1b[31mb", "a\nb"])
def test_a_path_can_be_printed(path: str) -> None:
    with pytest.raises(UserError, match="path: must "):
        CorpusOptions(path)


@pytest.mark.parametrize("key", ["max_words", "max_ratio"])
@pytest.mark.parametrize("value", [*NUMBERS, 0])
def test_a_number_that_nobody_means_is_named(key: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"^{key}: must be "):
        CorpusOptions("anywhere", **{key: value})

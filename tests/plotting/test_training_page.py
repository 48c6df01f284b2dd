"""The page of a training holds all text, takes none of it for markup, and marks the words that are right and new."""

import html
import re
from pathlib import Path

import pytest
from browser import CHROMIUM, open_page
from hypothesis import given
from hypothesis import strategies as st

from seq2seq.plotting.line_chart import Chart
from seq2seq.plotting.training_page import (
    MOST_ROWS,
    ChartSection,
    Sentence,
    TrainingPage,
    changes,
    mark_words,
    thin_out,
    training_page,
)
from seq2seq.text.words import split_words

ODD = "a < b & \"d\" <script>console.error('!')</script>"


def make_page(*translations: str, source: str = "ein Hund", reference: str = "a dog", language: str = "en") -> str:
    sentence = Sentence(source, reference, range(1, len(translations) + 1), translations)
    curves = [ChartSection("Learning curves", "text", [Chart("Loss", {"training": [(1, 2.0), (2, 1.0)]}, "epoch")])]
    return training_page(TrainingPage("de", language, "A summary.", "epoch", curves, [sentence]))


def marked(translation: str, reference: str, before: str | None = None) -> str:
    words = None if before is None else split_words(before)
    return mark_words(split_words(translation), split_words(reference), words)


def rows(page: str) -> list[tuple[str, str]]:
    """Return each row's name and text."""
    found = re.findall(r'<th scope="row">(.*?)</th><td[^>]*>(.*?)</td>', page)
    return [(name, html.unescape(re.sub("<[^>]+>", "", cell))) for name, cell in found]


def test_words_of_the_reference_are_in_normal_ink() -> None:
    assert marked("the dog runs.", "the dog sleeps.") == 'the dog <span class="other">runs</span>.'


def test_a_word_counts_as_often_as_the_reference_has_it() -> None:
    assert marked("the the the dog", "the dog") == (
        'the <span class="other">the</span> <span class="other">the</span> dog'
    )


def test_new_words_are_marked() -> None:
    assert marked("the dog runs", "the dog sleeps", before="the cat runs") == (
        'the <span class="new">dog</span> <span class="other">runs</span>'
    )
    assert marked("a b", "b", before="b") == '<span class="other new">a</span> b'
    assert "new" not in marked("a b", "b", before=None)


def test_characters_are_words_in_scripts_without_spaces() -> None:
    assert marked("学生看书。", "学生看报。") == '学生看<span class="other">书</span>。'


@given(st.text(), st.text(), st.none() | st.text())
def test_marks_change_no_text(translation: str, reference: str, before: str | None) -> None:
    text = html.unescape(re.sub("<[^>]+>", "", marked(translation, reference, before)))
    shown = html.unescape(re.sub("<[^>]+>", "", marked(translation, "", None)))
    assert text == shown
    if translation.isprintable():
        assert text == translation


def test_equal_translations_share_a_row() -> None:
    assert rows(make_page("x", "a", "a", "a dog")) == [
        ("source", "ein Hund"),
        ("epoch 1", "x"),
        ("epochs 2–3", "a"),
        ("epoch 4", "a dog"),
        ("reference", "a dog"),
    ]
    assert ("epoch 1", "(no words)") in rows(make_page(""))


def test_many_rows_are_thinned_out() -> None:
    sentence = Sentence("", "", range(1000), [f"{number}" for number in range(1000)])
    kept = thin_out(changes(sentence))
    assert len({first for first, _, _ in kept}) == MOST_ROWS
    assert (kept[0][0], kept[-1][0]) == (0, 999)
    assert thin_out(kept) == kept


def test_text_is_never_markup() -> None:
    page = make_page(ODD, "\x1b\u202e", source=ODD, reference=ODD, language='e"><script>')
    assert "<script>" not in page
    assert not {"\x1b", "\u202e"} & set(page)
    assert dict(rows(page))["source"] == dict(rows(page))["epoch 1"] == dict(rows(page))["reference"] == ODD


def test_each_text_has_its_own_direction_and_language() -> None:
    page = make_page("الطالب", reference="الطالب يقرأ", language="ar")
    assert page.count('dir="auto" lang="ar"') == 2
    assert page.count('dir="auto" lang="de"') == 1
    assert 'lang="target"' not in make_page("a", language="target")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_page_opens_in_a_browser_without_an_error_or_a_request(tmp_path: Path) -> None:
    (tmp_path / "training.html").write_text(make_page(ODD, "a dog", source=ODD), encoding="utf-8")
    assert open_page(tmp_path / "training.html", tmp_path) == ([], [])

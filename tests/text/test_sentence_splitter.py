"""Sentences end where every reader agrees that they do; a doubt keeps them together; nothing is lost."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.text.normalisation import normalise
from seq2seq.text.sentence_splitter import sentence_starts, share_with_several, split_sentences

GRAMMAR = Path(__file__).parents[2] / "data" / "grammar"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from([*'.!?…。！？؟।:,"„“”»«()「」（）Aaä1日はए ', "Dr", "z. B.", "...", "XIV", ". "]), max_size=30
    ).map("".join)
)
def test_nothing_is_lost(text: str) -> None:
    text = normalise(text)
    sentences = split_sentences(text)
    assert "".join(sentences).replace(" ", "") == text.replace(" ", "")
    assert all(sentence == sentence.strip() for sentence in sentences)
    assert all(sentences) or sentences == [""]
    starts = sentence_starts(text)
    assert starts == sorted(set(starts))
    assert starts[0] == 0


@pytest.mark.parametrize(
    "sentences",
    [
        ["Der Hund schläft.", "Das Kind isst einen Apfel.", "Die Frau kauft Milch."],
        ["Wirklich?", "Ja!", "3 Hunde schlafen.", "Ende"],
        ["Er sagte: „Komm!“", "Dann ging er (gestern).", "„Gut.“", "»Ja.«", "Schluss."],
        ['He said "Hi."', "Then he left…", "Why?!", "Nobody knows."],
        ["Viens !", "Elle part.", "Où ?", "« Là. »", "Bien."],
        ["¿Dónde está?", "¡Aquí!", "Bien."],
        ["Es war 1990.", "Dann kam er um 10:30.", "Sie auch."],
        ["Am 3. Mai kam Dr. Müller.", "Er blieb."],
        ["Besuche www.example.com.", "Dort steht alles."],
        ["schläft .", "Das Kind isst ."],
        ["Он спит.", "Она читает."],
        ["هل أنت هنا؟", "نعم."],
        ["यह कुत्ता है।", "वह सोता है।"],
        ["안녕하세요.", "저는 학생입니다."],
        ["היא ישנה.", "הוא אוכל."],
    ],
)
def test_lines_are_split_at_sentence_ends(sentences: list[str]) -> None:
    assert split_sentences(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["你好！", "我是学生。", "他也是。"],
        ["他说：“走吧。”", "然后他走了。"],
        ["犬が寝る。", "子供が食べる。", "３人？", "はい！"],
        ["「はい。」と言った。", "それから寝た。"],
        ["（雨。雪。）でも行く。", "「行く。待つ。」と思う。"],
    ],
)
def test_scripts_without_spaces_are_split_at_their_full_stops(sentences: list[str]) -> None:
    assert split_sentences("".join(sentences)) == sentences
    assert split_sentences(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "Der Hund schläft",
        "Der Hund, z. B. Herr J. S. Bach, und z.B. Tom, d. h. Dr. Meyer und Prof. Dr.-Ing. Schulz, ca. Ende Mai.",
        "Am 3. Mai und am 5. 6. Juni, Ludwig XIV. König, im 20. Jahrhundert, Nr. 5, 3.5. Montag.",
        "See e.g. Smith et al. Then i.e. Tom, Mr. Smith vs. Mrs. Jones of the U.S. Senate, Ph.D. Jones, 5 p.m. Monday.",
        "Das kostet 3.50 Euro, siehe http://example.com/a.html?b=1.",
        "Er kam … Hund … und ... Katze.",
        "Das (!) Haus und das (?) Kind.",
        "„Halt!“ rief er. „ja?“ sagte sie.",
        "Он живёт на ул. Ленина, т. е. в г. Москва, и т. д.",
        "! Der",
        "Ende.",
        "a.B.C.D",
        "１.２",
        "॥१॥",
    ],
)
def test_a_doubt_keeps_sentences_together(sentence: str) -> None:
    assert split_sentences(sentence) == [sentence]


def test_the_grammar_corpus_has_one_sentence_a_line() -> None:
    for path in GRAMMAR.glob("*.jsonl"):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            for text in (row["de"], row["en"]):
                assert normalise(text) == text
                assert sentence_starts(text) == [0]


def test_the_share_of_lines_with_several_sentences() -> None:
    assert share_with_several(["Ein Hund. Eine Katze.", "Ein Hund.", "", "Ja. Nein. Doch."]) == 0.5
    assert share_with_several([]) == 0.0


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["a.", "Z. B. ", "（あ。", "あ。", "A. ", "Aa. ", ". ", ".((", "!»", "1.", "a.b", "V"]
)
def test_hostile_text_takes_no_minutes(piece: str) -> None:
    assert sentence_starts(normalise(piece * 50_000 + "x. A"))[0] == 0

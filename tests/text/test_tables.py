"""Tables are read strictly: every text comes out as it was written, and an incomplete row is an error with its line."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.errors import UserError
from seq2seq.text.tables import check_columns, read_pairs, read_table

Pairs = list[tuple[str, str]]
NO_NOTHING = ["NA", "null", "None", "nan", "N/A", "#N/A", "-", "1e5", "TRUE", "007", "1,50", '"', "'", "0x1F", "inf"]


def read(folder: Path, name: str, content: str | bytes, columns: list[str] | None = None) -> Pairs:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    check_columns(path, ("de", "en"), columns or ())
    return list(read_pairs(path, "de", "en", columns or ()))


def mistake(folder: Path, name: str, content: str | bytes, columns: list[str] | None = None) -> str:
    with pytest.raises(UserError) as caught:
        read(folder, name, content, columns)
    message = str(caught.value)
    assert message.startswith(f"{folder / name}")
    assert len(message.splitlines()) == 1
    return message.removeprefix(str(folder / name))


# tsv


def test_a_quotation_mark_in_tsv_is_text(tmp_path: Path) -> None:
    lines = ['"Ja\t"Yes', 'auch", sagt sie\ttoo", she says', '"\t""', "'a'\t\\t"]
    assert read(tmp_path, "train.tsv", "de\ten\n" + "\n".join(lines) + "\n") == [
        ('"Ja', '"Yes'),
        ('auch", sagt sie', 'too", she says'),
        ('"', '""'),
        ("'a'", "\\t"),
    ]


@pytest.mark.parametrize("word", NO_NOTHING)
@pytest.mark.parametrize(("name", "separator"), [("train.tsv", "\t"), ("train.csv", ",")])
def test_no_word_becomes_nothing_or_a_number(tmp_path: Path, word: str, name: str, separator: str) -> None:
    cell = '"' + word.replace('"', '""') + '"' if separator == "," else word
    content = f"de{separator}en\n{cell}{separator}{cell}\n{separator}x\n"
    assert read(tmp_path, name, content) == [(word, word), ("", "x")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("de\ten\na\tb\textra\nc\td\n", ", line 2: 3 fields, but the header has 2: de, en"),
        ("de\ten\na\tb\nc\n", ", line 3: 1 field, but the header has 2: de, en"),
        ("de\ten\na\tb\n\nc\td\n", ", line 3: empty; each row needs 2 fields"),
        ("de\ten\n \n", ", line 2: 1 field, but the header has 2"),
        ("de\ten\tde\n1\t2\t3\n", ", line 1: two columns are called 'de'"),
        ("de,en\na,b\n", ": no column 'de'; it has de,en"),
        ("Hund\tdog\nKatze\tcat\n", "name its columns: --corpus.columns '[de, en]'"),
    ],
)
def test_a_malformed_tsv_names_the_line(tmp_path: Path, content: str, message: str) -> None:
    assert message in mistake(tmp_path, "train.tsv", content)


def test_empty_lines_at_the_end_of_a_table_are_no_rows(tmp_path: Path) -> None:
    for name, separator in (("train.tsv", "\t"), ("train.csv", ",")):
        for end in ("", "\n", "\n\n\n", "\r\n\r\n"):
            assert read(tmp_path, name, f"de{separator}en\r\na{separator}b{end}") == [("a", "b")]


@quick
@given(st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\t"))] * 2), min_size=1))
def test_every_text_without_tabs_comes_out_of_tsv(tmp_path_factory: pytest.TempPathFactory, pairs: Pairs) -> None:
    content = "".join(f"{de}\t{en}\n" for de, en in [("de", "en"), *pairs])
    assert read(tmp_path_factory.mktemp("tsv"), "train.tsv", content) == pairs


# csv


@quick
@given(st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0"))] * 2), min_size=1))
def test_every_text_comes_out_of_csv(tmp_path_factory: pytest.TempPathFactory, pairs: Pairs) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("de", "en"), *pairs])
    assert read(tmp_path_factory.mktemp("csv"), "train.csv", file.getvalue()) == pairs


def test_a_quoted_field_holds_commas_quotes_and_line_breaks(tmp_path: Path) -> None:
    content = 'de,en\n"Tom, ""und""\r\nAnna","Tom,\nAnna"\nb "c",d\n'
    assert read(tmp_path, "train.csv", content) == [('Tom, "und"\r\nAnna', "Tom,\nAnna"), ('b "c"', "d")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('de,en\na,b\n"c\nd,e\nf,g\n', ", line 3: not CSV as RFC 4180 defines it: a quotation mark is not closed"),
        ('de,en\n"a\nb",c\n"d" e,f\n', ", line 4: not CSV"),
        ("de,en\na,b,c\n", ", line 2: 3 fields, but the header has 2: de, en"),
        ('de,en\n"a\nb",c\nd\n', ", line 4: 1 field, but"),
        ("de,en\na,b\n\nc,d\n", ", line 3: empty"),
        ("de,en\na\rb,c\n", ", line 2: not CSV"),
        ('de,en\n"a\0",b\n', ", line 2: a NUL byte"),
        ("de;en\na;b\n", ": no column 'de'; it has de;en; not ';' but a comma separates its fields"),
    ],
)
def test_a_malformed_csv_names_the_line_where_the_row_begins(tmp_path: Path, content: str, message: str) -> None:
    assert message in mistake(tmp_path, "train.csv", content)


# tables without a header row


def test_the_user_names_the_columns_of_a_table_without_a_header(tmp_path: Path) -> None:
    assert read(tmp_path, "train.tsv", "dog\tHund\ncat\tKatze\n", ["en", "de"]) == [("Hund", "dog"), ("Katze", "cat")]
    assert read(tmp_path, "train.csv", "dog,Hund\n", ["en", "de"]) == [("Hund", "dog")]


def test_files_of_anki_and_tatoeba_are_read(tmp_path: Path) -> None:
    anki = 'Go.\tGeh.\tCC-BY 2.0 (France) Attribution: tatoeba.org #1 (CM) & #2 (x)\n"Hi.\t"Hallo!\tCC-BY\n'
    assert read(tmp_path, "train.txt", anki, ["en", "de", "_"]) == [("Geh.", "Go."), ('"Hallo!', '"Hi.')]
    tatoeba = "\ufeff1\tGo.\t2\tGeh.\n3\tHi.\t4\tHallo!\n"
    assert read(tmp_path, "train.tsv", tatoeba, ["_", "en", "_", "de"]) == [("Geh.", "Go."), ("Hallo!", "Hi.")]


def test_rows_that_do_not_fit_the_named_columns_are_an_error(tmp_path: Path) -> None:
    message = mistake(tmp_path, "train.tsv", "a\tb\tc\na\tb\n", ["en", "de", "_"])
    assert ", line 2: 2 fields, but corpus.columns names 3: en, de, _" in message
    message = mistake(tmp_path, "train.tsv", "en\tde\na\tb\n", ["en", "de"])
    assert ", line 1: a header row; leave out corpus.columns" in message


# JSON


def lines_of(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_null_or_missing_side_in_json_is_empty(tmp_path: Path) -> None:
    rows = [{"de": "a", "en": None}, {"de": "b"}, {"en": "c"}, {}, {"de": "d", "en": "", "x": [1]}]
    expected = [("a", ""), ("b", ""), ("", "c"), ("", ""), ("d", "")]
    assert read(tmp_path, "train.jsonl", lines_of(*rows)) == expected
    nested: list[Any] = [{"translation": row} for row in rows] + [{"translation": None}]
    assert read(tmp_path, "train.jsonl", lines_of(*nested)) == [*expected, ("", "")]


def test_every_text_of_json_is_text(tmp_path: Path) -> None:
    rows = [{"de": word, "en": "\u2028 \U0001f600 : x"} for word in NO_NOTHING]
    for dump in (json.dumps(row, ensure_ascii=escape) for row in rows for escape in (True, False)):
        [(word, text)] = read(tmp_path, "train.jsonl", f"\n{dump}\r\n\n")
        assert word == json.loads(dump)["de"]
        assert text == "\u2028 \U0001f600 : x"


def test_json_may_be_an_array_of_objects(tmp_path: Path) -> None:
    rows = [{"de": "a", "en": "b"}, {"de": "c", "en": "d"}]
    for content in (json.dumps(rows), json.dumps(rows, indent=2), lines_of(*rows)):
        assert read(tmp_path, "train.json", content) == [("a", "b"), ("c", "d")]
    assert ", entry 2: 3 is not an object" in mistake(tmp_path, "train.json", '[{"de": "a", "en": "b"}, 3]')
    assert ", line 2: not JSON" in mistake(tmp_path, "train.json", '[{"de": "a",\n"en": b}]')


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"de": 3, "en": "x"}', "de holds int where text is expected: 3"),
        ('{"de": "x", "en": 1.5}', "en holds float where text is expected: 1.5"),
        ('{"de": "x", "en": NaN}', "en holds float"),
        ('{"de": true, "en": "x"}', "de holds bool"),
        ('{"de": ["ein", "Hund"], "en": "x"}', "de holds list"),
        ('{"translation": {"de": {"text": "x"}, "en": "x"}}', "de holds dict"),
        ('["a", "b"]', "['a', 'b'] is not an object"),
        ('"de"', "'de' is not an object"),
        ('{"de": "x"', "not JSON: "),
        ('{"de": "x"} {"en": "y"}', "not JSON: Extra data"),
        ("{'de': 'x'}", "not JSON: "),
        ("<html>", "not JSON: "),
        ('{"de": "x", "en": "y", "de": "z"}', "'de' is there twice"),
        ('{"translation": {"de" : "x", "en" : "y", "de" : "z"}}', "'de' is there twice"),
        ('{"de": "\\ud83d", "en": "x"}', "half a character"),
        ("[" * 100_000, "not JSON"),
        ('{"n": ' + "9" * 10_000 + "}", "not JSON"),
    ],
)
def test_a_malformed_json_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    said = mistake(tmp_path, "train.jsonl", '{"de": "a", "en": "b"}\n\n' + line + "\n")
    assert said.startswith(", line 3: ")
    assert message in said
    assert len(said) < 300


def test_a_column_that_no_row_has_is_named(tmp_path: Path) -> None:
    assert ": no column 'en'; it has de, fr" in mistake(tmp_path, "train.jsonl", lines_of({"de": "a"}, {"fr": "b"}))


def test_a_table_can_have_no_rows(tmp_path: Path) -> None:
    for content in ("", "\n\n", "de\ten\n"):
        assert read(tmp_path, "train.tsv", content) == []
    assert read(tmp_path, "train.tsv", "", ["en", "de"]) == []
    for name, content in (("train.csv", "de,en\r\n"), ("train.jsonl", "\n"), ("train.json", "[]")):
        assert read(tmp_path, name, content) == []


def test_other_columns_keep_their_values(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(lines_of({"de": "a", "n": [1, {"x": None}]}, {"n": "1"}), encoding="utf-8")
    assert [fields for _, fields in read_table(path)] == [{"de": "a", "n": [1, {"x": None}]}, {"n": "1"}]

"""A report in Markdown and HTML holds all its text, takes none of it for markup, and fetches nothing."""

import base64
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import CHROMIUM, open_page

from seq2seq.plotting import charts
from seq2seq.plotting.document import (
    Code,
    Heading,
    Paragraph,
    Picture,
    Table,
    markdown,
    page,
)

ODD = "a | b < c & \"d\" * _e_ `f` <script>console.error('!')</script>"
BLOCKS = [
    Heading(1, ODD),
    Paragraph(ODD),
    Code("seq2seq compare x.yaml > y"),
    Table([["name", "value"], [ODD, "1"]]),
    Table([["", ""], ["source", "Größe 日本"]], text=True),
    Picture("figures/lines", "the caption"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    charts.lines(tmp_path / "figures" / "lines", {"a": [[1.0], [2.0]]}, {"a": [0, 1]}, ("below", "beside"), ["x", "y"])
    return tmp_path


class Elements(HTMLParser):
    """The text of an HTML page, and its elements with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_html_holds_all_text_and_takes_none_for_markup(folder: Path) -> None:
    html = Elements(page("title", BLOCKS, folder))
    assert html.words.count(ODD) == 3
    assert {tag for tag, _ in html.elements}.isdisjoint({"script", "iframe", "object"})
    [image] = [attributes for tag, attributes in html.elements if tag == "img"]
    assert image["alt"] == "the caption"
    prefix, data = str(image["src"]).split(",", 1)
    assert prefix == "data:image/svg+xml;base64"
    assert base64.b64decode(data) == (folder / "figures" / "lines.svg").read_bytes()


def test_html_refers_to_nothing_outside_itself(folder: Path) -> None:
    text = page("title", BLOCKS, folder)
    for _, attributes in Elements(text).elements:
        for name in ("src", "href", "srcset", "action", "data"):
            assert str(attributes.get(name, "data:")).startswith("data:")
    assert "url(" not in text
    assert "@import" not in text


def test_markdown_holds_all_text_and_tables_keep_their_columns() -> None:
    text = markdown(BLOCKS)
    escaped = r"a \| b \< c & \"d\" \* \_e\_ \`f\` \<script>console.error('!')\</script>".replace(r"\"", '"')
    assert text.startswith(f"# {escaped}\n\n{escaped}\n\n")
    assert "![the caption](figures/lines.svg)" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[:2] == ["| name | value |", "| --- | --- |"]
    assert all(line.replace("\\|", "").count("|") == 3 for line in rows)
    assert "\\<script>" in text.split("| --- | --- |")[1]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# a #", r"\# a \#"),
        ("1. a", r"1\. a"),
        ("- a", r"\- a"),
        ("+ a", r"\+ a"),
        ("===", r"\==="),
        ("> a", r"\> a"),
        ("[a](javascript:alert(1))", r"\[a\](javascript:alert(1))"),
        ("![a](http://b)", r"!\[a\](http\://b)"),
        ("www.a.b", r"www\.a.b"),
        ("&lt; AT&T", r"\&lt; AT&T"),
        ("~~a~~ $b$", r"\~\~a\~\~ \$b\$"),
        ("a\n\n# b\x1b[2J\u202e", r"a  # b�\[2J�"),
    ],
)
def test_markdown_shows_text_as_it_is(text: str, escaped: str) -> None:
    assert markdown([Paragraph(text)]) == f"{escaped}\n"
    assert markdown([Heading(2, text)]) == f"## {escaped}\n"


def test_code_cannot_leave_its_block() -> None:
    assert markdown([Code("a\n```\n# b\x1b")]) == "````\na\n```\n# b�\n````\n"


def test_a_caption_and_a_file_name_cannot_leave_their_picture() -> None:
    assert markdown([Picture("figures/a) [b", "*c](d)")]) == (
        "![\\*c\\](d)](figures/a%29%20%5Bb.svg)\n\n*\\*c\\](d)*\n"
    )


def test_html_has_no_character_that_a_reader_obeys(folder: Path) -> None:
    text = page("a\x1b\u202e", [Heading(1, "a\x9b"), Table([["\udc80"], ["\x00"]]), Code("a\nb\x07")], folder)
    assert text.isascii() or {character for character in text if not character.isascii()} == {"�"}
    assert not {"\x1b", "\x00", "\x07"} & set(text)
    assert "a\nb�" in text


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_html_opens_in_a_browser_without_an_error_or_a_request(folder: Path, tmp_path: Path) -> None:
    (folder / "report.html").write_text(page("title", BLOCKS, folder), encoding="utf-8")
    assert open_page(folder / "report.html", tmp_path) == ([], [])


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_browser_test_notices_errors_and_requests(tmp_path: Path) -> None:
    bad = '<html><img src="http://example.invalid/x.png"><script>console.error("oops")</script></html>'
    (tmp_path / "bad.html").write_text(bad, encoding="utf-8")
    lines, addresses = open_page(tmp_path / "bad.html", tmp_path)
    assert any("oops" in line for line in lines)
    assert "http://example.invalid/x.png" in addresses

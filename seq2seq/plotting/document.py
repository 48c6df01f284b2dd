"""Write a report's blocks as Markdown or as one HTML file that needs no network.

A block's text is text: its characters are shown, and never read as markup. Names and sentences come from outside.
"""

import base64
import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from seq2seq.terminal_text import printable

FIGURE_SUFFIX = ".svg"

STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1e; --paper: #fff; --faint: #6a6a70; --line: #dcdce0; --head: #f4f4f6 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8ea; --paper: #17171a; --faint: #a0a0a8; --line: #3a3a40; --head: #232328 } }
body { color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; max-width: 54rem;
  margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { line-height: 1.2; margin: 2rem 0 .5rem }
h1, h2, h3, p, figcaption { overflow-wrap: anywhere }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto;
  font-variant-numeric: tabular-nums }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top }
th:first-child, td:first-child, .names3 :is(th, td):nth-child(-n+3) { text-align: left }
td { white-space: nowrap }
td:first-child { white-space: normal }
table.text th, table.text td { text-align: left; white-space: normal; overflow-wrap: break-word }
table.text td:first-child { white-space: nowrap }
table.text td:nth-child(2) { min-width: 12rem }
thead th { background: var(--head) }
figure { margin: 1rem 0 }
figure img { max-width: 100%; height: auto }
figcaption { color: var(--faint); font-size: .9rem }
pre { background: var(--head); padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere }
.warning { border-left: .3rem solid #e69f00; padding-left: .7rem }
@media print {
  :root { color-scheme: light; --ink: #1c1c1e; --paper: #fff; --faint: #6a6a70; --line: #dcdce0; --head: #f4f4f6 }
  body { max-width: none; margin: 0; font-size: 10pt } h2, h3 { break-after: avoid }
  table { display: table } table, figure, section, tr, pre { break-inside: avoid } table, pre { font-size: 8.5pt }
  th, td { padding: .15rem .4rem } }
""".strip()


class Heading(NamedTuple):
    """A heading. Level 1 is the report's title."""

    level: int
    text: str


class Paragraph(NamedTuple):
    """A paragraph of plain text."""

    text: str


class Caution(NamedTuple):
    """A paragraph that a reader must not miss."""

    text: str


class Code(NamedTuple):
    """A command, or the text of a file."""

    text: str


class Table(NamedTuple):
    """A table. Its first row holds the columns' names.

    Args:
        rows: the cells.
        text: the cells hold sentences, not numbers.
        names: how many columns, the first ones, hold names. The numbers after them are aligned to the right.
    """

    rows: Sequence[Sequence[str]]
    text: bool = False
    names: int = 1


class Picture(NamedTuple):
    """A figure from a file."""

    stem: str  # the file's path without its suffix, relative to the report
    caption: str


class Together(NamedTuple):
    """Blocks that are not split over two pages of a print."""

    blocks: Sequence["Block"]


Block = Heading | Paragraph | Caution | Code | Table | Picture | Together


# What begins or ends markup inside a line of Markdown, an address that becomes a link ("://", "www."), and an entity.
INLINE_MARKUP = re.compile(r"[\\`*_\[\]<|~$]|:(?=//)|(?<=\bwww)\.|&(?=#?\w+;)", re.IGNORECASE)


def markdown(blocks: Sequence[Block]) -> str:
    """Return the report as Markdown. It refers to the figures' files."""
    return "\n\n".join(map(_markdown, blocks)) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {_escape_block(text)}"
        case Paragraph(text):
            return _escape_block(text)
        case Caution(text):
            return f"**Warning:** {_escape(text)}"
        case Together(blocks):
            return markdown(blocks).rstrip("\n")
        case Code(text):
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))  # longer than any in the text
            code = printable(text, keep="\n")
            return f"{fence}\n{code}\n{fence}"
        case Table(rows):
            head, *body = [[_escape(cell) for cell in row] for row in rows]
            return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])
        case Picture(stem, caption):
            caption = _escape(caption)
            return f"![{caption}]({quote(stem)}{FIGURE_SUFFIX})\n\n*{caption}*"


def _escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return INLINE_MARKUP.sub(r"\\\g<0>", _one_line(text))


def _escape_block(text: str) -> str:
    """Return text that Markdown shows as it is, at the start of a line: it is no heading, list, quotation or rule."""
    line = re.sub(r"^(\d+)([.)])", r"\1\\\2", _escape(text))
    return re.sub(r"^(?=[>#+=-])|(?=#+$)", r"\\", line)


def _one_line(text: str) -> str:
    return printable(" ".join(text.split("\n"))).strip()


def page(title: str, blocks: Sequence[Block], folder: Path) -> str:
    """Return the report as one HTML page that contains its figures.

    Args:
        folder: the folder that the figures' paths are relative to.
    """
    return html_page(title, "\n".join(_html(block, folder) for block in blocks))


def html_page(title: str, body: str, style: str = "") -> str:
    """Return a whole HTML page.

    Args:
        title: of the browser's window.
        body: HTML, in which all text from outside is escaped.
        style: rules to add to `STYLE`.
    """
    rules = f"{STYLE}\n{style}".strip()
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape_html(title)}</title>\n<style>\n{rules}\n</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _html(block: Block, folder: Path) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{escape_html(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{escape_html(text)}</p>"
        case Caution(text):
            return f'<p class="warning"><strong>Warning:</strong> {escape_html(text)}</p>'
        case Together(blocks):
            return "\n".join(["<section>", *(_html(inner, folder) for inner in blocks), "</section>"])
        case Code(text):
            return f"<pre><code>{escape_html(text)}</code></pre>"
        case Table(rows, text, names):
            head, *body = rows
            attribute = ' class="text"' if text else f' class="names{names}"' if names > 1 else ""
            return f"<table{attribute}>\n<thead>{_row(head, 'th')}</thead>\n<tbody>\n{_body(body)}\n</tbody>\n</table>"
        case Picture(stem, caption):
            data = base64.b64encode((folder / f"{stem}{FIGURE_SUFFIX}").read_bytes()).decode()
            escaped = escape_html(caption)
            image = f'<img alt="{escaped}" src="data:image/svg+xml;base64,{data}">'
            return f"<figure>{image}<figcaption>{escaped}</figcaption></figure>"


def escape_html(text: str) -> str:
    """Return text that HTML shows as it is."""
    return html.escape(printable(text, keep="\n"))


def _body(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_row(row, "td") for row in rows)


def _row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape_html(cell)}</{tag}>' for cell in cells)}</tr>"

"""A report: headings, paragraphs, tables and figures, written as Markdown or as one HTML file that needs no network.

With them, how it writes numbers.
"""

import base64
import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

CHARTS = ".svg"  # what reports show; the same as PNG lies beside it

STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1e; --paper: #fff; --faint: #6a6a70; --line: #dcdce0; --head: #f4f4f6 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8ea; --paper: #17171a; --faint: #a0a0a8; --line: #3a3a40; --head: #232328 } }
body { color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; max-width: 54rem;
  margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { line-height: 1.2; margin: 2rem 0 .5rem }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto;
  font-variant-numeric: tabular-nums }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top }
th:first-child, td:first-child { text-align: left }
td { white-space: nowrap }
table.text th, table.text td { text-align: left; white-space: normal; overflow-wrap: break-word }
thead th { background: var(--head) }
figure { margin: 1rem 0 }
figure img { max-width: 100%; background: #fff; padding: .5rem; box-sizing: border-box }
figcaption { color: var(--faint); font-size: .9rem }
pre { background: var(--head); padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere }
@media print { body { max-width: none; margin: 0; font-size: 11pt } h2, h3 { break-after: avoid }
  figure, tr { break-inside: avoid } table { display: table } }
""".strip()


class Heading(NamedTuple):
    """level: 1 is the report's own."""

    level: int
    text: str


class Paragraph(NamedTuple):
    text: str


class Code(NamedTuple):
    """What is typed, or a file's text."""

    text: str


class Table(NamedTuple):
    """The first row has the columns' names. text: cells hold sentences, not numbers."""

    rows: Sequence[Sequence[str]]
    text: bool = False


class Picture(NamedTuple):
    """stem: the figure's path without its suffix, as a report beside it says it. caption: what is to be seen."""

    stem: str
    caption: str


Block = Heading | Paragraph | Code | Table | Picture


def markdown(blocks: Sequence[Block]) -> str:
    """The report as Markdown; figures stay files."""
    return "\n\n".join(map(_markdown, blocks)) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {text}"
        case Paragraph(text):
            return text
        case Code(text):
            return f"```\n{text}\n```"
        case Table(rows):
            head, *body = [[re.sub(r"([|<*_`\\])", r"\\\1", cell) for cell in row] for row in rows]
            return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])
        case Picture(stem, caption):
            return f"![{caption}]({stem}{CHARTS})\n\n*{caption}*"


def page(title: str, blocks: Sequence[Block], folder: Path) -> str:
    """The report as one HTML file, its figures inside.

    Args:
        folder: where the figures' paths begin.
    """
    body = "\n".join(_html(block, folder) for block in blocks)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _html(block: Block, folder: Path) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{html.escape(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{html.escape(text)}</p>"
        case Code(text):
            return f"<pre><code>{html.escape(text)}</code></pre>"
        case Table(rows, text):
            head, *body = rows
            kind = ' class="text"' if text else ""
            return f"<table{kind}>\n<thead>{_row(head, 'th')}</thead>\n<tbody>\n{_body(body)}\n</tbody>\n</table>"
        case Picture(stem, caption):
            data = base64.b64encode((folder / f"{stem}{CHARTS}").read_bytes()).decode()
            said = html.escape(caption)
            image = f'<img alt="{said}" src="data:image/svg+xml;base64,{data}">'
            return f"<figure>{image}<figcaption>{said}</figcaption></figure>"


def _body(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_row(row, "td") for row in rows)


def _row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"


def signed(value: float) -> str:
    """A difference."""
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")


def number(found: Mapping[str, Any], digits: int = 2) -> str:
    """A mean, and its standard deviation where there is one."""
    deviation = "" if found["sd"] is None else f" ± {found['sd']:.{digits}f}"
    return f"{found['mean']:.{digits}f}{deviation}"


def between(found: Mapping[str, float] | None) -> str:
    """An interval."""
    return f"{signed(found['low'])} to {signed(found['high'])}" if found else "one seed"


def alike(values: Sequence[float]) -> str:
    """One number, or the least and the most."""
    low, high = min(values), max(values)
    return f"{low:,.10g}" if low == high else f"{low:,.10g}–{high:,.10g}"

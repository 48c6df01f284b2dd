"""Write the page that shows how a model learns: curves, and translations from the first epoch to the last.

The page is one HTML file that needs no network. All text from outside is escaped.
"""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import NamedTuple

from seq2seq.plotting.document import escape_html, html_page
from seq2seq.plotting.line_chart import CHART_STYLE, Chart, draw_charts
from seq2seq.text.words import split_words

MOST_ROWS = 40  # translations of a sentence that are shown
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")  # what a browser takes for a language's code

SENTENCE_STYLE = """
table.sentence th { font-weight: normal; min-width: 6.2em; color: var(--faint); text-align: left }
table.sentence td { white-space: normal; overflow-wrap: anywhere; text-align: start; width: 100% }
table.sentence tr.given td { background: var(--head) }
.other { color: var(--faint); opacity: .85 }
.new { text-decoration: underline dotted; text-underline-offset: .25em }
""".strip()


class ChartSection(NamedTuple):
    """A part of the page with charts.

    Args:
        heading: its title.
        text: what the charts show.
        charts: the charts.
    """

    heading: str
    text: str
    charts: Sequence[Chart]


class Sentence(NamedTuple):
    """A sentence and its translations at several validations.

    Args:
        source: the sentence.
        reference: its translation in the corpus.
        moments: the number of each validation: of its epoch or of its update.
        translations: the model's translation at each of them.
    """

    source: str
    reference: str
    moments: Sequence[float]
    translations: Sequence[str]


class TrainingPage(NamedTuple):
    """What the page shows.

    Args:
        source_language, target_language: the languages' codes, or what the recipe calls them.
        summary: a paragraph about the training so far.
        moment: what validations are numbered by: epoch or update.
        curves: the parts with charts.
        sentences: the sentences, which stand after the first part.
    """

    source_language: str
    target_language: str
    summary: str
    moment: str
    curves: Sequence[ChartSection]
    sentences: Sequence[Sentence]


def training_page(page: TrainingPage) -> str:
    """Return the page as HTML."""
    title = f"Training: {page.source_language} → {page.target_language}"
    first, *others = map(chart_section, page.curves)
    parts = [f"<h1>{escape_html(title)}</h1>\n<p>{escape_html(page.summary)}</p>", first]
    if page.sentences:
        parts.append(
            f"<h2>Translations by {page.moment}</h2>\n<p>Greedy translations of the same validation sentences, from "
            'the first validation to the last. Words of the reference are in normal ink, <span class="other">other '
            'words</span> are faint. <span class="new">Dotted words</span> differ from the row above. Validations with '
            "the same translation share a row.</p>"
        )
        parts += [sentence_table(sentence, page) for sentence in page.sentences]
    return html_page(title, "\n".join([*parts, *others]), f"{CHART_STYLE}\n{SENTENCE_STYLE}")


def chart_section(section: ChartSection) -> str:
    """Return a heading, a paragraph and charts."""
    heading, text = escape_html(section.heading), escape_html(section.text)
    return f"<h2>{heading}</h2>\n<p>{text}</p>\n{draw_charts(section.charts)}"


def sentence_table(sentence: Sentence, page: TrainingPage) -> str:
    """Return a table of one sentence: source, a row for each translation that is new, reference."""
    reference = split_words(sentence.reference)
    source = text_row("source", escape_html(sentence.source), page.source_language, given=True)
    rows = [source]
    before: list[str] | None = None
    for first, last, translation in thin_out(changes(sentence)):
        moments = f"{page.moment} {first:g}" if first == last else f"{page.moment}s {first:g}–{last:g}"
        words = split_words(translation)
        marked = mark_words(words, reference, before) or mark("(no words)", "other")
        rows.append(text_row(moments, marked, page.target_language))
        before = words
    rows.append(text_row("reference", escape_html(sentence.reference), page.target_language, given=True))
    return '<table class="sentence">\n' + "\n".join(rows) + "\n</table>"


def changes(sentence: Sentence) -> list[tuple[float, float, str]]:
    """Return each translation that differs from the one before, with the first and the last moment of it."""
    runs = groupby(zip(sentence.moments, sentence.translations, strict=True), key=lambda pair: pair[1])
    together = ((text, [moment for moment, _ in pairs]) for text, pairs in runs)
    return [(moments[0], moments[-1], text) for text, moments in together]


def thin_out(rows: Sequence[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Return at most `MOST_ROWS` of the rows, evenly spaced, the first and the last one included."""
    if len(rows) <= MOST_ROWS:
        return list(rows)
    return [rows[round(index * (len(rows) - 1) / (MOST_ROWS - 1))] for index in range(MOST_ROWS)]


def text_row(name: str, content: str, language: str, given: bool = False) -> str:
    """Return a row with a sentence. The text's own letters decide its direction.

    Args:
        name: stands before the sentence.
        content: the sentence as HTML.
        language: its code.
        given: it comes from the corpus.
    """
    code = f' lang="{language.replace("_", "-")}"' if LANGUAGE.fullmatch(language) else ""
    kind = ' class="given"' if given else ""
    return f'<tr{kind}><th scope="row">{escape_html(name)}</th><td dir="auto"{code}>{content}</td></tr>'


def mark_words(words: Sequence[str], reference: Sequence[str], before: Sequence[str] | None) -> str:
    """Return a translation as HTML, in which words that are not in the reference, and new words, are marked.

    A word of the reference counts as often as it stands there, as in BLEU.

    Args:
        words: the translation, from `split_words`.
        reference: the reference, from `split_words`.
        before: the translation in the row above; None for the first one, in which no word is new.
    """
    left = Counter(reference)
    is_new = [False] * len(words)
    if before is not None:
        for operation, _, _, start, end in SequenceMatcher(None, before, words, autojunk=False).get_opcodes():
            if operation != "equal":
                is_new[start:end] = [True] * (end - start)
    classes = []
    for word, new in zip(words, is_new, strict=True):
        if word.isspace():
            classes.append("")
            continue
        is_other = left[word] == 0
        left[word] -= not is_other
        classes.append(" ".join(["other"] * is_other + ["new"] * new))
    runs = groupby(zip(classes, words, strict=True), key=lambda pair: pair[0])
    return "".join(mark("".join(word for _, word in pairs), names) for names, pairs in runs)


def mark(text: str, classes: str) -> str:
    """Return text as HTML in the style of some classes."""
    return f'<span class="{classes}">{escape_html(text)}</span>' if classes else escape_html(text)

"""Normalise text: one rule for training, evaluation, the filter and the prompt.

Text that looks the same should be the same for the model, so that it has one translation. What makes a difference to
readers stays: quotes, ligatures, full-width letters, emoji.
"""

import re
import unicodedata
from html import unescape
from html.entities import html5
from itertools import groupby

SPACE = "▁"  # U+2581: SentencePiece's sign for a space, so that it reads this character in a text as a space

# Characters without a look of their own: soft hyphen, combining grapheme joiner, zero-width space, word joiner, byte
# order mark, invisible operators, and the marks, embeddings, overrides and isolates that set the direction of writing.
INVISIBLE = re.compile("[\u00ad\u034f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")

# The blocks of the scripts whose letters change their shapes beside a joiner: from Arabic to Sinhala, Tibetan, Myanmar,
# Khmer, Mongolian, and the smaller scripts of India, South-East Asia and the Near East.
SHAPED = (
    "\u0600-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1c4f\u1cd0-\u1cff\ua800-\uaaff\uabc0-\uabff\ufb50-\ufdff"
    "\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
SHAPED_CHARACTER = re.compile(f"[{SHAPED}]")
NON_JOINER, JOINER = "\u200c", "\u200d"  # ZWNJ and ZWJ
JOINERS = re.compile(f"[{NON_JOINER}{JOINER}]+")
VARIATION_SELECTOR = "\ufe0f"  # asks for an emoji's coloured form
MARKS_SORTED_BY_PYTHON = 1000  # the longest text whose marks `unicodedata` may sort

# "&amp;amp;lt;" is an ampersand that was escaped three times. Reading all of it at once takes linear time.
AMPERSAND = re.compile(r"&(?:(?:amp|AMP|#0{0,5}38|#[xX]0{0,4}26);)+")
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def normalise(text: str) -> str:
    """Return the text as the model sees it.

    - Unicode's normalisation form C (UAX #15): "ä" is one character, however it was typed. Strings that Unicode calls
      canonically equivalent become equal.
    - Characters without a look of their own are removed (see `INVISIBLE`).
    - ZWNJ and ZWJ are kept only where they can be seen, as Unicode describes (The Unicode Standard, section 23.2; UAX
      #31, section 2.3; UTS #51): ZWNJ between two characters of a script whose letters join, as in Persian and the
      scripts of India; ZWJ beside such a character, and between two emoji. Elsewhere they only suppress or ask for a
      ligature, as between the "f" and the "l" of "Auflage", and are removed.
    - HTML entities become their characters, but only where they end in ";": "&amp;" is "&", and "AT&T" and "&copy"
      stay. An entity that was escaped again ("&amp;lt;") is read to its end, because text is normalised more than once.
    - A run of white space (as `str.split` defines it: space, tab, line end, no-break space, …) becomes one space, and
      white space at the ends is removed. "▁" (U+2581) counts as a space.
    - Half of a surrogate pair, which is not a character, becomes "?".

    Normalising a normalised text changes nothing.
    """
    text = text.encode("utf-8", "replace").decode("utf-8")
    while True:  # what is removed or read can put the parts of a character or of an entity side by side
        composed = compose(text)
        text = read_entities(remove_invisible(composed).replace(SPACE, " "))
        if text == composed:
            return on_one_line(text)


def on_one_line(text: str) -> str:
    """Return the text with single spaces in place of white space and of "▁", and none at the ends."""
    return " ".join(text.replace(SPACE, " ").split())


def compose(text: str) -> str:
    """Return the text in Unicode's normalisation form C, in n log n steps for any text.

    `unicodedata` needs n² steps for the canonical order of n marks on one letter: minutes for a hostile line.
    """
    if len(text) > MARKS_SORTED_BY_PYTHON and not unicodedata.is_normalized("NFC", text):
        decomposed = "".join(unicodedata.normalize("NFD", character) for character in text)
        runs = groupby(decomposed, key=lambda character: unicodedata.combining(character) > 0)
        text = "".join("".join(sorted(run, key=unicodedata.combining) if marks else run) for marks, run in runs)
    return unicodedata.normalize("NFC", text)


def remove_invisible(text: str) -> str:
    """Return the text without characters that have no look of their own, and without needless joiners."""
    return text if text.isascii() else JOINERS.sub(needed_joiners, INVISIBLE.sub("", text))


def needed_joiners(joiners: re.Match[str]) -> str:
    """Return what a run of ZWNJ and ZWJ must keep, each of them once: see `normalise`."""
    before = joiners.string[max(joiners.start() - 1, 0) : joiners.start()]
    after = joiners.string[joiners.end() : joiners.end() + 1]
    shaped = [SHAPED_CHARACTER.match(neighbour) is not None for neighbour in (before, after)]
    if all(shaped):
        return "".join(dict.fromkeys(joiners.group()))
    emoji = before and after and (before == VARIATION_SELECTOR or unicodedata.category(before) in ("So", "Sk"))
    joins = any(shaped) or (emoji and unicodedata.category(after) in ("So", "Sm"))
    return JOINER if joins and JOINER in joiners.group() else ""


def read_entities(text: str) -> str:
    """Return the text with characters in place of HTML entities."""
    return ENTITY.sub(entity_text, AMPERSAND.sub("&", text)) if "&" in text else text


def entity_text(entity: re.Match[str]) -> str:
    """Return the characters of an HTML entity; the entity itself if HTML has no such name."""
    text = entity.group()
    return unescape(text) if text.startswith("&#") or text[1:] in html5 else text

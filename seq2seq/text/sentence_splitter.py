"""Find where sentences end in a line of text, without knowing its language.

A sentence that is cut by mistake is worse than two that stay together, so every doubt counts against an end.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable

RARELY = 0.1  # below this share of lines, a corpus rarely has several sentences on a line

SPACELESS = "。！？｡؟۔।॥።։។။"  # these end a sentence even if no space follows
OPENING = "\"'“”„‚‘’»«›‹([{¿¡「『（《【"
CLOSING = "\"'“”‘’»«›‹)]}」』）》】〉"
END = re.compile(f"([.!?…‼⁇⁈⁉{SPACELESS}]+)([{re.escape(CLOSING)}]*(?: [»”](?= |$))?)")
START = re.compile(f"( ?)(?:« |[{re.escape(OPENING)}])*(\\w?)")
BRACKETS = re.compile("[「」『』（）]")
ORDINAL = re.compile(r"[0-9.]*\.[0-9.]*|[0-9]{1,3}|[IVXLCDM]+")  # "3. Mai", "3.5. ", "Ludwig XIV. "
INITIALS = re.compile(r"[^\W\d_]|(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,3}")  # "J. ", "z. B. ", "e.g. ", "v.Chr. "
LONGEST_ABBREVIATION = 40  # characters

# Words that seldom end a sentence when a full stop follows, in lower case. Words that are common without the full stop,
# in any of these languages, are not here ("es.", "est.", "no.", "max."). Many others stand before a number, and a full
# stop before a number never ends a sentence ("Art. 3").
ABBREVIATIONS_BY_LANGUAGE = {
    "German": "abb abs anm aufl bd bsp bspw bzgl bzw ca chr dgl dipl dr ehem engl etc evtl exkl ff fr franz frl frz "
    "geb gebr ggf hl hr hrn hrsg inkl ing jh jhd kath lat mio mrd nr nrn prof röm sog st std str tel tsd urspr usw "
    "vgl zzgl",
    "English": "al approx asst assn ave blvd bros capt cf cmdr co col corp cpl dept dr esp etc ext fig figs ft gen gov "
    "govt hon hrs ibid inc incl jr lbs lt ltd maj messrs mr mrs ms mt mx oz ph pp prof pvt rd rep rev sen sgt sr st "
    "univ viz vs",
    "French": "av bd env etc mlle mlles mme mmes",
    "Spanish": "aprox av dra etc gral núm pág sra srta srs ud uds vd vds",
    "Italian": "avv dott ecc ing pag sig",
    "Portuguese": "av dra éd etc sra",
    "Dutch": "bijv blz dhr drs enz evt mevr nl",
    "Danish, Norwegian, Swedish": "bl fvt jfr kl mfl osv resp tlf",
    "Polish": "godz inż itd itp mgr np płk tj tzn tzv ul",
    "Czech": "apod atd např str",
    "Turkish": "doç vb",
    "Russian": "гг др млн млрд напр проф руб см стр тыс ул",
}
ABBREVIATIONS = frozenset(word for words in ABBREVIATIONS_BY_LANGUAGE.values() for word in words.split())


def sentence_starts(text: str) -> list[int]:
    """Return where the sentences of a normalised text begin. The first one begins at 0.

    A sentence ends after . ! ? … (and the marks of other scripts) and closing quotes and brackets, if a space follows
    and then a capital letter or a letter of a script without capitals; after ! and ? also a number. No space is needed
    after the marks that only end sentences, as in Chinese and Japanese. It does not end after abbreviations, initials
    and ordinals, nor inside 「 」, 『 』 and （ ）.
    """
    starts = [0]
    brackets: list[int] | None = None
    for end in END.finditer(text):
        if not is_followed_by_a_start(text, end):
            continue
        if end[1][-1] not in SPACELESS:
            if is_abbreviation(text, starts[-1], end):
                continue
        else:
            if brackets is None:
                brackets = [bracket.start() for bracket in BRACKETS.finditer(text)]
            following = bisect_left(brackets, end.end())
            if following < len(brackets) and text[brackets[following]] in "」』）":
                continue
        if re.search(r"\w", text[starts[-1] : end.start()]):
            starts.append(end.end() + text.startswith(" ", end.end()))
    return starts


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a normalised text. They hold all of it except the spaces between them."""
    starts = sentence_starts(text)
    return [text[start:end].strip() for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def share_with_several(lines: Iterable[str]) -> float:
    """Return the share of the normalised lines that have several sentences; 0 without lines."""
    lengths = [len(sentence_starts(line)) for line in lines]
    return round(sum(length > 1 for length in lengths) / max(len(lengths), 1), 4)


def is_followed_by_a_start(text: str, end: re.Match[str]) -> bool:
    """Return whether a new sentence can begin behind a match of `END`."""
    start = START.match(text, end.end())
    assert start is not None  # the pattern may be empty
    space, first = start.groups()
    mark, closing = end.groups()
    if not first:
        return False
    if mark[-1] in SPACELESS:
        if first.isdigit() and mark[-1] not in "。！？｡":  # a verse's number
            return False
        # In Japanese, a particle after a quotation goes on with the sentence: 「はい。」と言った。
        return not closing or not "\u3040" <= first <= "\u309f"
    if not space or text[end.start() - 1 : end.start()] in ("(", "["):  # "(!)" comments on a word
        return False
    if first.isdigit():
        return mark[-1] in "!?"
    return first.isalpha() and not first.islower()


def is_abbreviation(text: str, start: int, end: re.Match[str]) -> bool:
    """Return whether the full stop of a match of `END` belongs to its word, or the dots stand for missing words.

    Args:
        text: the whole text.
        start: where the sentence began.
        end: a match of `END` that a space follows.
    """
    mark = end[1]
    word = text[text.rfind(" ", start, end.start()) + 1 : end.start()].lstrip(OPENING)
    if not word and mark != "." and not mark.strip(".…"):
        return True
    if mark != "." or len(word) > LONGEST_ABBREVIATION:
        return False
    last = re.split("[-–/'’]", word)[-1]
    return bool(ORDINAL.fullmatch(word) or INITIALS.fullmatch(last)) or last.lower() in ABBREVIATIONS

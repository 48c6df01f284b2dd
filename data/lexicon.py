"""Words and their forms: how an entry of the lexicon is written in a sentence."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

ARTICLES = {"der": "masculine", "die": "feminine", "das": "neuter"}


class Word(NamedTuple):
    """A word form and the concepts that it expresses. Two words are aligned if they share a concept."""

    form: str
    concepts: frozenset[int] = frozenset()


class Phrase(NamedTuple):
    """Words with the same meaning in both languages."""

    de: tuple[Word, ...] = ()
    en: tuple[Word, ...] = ()


COMMA = Word(",")
SILENT = Phrase()


def join(*phrases: Phrase) -> Phrase:
    german = tuple(word for phrase in phrases for word in phrase.de)
    return Phrase(german, tuple(word for phrase in phrases for word in phrase.en))


def contract(words: Iterable[Word], table: Mapping[str, str]) -> tuple[Word, ...]:
    """Merge neighbours such as `in dem` into `im`, which expresses the concepts of both words."""
    merged: list[Word] = []
    for word in words:
        short = table.get(f"{merged[-1].form} {word.form}") if merged else None
        if short:
            word = Word(short, merged.pop().concepts | word.concepts)
        merged.append(word)
    return tuple(merged)


class Noun(NamedTuple):
    gender: str
    singular: str
    oblique: str  # the singular outside the nominative: den Jungen
    plural: str  # empty if the noun has no plural
    english: tuple[str, str]  # singular, plural

    @classmethod
    def parse(cls, german: str, english: str) -> "Noun":
        """Parse an entry such as `der Junge/Jungen Jungen`, `boy boys`. Without a plural, both plurals are left out."""
        article, singular, *plural = german.split()
        singular, _, oblique = singular.partition("/")
        forms = english.split()
        return cls(ARTICLES[article], singular, oblique or singular, "".join(plural), (forms[0], forms[-1]))

    def decline(self, case: str, many: bool) -> str:
        if many:
            return self.plural + ("n" if case == "dative" and self.plural[-1] not in "ns" else "")
        return self.singular if case == "nominative" else self.oblique


class Verb(NamedTuple):
    base: str
    past: str
    participle: str
    prefix: str = ""
    infinitive: str = ""
    third: str = ""
    helper: str = ""  # haben or sein
    perfect: str = ""  # German participle

    @classmethod
    def english(cls, base: str, past: str, participle: str = "") -> "Verb":
        return cls(base, past, participle or past)

    @classmethod
    def parse(cls, german: str, english: str) -> "Verb":
        """Parse an entry such as `ein|laden lädt geladen`, `invite, invited`.

        `ist gegangen` is a perfect with sein. A third English form is the participle if it differs from the past.
        """
        infinitive, third, *helper, perfect = german.split()
        prefix, _, infinitive = infinitive.rpartition("|")
        verb = cls.english(*english.split(", "))
        return verb._replace(
            prefix=prefix, infinitive=infinitive, third=third, helper="sein" if helper else "haben", perfect=perfect
        )

    @property
    def present(self) -> tuple[str, str, str]:
        return self.infinitive[:-1], self.third, self.infinitive

    def rest(self, form: str, action: frozenset[int], helper: frozenset[int]) -> tuple[Word, ...]:
        """Return the words at the end of a German clause: angerufen, anrufen, anzurufen, zu rufen."""
        if form == "participle":
            return (Word(self.prefix + self.perfect, action),)
        if form == "infinitive":
            return (Word(self.prefix + self.infinitive, action),)
        if self.prefix:
            return (Word(f"{self.prefix}zu{self.infinitive}", action | helper),)
        return Word("zu", helper), Word(self.infinitive, action)

    def speak(self, tense: str, person: int) -> str:
        """Return the English finite form: `look for`, `looked for`, or `looks for` if the `person` is er/sie/es (1)."""
        if tense == "past":
            return self.past
        return third_person(self.base) if person == 1 else self.base


def third_person(base: str) -> str:
    """Return the third person singular: `looks for` for `look for`."""
    first, *rest = base.split()
    if first == "have":
        first = "has"
    elif first.endswith("y") and first[-2] not in "aeiou":
        first = first[:-1] + "ies"
    else:
        first += "es" if first.endswith(("o", "s", "x", "ch", "sh")) else "s"
    return " ".join([first, *rest])


def spell_number(number: int, words: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    """Return a number in German and English words: einundzwanzig and twenty-one for 21."""
    tens, unit = divmod(number, 10)
    units, decades = ([words[side][part].split() for side in ("de", "en")] for part in ("units", "tens"))
    if number < 20:
        return units[0][number - 1], units[1][number - 1]
    german, english = decades[0][tens - 2], decades[1][tens - 2]
    if unit == 0:
        return german, english
    return f"{units[0][unit - 1]}und{german}", f"{english}-{units[1][unit - 1]}"

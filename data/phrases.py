"""Draw noun phrases and verbs in both languages at once."""

import random
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from lexicon import COMMA, Noun, Phrase, Verb, Word, join, spell_number

Grammar = Mapping[str, Any]
COLUMNS = ("masculine", "feminine", "neuter", "plural")  # of the grammar's endings


class Nominal(NamedTuple):
    """The words that fill a noun's slot, and the properties that other words agree with."""

    phrase: Phrase
    referent: str  # ich, wir, or one of COLUMNS
    kind: str = "person"
    definite: bool = True
    clear: bool = False  # its form shows its case, so that it can come before the verb
    pronoun: bool = False

    @property
    def person(self) -> int:
        """The column of a conjugation: ich (0), er/sie/es (1), wir/sie (2)."""
        return {"ich": 0, "wir": 2, "plural": 2}.get(self.referent, 1)


class Phrases:
    """Draws the phrases of one derivation, and records its concepts and phenomena."""

    def __init__(self, grammar: Grammar, generator: random.Random) -> None:
        self.grammar = grammar
        self.generator = generator
        self.concepts = 0
        self.phenomena: set[str] = set()

    # ---------------------------------------------------------------------------------------------- chance and words
    def below(self, limit: int) -> int:
        # Only random() gives the same numbers in all versions of Python.
        return int(self.generator.random() * limit)

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def pick(self, options: Any) -> Any:
        """Pick an item of a list with equal chances, or a name of a mapping by its weight."""
        if not isinstance(options, Mapping):
            return options[self.below(len(options))]
        drawn = self.below(sum(options.values()))
        return next(option for option, end in zip(options, accumulate(options.values()), strict=True) if drawn < end)

    def concept(self) -> frozenset[int]:
        self.concepts += 1
        return frozenset([self.concepts])

    def link(self, german: str, english: str) -> Phrase:
        """Return an entry of the grammar as linked words. The top of grammar.yaml explains its marks."""
        numbers: dict[str, tuple[str, str]] = {}
        concepts: dict[int, frozenset[int]] = {}
        sides: list[tuple[Word, ...]] = []
        for side, entry in enumerate((german, english)):
            words = []
            for position, item in enumerate(entry.split(), start=1):
                form, _, mark = item.partition("/")
                if form.startswith("#"):
                    if form not in numbers:
                        numbers[form] = self.number(*map(int, form[1:].split("-")))
                    form = numbers[form][side]
                linked = int(mark or position)
                if linked not in concepts:
                    concepts[linked] = self.concept()
                words.append(Word(form, concepts[linked]))
            sides.append(tuple(words))
        return Phrase(*sides)

    def entry(self, table: Mapping[str, str]) -> Phrase:
        german = self.pick(list(table))
        return self.link(german, table[german])

    def number(self, smallest: int, largest: int) -> tuple[str, str]:
        self.phenomena.add("number")
        return spell_number(smallest + self.below(largest - smallest + 1), self.grammar["numbers"])

    # -------------------------------------------------------------------------------------------------- noun phrases
    def ending(self, declension: str, case: str, column: str) -> str:
        endings: list[str] = self.grammar["endings"][declension][case].split()
        return endings[COLUMNS.index(column)].replace("-", "")

    def determiner(self, kind: str, owner: str, barred: Collection[str]) -> str:
        """Pick a determiner for a kind of noun. A possessive refers to `owner`, the subject of the clause."""
        choice = self.grammar["determiner choice"][kind]
        chosen = self.pick(choice)
        if chosen == "own":
            chosen = self.grammar["pronouns"].get(owner, {}).get("own")
        return next(iter(choice)) if chosen is None or chosen in barred else str(chosen)

    def noun_phrase(self, kinds: Sequence[str], case: str, owner: str = "", barred: Collection[str] = ()) -> Nominal:
        """Draw a noun with an optional determiner, number and adjective. Both languages have them in the same order."""
        grammar = self.grammar
        kind, entry = self.pick([(kind, entry) for kind in kinds for entry in grammar["nouns"][kind].items()])
        noun = Noun.parse(*entry)
        determiner = self.determiner(kind, owner, barred)
        definite = determiner in grammar["definite"]
        phrases = []
        rule = grammar["determiners"].get(determiner)
        if rule:
            singular, plural = rule["en"].split()
            many = singular == "-" or (plural != "-" and noun.plural != "" and self.chance(30))
            column = "plural" if many else noun.gender
            stem = rule["stem"] + self.ending(rule["endings"], case, column)
            phrases.append(self.link(stem, plural if many else singular))
        else:
            many = determiner == "number"
            column = "plural" if many else noun.gender
        if determiner == "number" or (definite and many and kind != "family" and self.chance(30)):
            phrases.append(self.link(*self.number(2, 99)))
        if self.chance(30):
            self.phenomena.add("adjective")
            adjective = self.pick(grammar["describes"][kind].split())
            ending = self.ending(rule["adjective"] if rule else "strong", case, column)
            phrases.append(self.link(adjective.removesuffix("e") + ending, grammar["adjectives"][adjective]))
        phrases.append(self.link(noun.decline(case, many), noun.english[many]))
        self.phenomena |= {"dative"} if case == "dative" else set()
        self.phenomena |= {"possessive"} if determiner in ("his", "her", "their") else set()
        shows = case == "dative" or column == "masculine"
        clear = shows and determiner in ("the", "a", "this", "my", "our")
        return Nominal(join(*phrases), column, kind, definite, clear)

    def nominal(
        self, kinds: Sequence[str], case: str, owner: str = "", barred: Collection[str] = (), head: bool = False
    ) -> Nominal:
        """Draw a noun phrase, or a row of two or three.

        The `head` of a relative clause is a single noun, and no family member: there is only one `my father`.
        """
        if head:
            return self.noun_phrase([kind for kind in kinds if kind != "family"], case, owner, barred)
        row: dict[str, Nominal] = {}  # no noun twice
        length = self.pick(self.grammar["row"])
        for _ in range(length):
            nominal = self.noun_phrase(kinds, case, owner, [*barred, "no"] if length > 1 else barred)
            row.setdefault(nominal.phrase.de[-1].form, nominal)
            kinds = [nominal.kind]
        *others, last = row.values()
        if not others:
            return last
        self.phenomena.add("coordination")
        comma = Phrase((COMMA,), (COMMA,))
        listed = join(*(join(other.phrase, comma) for other in others[:-1]), others[-1].phrase)
        phrase = join(listed, self.entry(self.grammar["and"]), last.phrase)
        return Nominal(phrase, "plural", last.kind, all(nominal.definite for nominal in row.values()))

    def pronoun(self, referent: str, case: str) -> Nominal:
        return Nominal(self.link(*self.grammar["pronouns"][referent][case].split()), referent, pronoun=True)

    def subject(self, kinds: Sequence[str], head: bool) -> Nominal:
        choice = self.pick(self.grammar["subject choice"]) if "person" in kinds and not head else "noun"
        if choice == "noun":
            return self.nominal(kinds, "nominative", barred=["no"], head=head)
        if choice == "name":
            name = self.pick(list(self.grammar["names"]))
            return Nominal(self.link(name, name), self.grammar["names"][name])
        return self.pronoun(choice, "nominative")

    # --------------------------------------------------------------------------------------------------------- verbs
    def verb(self, verb: Verb, tense: str, persons: tuple[int, int], final: bool, support: bool) -> dict[str, Phrase]:
        """Fill the slots of a verb: German finite and rest, English auxiliary and main.

        `persons`: the columns of the German and the English subject. `final`: the verb comes last, with its prefix.
        `support`: the clause is a question or a negation, for which English needs an auxiliary.
        """
        rule, table = self.grammar["tenses"][tense], self.grammar["auxiliaries"]
        self.phenomena |= {rule["tag"]} if "tag" in rule else set()
        self.phenomena |= {"separable"} if verb.prefix else set()
        role, _, time = rule.get("finite", "zu").partition(" ")
        action = self.concept()
        helper = action if role == "verb" else self.concept()
        finite: tuple[Word, ...] = ()
        rest: tuple[Word, ...] = ()
        modal: Grammar = {}
        if role == "verb":
            forms = table[verb.infinitive][time].split() if verb.infinitive in table else verb.present
            finite = (Word((verb.prefix if final else "") + forms[persons[0]], action),)
            rest = (Word(verb.prefix, action),) if verb.prefix and not final else ()
        else:
            rest = verb.rest(rule["rest"], action, helper)
        if role in ("perfect", "werden", "modal"):
            name = {"perfect": verb.helper, "werden": "werden"}.get(role) or self.pick(self.grammar["modals"])
            modal = table[name] if role == "modal" else {}
            finite = (Word(table[name][time].split()[persons[0]], helper),)
        auxiliary, main = self.english(verb, rule, modal, persons[1], support)
        last = action if auxiliary or len(main) > 1 else action | helper  # hat gekauft: bought
        words = [Word(form, helper) for opening in main[:-1] for form in opening.split()]
        words += [Word(form, last) for form in main[-1].split()]
        auxiliaries = (Word(auxiliary, helper),) if auxiliary else ()
        german = {"finite": Phrase(finite), "rest": Phrase(rest)}
        return german | {"auxiliary": Phrase(en=auxiliaries), "main": Phrase(en=tuple(words))}

    def english(self, verb: Verb, rule: Grammar, modal: Grammar, person: int, support: bool) -> tuple[str, list[str]]:
        """Return the auxiliary, if any, and the main words: a modal such as `has to`, then the verb."""
        if rule["main"] == "to":
            return "", ["to", verb.base]
        tense = "past" if "past" in (rule["main"], rule["finite"].split()[1]) else "present"
        auxiliary = rule.get("auxiliary") or modal.get("auxiliary", {}).get(tense)
        if auxiliary:
            return auxiliary, [verb.participle if rule["main"] == "participle" else verb.base]
        if verb.base == "be":
            return self.grammar["be"][tense].split()[person], [""]
        finite, *others = [Verb.english(*modal["main"].split(", ")), verb] if modal else [verb]
        following = [other.base for other in others]
        if support:
            return Verb.english("do", "did").speak(tense, person), [finite.base, *following]
        return "", [finite.speak(tense, person), *following]

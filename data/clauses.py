"""Clauses, and how they nest: a derivation fills the slots of a clause, and each language speaks them in its own order.

A rule of `grammar.yaml` yields words of both languages at once; the concepts that they carry keep them linked, however
the two languages order them. (Synchronous grammars: Aho & Ullman 1969; for translation: Wu 1997, Chiang 2007.)
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from lexicon import COMMA, SILENT, Phrase, Verb, contract, join
from phrases import Nominal, Phrases

Frame = Mapping[str, Any]  # a verb's slots: an entry of the grammar's frames
PEOPLE = ("person", "child", "family")
US = ("ich", "wir")
INDEFINITE = ["a", "no", "every", "many", "some", "all", "number", "bare"]


class Clause(NamedTuple):
    phrase: Phrase
    subject: Nominal


class Plan(NamedTuple):
    """What is settled about a clause before its words are chosen."""

    shape: str  # word order
    era: str  # when it happens
    extra: int = 0  # clauses still to be hung into this one
    depth: int = 0
    lead: Phrase = SILENT  # a conjunction or a question word
    subject: Nominal | None = None
    head: Nominal | None = None  # what a relative clause is about,
    gap: str = ""  # and the slot that it fills there
    timed: bool = True  # may say when


def commas(phrase: Phrase) -> Phrase:
    """A German clause within another stands between commas."""
    return Phrase((COMMA, *phrase.de, COMMA), phrase.en)


def silent(subject: Nominal) -> Nominal:
    """A subject that is understood, not said; the verb agrees with it all the same."""
    return subject._replace(phrase=SILENT, pronoun=False)


class Derivation(Phrases):
    """One sentence in the making."""

    def sentence(self, clauses: int) -> tuple[Phrase, str]:
        """The words of a sentence of at most so many clauses, and its last mark."""
        parts: list[int] = []
        while left := clauses - sum(parts):
            parts.append(min(left, 1 + self.below(3)) if left > 4 or self.chance(35) else left)
        shapes = dict(self.grammar["main"])
        if self.pick(shapes) == "question" and len(parts) == 1:
            self.phenomena.add("question")
            lead = self.entry(self.grammar["questions"]) if self.chance(40) else SILENT
            asked = Plan("question", self.pick(self.grammar["main eras"]), clauses - 1, lead=lead)
            return self.clause(asked).phrase, "?"
        del shapes["question"]
        lead, spoken = SILENT, []
        for part in parts:
            plan = Plan(self.pick(shapes), self.pick(self.grammar["main eras"]), part - 1, lead=lead)
            spoken.append(self.clause(plan).phrase)
            lead = join(Phrase((COMMA,), (COMMA,)), self.entry(self.grammar["coordinators"]))
        self.phenomena |= {"coordination"} if len(parts) > 1 else set()
        return join(*spoken), "."

    def clause(self, plan: Plan) -> Clause:
        """Fill the slots of a clause, then let each language order them."""
        slots = {"lead": plan.lead}
        shares = self.deal(plan)
        if "before" in shares:
            before = self.adverbial(plan, shares["before"])
            slots["front"] = Phrase((*before.phrase.de, COMMA), (*before.phrase.en, COMMA))
            plan = plan._replace(shape="fronted", subject=self.again(before.subject))
        frame, edge = self.frame(plan, self.pick(self.grammar["edges"]) if "edge" in shares else "")
        tense = self.pick(frame.get("eras", self.grammar["eras"])[plan.era])
        subject = plan.subject or self.subject(frame["subject"].split(), head="subject" in shares or "swap" in frame)
        slots["pronoun" if subject.pronoun else "subject"] = subject.phrase
        if "subject" in shares and not plan.subject:
            slots["subject"] = join(subject.phrase, self.relative(plan, subject, shares["subject"]))
        if plan.head:
            slots["lead"] = self.relative_pronoun(plan.head, plan.gap, frame)
        slots |= self.adverbs(plan, frame, edge, subject, "front" in slots)
        negated = "negation" in slots
        no = tense == "present" and subject.definite and not negated and "frequency" not in slots
        objects = self.objects(plan, frame, edge, subject, [] if no else INDEFINITE if negated else ["no"])
        slots |= {slot: nominal.phrase for slot, nominal in objects.items()}
        agreeing = objects["object"] if "swap" in frame else subject
        verb = Verb.parse(*self.pick(list(frame["verbs"].items())))
        final, support = plan.shape == "subordinate", negated or plan.shape == "question"
        slots |= self.verb(verb, tense, (subject.person, agreeing.person), final, support)
        if "swap" in frame:  # dem Mann gefällt das Buch: the man likes the book
            self.phenomena.add("swap")
            one, other = slots["subject"], slots["object"]
            slots["subject"], slots["object"] = Phrase(one.de, other.en), Phrase(other.de, one.en)
        if edge:
            slots["edge"] = self.edge(edge, plan, frame, subject, objects, shares["edge"])
        return Clause(self.order(plan.shape, slots, objects), subject)

    def order(self, shape: str, slots: dict[str, Phrase], objects: Mapping[str, Nominal]) -> Phrase:
        """The slots in each language's order; a shape that finds nothing to put first is a plain statement."""
        if shape == "fronted" and "front" not in slots and "time" in slots:
            slots["front"] = slots.pop("time")
        first = {"fronted": "front" in slots, "object-first": "object" in objects and objects["object"].clear}
        if not first.get(shape, True):
            shape = "statement"
        if shape in first:
            self.phenomena.add("fronting")
        orders = self.grammar["shapes"][shape]
        german = join(*(slots.get(slot, SILENT) for slot in orders["de"].split())).de
        return Phrase(german, join(*(slots.get(slot, SILENT) for slot in orders["en"].split())).en)

    # ------------------------------------------------------------------------------------------- which verb, and where
    def deal(self, plan: Plan) -> dict[str, int]:
        """Deal the clauses still to come to the places where one may hang; the number: how many hang in turn in it."""
        closed = {"subject", "before"} if plan.subject else {"subject", "edge"} if plan.head else set()
        closed |= {"before"} if plan.lead != SILENT else set()
        places = self.grammar["attach"][plan.shape] if plan.depth < self.grammar["depth"] else []
        places = [place for place in places if place not in closed]
        shares: dict[str, int] = {}
        extra = plan.extra
        while extra and places:
            place = self.pick(places)
            places = [other for other in places if other != place]
            share = 1 + self.below(extra)
            shares[place] = share - 1
            extra -= share
        return shares

    def frame(self, plan: Plan, edge: str) -> tuple[Frame, str]:
        """A verb's frame that suits the clause; where none has room for the edge, the edge is given up."""
        suited = [frame for frame in self.grammar["frames"] if self.suits(frame, plan)]
        for kept in (edge, ""):
            weights = {
                place: frame.get("weight", len(frame["verbs"]))
                for place, frame in enumerate(suited)
                if self.carries(frame, plan, kept)
            }
            if weights:
                return suited[self.pick(weights)], kept
        raise ValueError(f"no verb of the grammar suits {plan}")

    def suits(self, frame: Frame, plan: Plan) -> bool:
        """Whether the subject, the time and the gap of the clause are such as the verb takes."""
        subjects = frame["subject"].split()
        if plan.era not in frame.get("eras", self.grammar["eras"]):
            return False
        if plan.subject and (plan.subject.kind not in subjects or "swap" in frame):
            return False
        if "timeless" in frame and plan.shape == "question" and plan.lead != SILENT:
            return False
        if not plan.head or plan.gap == "subject":
            return True
        # "Die Frau, die das Kind sieht" is the one who sees. To be seen, a person needs a pronoun that shows its case.
        case, *kinds = frame.get(plan.gap, "none").split()
        shows = plan.head.kind not in PEOPLE or plan.head.referent == "masculine" or case == "dative"
        return plan.head.kind in kinds and shows and "swap" not in frame

    def carries(self, frame: Frame, plan: Plan, edge: str) -> bool:
        """Whether such a clause can hang on the verb's end."""
        complement = frame.get("complement", "")
        if edge == "complement":
            return plan.era in self.grammar["complements"].get(complement, ())
        room = {
            "relative": "object" in frame and "swap" not in frame,
            "purpose": "goal" in frame and plan.era != "none",
            "adverbial": plan.era != "none",
            "shared": plan.shape != "question" and "person" in frame["subject"].split(),
        }
        return room.get(edge, True) and complement == ("infinitive" if edge == "infinitive" else "")

    # ------------------------------------------------------------------------------------------- what fills the slots
    def objects(self, plan: Plan, frame: Frame, edge: str, subject: Nominal, barred: list[str]) -> dict[str, Nominal]:
        found: dict[str, Nominal] = {}
        owner = subject.referent if subject.kind in PEOPLE else ""
        for slot in ("recipient", "object"):
            if slot not in frame or slot == plan.gap:
                continue
            case, *kinds = frame[slot].split()
            if "person" in kinds and "swap" not in frame and edge != "relative" and self.chance(15):
                pronouns = self.grammar["object pronouns"][case]
                others = [other for other in pronouns if other not in US or subject.referent not in US]
                found["object-pronoun"] = self.pronoun(self.pick(others), case)
            else:
                found[slot] = self.nominal(kinds, case, owner, barred, head=edge == "relative")
        return found

    def adverbs(self, plan: Plan, frame: Frame, edge: str, subject: Nominal, fronted: bool) -> dict[str, Phrase]:
        """Time, frequency, negation, company, place and predicate; `fronted`: something else stands first already."""
        grammar = self.grammar
        slots: dict[str, Phrase] = {}
        late = edge not in ("relative", "infinitive")  # English may say when and where between the verb and the edge
        asked = plan.shape == "question" and plan.lead != SILENT
        timed = plan.timed and plan.era in grammar["times"] and "timeless" not in frame and not asked
        if timed and ((plan.shape == "fronted" and not fronted) or (late and self.chance(30))):
            slots["time"] = self.entry(grammar["times"][plan.era])
        elif timed and plan.era != "future" and self.chance(15):
            slots["frequency"] = self.entry(grammar["frequencies"])
        elif plan.shape in ("statement", "subordinate") and subject.definite and edge != "purpose" and self.chance(12):
            slots["negation"] = self.entry(grammar["negation"])
            self.phenomena.add("negation")
        for slot, role in grammar["adjuncts"].items():
            if slot in frame or (slot in frame.get("adjuncts", "").split() and late and self.chance(25)):
                case, *kinds = frame.get(slot, role).split()
                noun = self.noun_phrase(kinds, case, subject.referent if subject.kind in PEOPLE else "", ["no"])
                phrase = join(self.entry(grammar["prepositions"][slot]), noun.phrase)
                slots[slot] = Phrase(contract(phrase.de, grammar["contractions"]["de"]), phrase.en)
        if "predicate" in frame:
            slots["predicate"] = self.predicate(frame["predicate"], plan.head or subject)
        return slots

    def predicate(self, sort: str, subject: Nominal) -> Phrase:
        """How someone feels, how old they are, or what something is like: nothing that its adjective says already."""
        if sort == "trait" and subject.kind in PEOPLE and self.chance(50):
            return self.entry(self.grammar["age"][subject.kind])
        adjectives, said = self.grammar["adjectives"], {word.form for word in subject.phrase.en}
        fitting = self.grammar["moods"] if sort == "mood" else self.grammar["traits"][subject.kind].split()
        adjective = self.pick([adjective for adjective in fitting if adjectives[adjective] not in said])
        return self.link(adjective, adjectives[adjective])

    def again(self, subject: Nominal) -> Nominal | None:
        """Half of the time, a pronoun for a person just spoken of."""
        known = subject.referent in self.grammar["pronouns"] and subject.kind in PEOPLE
        return self.pronoun(subject.referent, "nominative") if known and self.chance(50) else None

    # ------------------------------------------------------------------------------------------- clauses within clauses
    def edge(
        self, edge: str, plan: Plan, frame: Frame, subject: Nominal, objects: Mapping[str, Nominal], extra: int
    ) -> Phrase:
        """The clause that hangs on the end of another."""
        inner = Plan("infinitive", "none", extra, plan.depth + 1, subject=silent(subject))
        if edge == "relative":
            return self.relative(plan, objects["object"], extra)
        if edge == "adverbial":
            return commas(self.adverbial(plan, extra, self.again(subject)).phrase)
        if edge == "complement":
            complements = self.grammar["complements"]
            inner = inner._replace(era=plan.era, subject=self.again(subject))
            return commas(self.subordinate(inner, frame["complement"], complements[frame["complement"]]).phrase)
        if edge == "shared":  # one subject, two verbs
            self.phenomena.add("coordination")
            shape = "statement" if plan.shape == "fronted" else plan.shape
            lead = self.entry(self.grammar["and"])
            return self.clause(inner._replace(shape=shape, era=plan.era, lead=lead, timed=plan.timed)).phrase
        lead = self.entry(self.grammar["purpose"]) if edge == "purpose" else SILENT
        return commas(self.clause(inner._replace(lead=lead)).phrase)

    def adverbial(self, plan: Plan, extra: int, subject: Nominal | None = None) -> Clause:
        conjunctions = self.grammar["conjunctions"]
        conjunction = self.pick([one for one, rule in conjunctions.items() if plan.era in rule])
        inner = Plan("subordinate", plan.era, extra, plan.depth + 1, subject=subject, timed=False)
        return self.subordinate(inner, conjunction, conjunctions[conjunction])

    def subordinate(self, plan: Plan, conjunction: str, rule: Mapping[str, str]) -> Clause:
        self.phenomena.add("subordinate")
        era, lead = self.pick(rule[plan.era].split()), self.link(conjunction, rule["en"])
        return self.clause(plan._replace(shape="subordinate", era=era, lead=lead))

    def relative(self, plan: Plan, head: Nominal, extra: int) -> Phrase:
        self.phenomena.add("relative")
        era = self.pick(self.grammar["relative eras"][plan.era].split())
        gap = self.pick(self.grammar["gaps"])
        subject = silent(head) if gap == "subject" else None
        inner = Plan("subordinate", era, extra, plan.depth + 1, subject=subject, head=head, gap=gap)
        return commas(self.clause(inner).phrase)

    def relative_pronoun(self, head: Nominal, gap: str, frame: Frame) -> Phrase:
        case = "nominative" if gap == "subject" else frame[gap].split()[0]
        person = "who" if gap == "subject" else "whom"
        return self.link(self.ending("relative", case, head.referent), person if head.kind in PEOPLE else "that")

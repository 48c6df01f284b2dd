"""Build sentences of nested clauses: a derivation fills the slots of a clause, and each language orders them.

A rule of `grammar.yaml` gives words of both languages at once. Each word carries the concepts that it expresses. The
concepts keep the words linked when the two languages order them differently. (Synchronous grammars: Aho & Ullman 1969;
for translation: Wu 1997, Chiang 2007.)
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
    """The properties of a clause that are decided before its words are chosen."""

    shape: str  # word order
    era: str  # when it happens
    extra: int = 0  # how many more clauses to nest in this one
    depth: int = 0
    lead: Phrase = SILENT  # a conjunction or a question word
    subject: Nominal | None = None
    head: Nominal | None = None  # the noun that a relative clause describes
    gap: str = ""  # the slot that the head fills in the relative clause
    timed: bool = True  # the clause may have an adverb of time


def commas(phrase: Phrase) -> Phrase:
    """Put commas around a German clause inside another clause."""
    return Phrase((COMMA, *phrase.de, COMMA), phrase.en)


def silent(subject: Nominal) -> Nominal:
    """Return a subject without words, as of an infinitive. The verb still agrees with it."""
    return subject._replace(phrase=SILENT, pronoun=False)


class Derivation(Phrases):
    """The derivation of one sentence."""

    def sentence(self, clauses: int) -> tuple[Phrase, str]:
        """Return the words of a sentence of at most `clauses` clauses, and its final punctuation mark."""
        parts: list[int] = []
        while left := clauses - sum(parts):
            parts.append(min(left, 1 + self.below(3)) if left > 4 or self.chance(35) else left)
        shapes = dict(self.grammar["main"])
        if self.pick(shapes) == "question" and len(parts) == 1:
            self.phenomena.add("question")
            lead = self.entry(self.grammar["questions"]) if self.chance(40) else SILENT
            plan = Plan("question", self.pick(self.grammar["main eras"]), clauses - 1, lead=lead)
            return self.clause(plan).phrase, "?"
        del shapes["question"]
        lead, phrases = SILENT, []
        for part in parts:
            plan = Plan(self.pick(shapes), self.pick(self.grammar["main eras"]), part - 1, lead=lead)
            phrases.append(self.clause(plan).phrase)
            lead = join(Phrase((COMMA,), (COMMA,)), self.entry(self.grammar["coordinators"]))
        self.phenomena |= {"coordination"} if len(parts) > 1 else set()
        return join(*phrases), "."

    def clause(self, plan: Plan) -> Clause:
        """Fill the slots of a clause, then put them in the order of each language."""
        slots = {"lead": plan.lead}
        nested = self.place_nested_clauses(plan)
        if "before" in nested:
            before = self.adverbial(plan, nested["before"])
            slots["front"] = Phrase((*before.phrase.de, COMMA), (*before.phrase.en, COMMA))
            plan = plan._replace(shape="fronted", subject=self.repeat_as_pronoun(before.subject))
        frame, edge = self.frame(plan, self.pick(self.grammar["edges"]) if "edge" in nested else "")
        tense = self.pick(frame.get("eras", self.grammar["eras"])[plan.era])
        subject = plan.subject or self.subject(frame["subject"].split(), head="subject" in nested or "swap" in frame)
        slots["pronoun" if subject.pronoun else "subject"] = subject.phrase
        if "subject" in nested and not plan.subject:
            slots["subject"] = join(subject.phrase, self.relative(plan, subject, nested["subject"]))
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
            first, second = slots["subject"], slots["object"]
            slots["subject"], slots["object"] = Phrase(first.de, second.en), Phrase(second.de, first.en)
        if edge:
            slots["edge"] = self.edge(edge, plan, frame, subject, objects, nested["edge"])
        return Clause(self.order(plan.shape, slots, objects), subject)

    def order(self, shape: str, slots: dict[str, Phrase], objects: Mapping[str, Nominal]) -> Phrase:
        """Put the slots in each language's order. A shape without a phrase for its first place becomes a statement."""
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

    # -------------------------------------------------------------------------------- the verb and the nested clauses
    def place_nested_clauses(self, plan: Plan) -> dict[str, int]:
        """Distribute the extra clauses over the positions for a nested clause.

        Returns:
            by position: how many more clauses to nest in the clause at this position.
        """
        closed = {"subject", "before"} if plan.subject else {"subject", "edge"} if plan.head else set()
        closed |= {"before"} if plan.lead != SILENT else set()
        positions = self.grammar["attach"][plan.shape] if plan.depth < self.grammar["depth"] else []
        positions = [position for position in positions if position not in closed]
        nested: dict[str, int] = {}
        extra = plan.extra
        while extra and positions:
            position = self.pick(positions)
            positions = [other for other in positions if other != position]
            count = 1 + self.below(extra)
            nested[position] = count - 1
            extra -= count
        return nested

    def frame(self, plan: Plan, edge: str) -> tuple[Frame, str]:
        """Pick a verb frame that suits the clause. If no frame allows the edge, return one without an edge."""
        suited = [frame for frame in self.grammar["frames"] if self.suits(frame, plan)]
        for allowed in (edge, ""):
            weights = {
                index: frame.get("weight", len(frame["verbs"]))
                for index, frame in enumerate(suited)
                if self.allows_edge(frame, plan, allowed)
            }
            if weights:
                return suited[self.pick(weights)], allowed
        raise ValueError(f"no verb of the grammar suits {plan}")

    def suits(self, frame: Frame, plan: Plan) -> bool:
        """Return whether the verb takes the subject, the time and the gap of the clause."""
        subjects = frame["subject"].split()
        if plan.era not in frame.get("eras", self.grammar["eras"]):
            return False
        if plan.subject and (plan.subject.kind not in subjects or "swap" in frame):
            return False
        if "timeless" in frame and plan.shape == "question" and plan.lead != SILENT:
            return False
        if not plan.head or plan.gap == "subject":
            return True
        # In "die Frau, die das Kind sieht", the woman sees. For a person as the object, the pronoun must show the case.
        case, *kinds = frame.get(plan.gap, "none").split()
        shows = plan.head.kind not in PEOPLE or plan.head.referent == "masculine" or case == "dative"
        return plan.head.kind in kinds and shows and "swap" not in frame

    def allows_edge(self, frame: Frame, plan: Plan, edge: str) -> bool:
        """Return whether a clause of this kind can follow the verb."""
        complement = frame.get("complement", "")
        if edge == "complement":
            return plan.era in self.grammar["complements"].get(complement, ())
        allowed = {
            "relative": "object" in frame and "swap" not in frame,
            "purpose": "goal" in frame and plan.era != "none",
            "adverbial": plan.era != "none",
            "shared": plan.shape != "question" and "person" in frame["subject"].split(),
        }
        return allowed.get(edge, True) and complement == ("infinitive" if edge == "infinitive" else "")

    # ------------------------------------------------------------------------------------- the contents of the slots
    def objects(self, plan: Plan, frame: Frame, edge: str, subject: Nominal, barred: list[str]) -> dict[str, Nominal]:
        """Fill the slots of the objects, except the gap of a relative clause. barred: determiners not to use."""
        objects: dict[str, Nominal] = {}
        owner = subject.referent if subject.kind in PEOPLE else ""
        for slot in ("recipient", "object"):
            if slot not in frame or slot == plan.gap:
                continue
            case, *kinds = frame[slot].split()
            if "person" in kinds and "swap" not in frame and edge != "relative" and self.chance(15):
                pronouns = self.grammar["object pronouns"][case]
                others = [other for other in pronouns if other not in US or subject.referent not in US]
                objects["object-pronoun"] = self.pronoun(self.pick(others), case)
            else:
                objects[slot] = self.nominal(kinds, case, owner, barred, head=edge == "relative")
        return objects

    def adverbs(self, plan: Plan, frame: Frame, edge: str, subject: Nominal, fronted: bool) -> dict[str, Phrase]:
        """Fill the slots of time, frequency, negation, company, place and predicate.

        `fronted`: another phrase is first already.
        """
        grammar = self.grammar
        slots: dict[str, Phrase] = {}
        late = edge not in ("relative", "infinitive")  # English may put time and place between the verb and the edge
        has_question_word = plan.shape == "question" and plan.lead != SILENT
        timed = plan.timed and plan.era in grammar["times"] and "timeless" not in frame and not has_question_word
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
        """Return a mood, an age or a property of the subject that its own adjective does not name already."""
        if sort == "trait" and subject.kind in PEOPLE and self.chance(50):
            return self.entry(self.grammar["age"][subject.kind])
        adjectives, used = self.grammar["adjectives"], {word.form for word in subject.phrase.en}
        fitting = self.grammar["moods"] if sort == "mood" else self.grammar["traits"][subject.kind].split()
        adjective = self.pick([adjective for adjective in fitting if adjectives[adjective] not in used])
        return self.link(adjective, adjectives[adjective])

    def repeat_as_pronoun(self, subject: Nominal) -> Nominal | None:
        """Return a pronoun for a person who has just been mentioned, half of the time."""
        has_pronoun = subject.referent in self.grammar["pronouns"] and subject.kind in PEOPLE
        return self.pronoun(subject.referent, "nominative") if has_pronoun and self.chance(50) else None

    # ------------------------------------------------------------------------------------------- clauses within clauses
    def edge(
        self, edge: str, plan: Plan, frame: Frame, subject: Nominal, objects: Mapping[str, Nominal], extra: int
    ) -> Phrase:
        """Return the clause that follows at the end of another clause."""
        inner = Plan("infinitive", "none", extra, plan.depth + 1, subject=silent(subject))
        if edge == "relative":
            return self.relative(plan, objects["object"], extra)
        if edge == "adverbial":
            return commas(self.adverbial(plan, extra, self.repeat_as_pronoun(subject)).phrase)
        if edge == "complement":
            complements = self.grammar["complements"]
            inner = inner._replace(era=plan.era, subject=self.repeat_as_pronoun(subject))
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
        conjunction = self.pick([name for name, rule in conjunctions.items() if plan.era in rule])
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

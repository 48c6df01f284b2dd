"""The grammar corpus equals what its grammar generates, byte for byte, and follows the rules of German and English."""

import copy
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

DATA = Path(__file__).parents[2] / "data"
sys.path.insert(0, str(DATA))

import generate  # noqa: E402
from lexicon import Noun, Verb, spell_number, third_person  # noqa: E402

GRAMMAR = generate.load_grammar()
NUMBERS = dict(spell_number(number, GRAMMAR["numbers"]) for number in range(2, 100))
VERBS = [Verb.parse(*entry) for frame in GRAMMAR["frames"] for entry in frame["verbs"].items()]
AUXILIARY_FORMS = {
    form
    for table in GRAMMAR["auxiliaries"].values()
    for time in ("present", "past")
    for form in table.get(time, "").split()
}
FINITE_LAST = AUXILIARY_FORMS | {verb.prefix + form for verb in VERBS for form in verb.present}
PARTICIPLES = {verb.prefix + verb.perfect for verb in VERBS}
INFINITIVES = {verb.prefix + verb.infinitive for verb in VERBS}
NESTED = {"relative", "coordination", "infinitive", "subordinate"}

Row = dict[str, Any]
Corpus = dict[str, list[Row]]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return dict(generate.corpus(GRAMMAR, 1))


def rows(corpus: Corpus) -> Iterator[Row]:
    return (row for split in corpus.values() for row in split)


def words(sentence: str) -> list[str]:
    return [word.strip(",.?") for word in sentence.split()]


def links(row: Row) -> list[tuple[int, int]]:
    return [(int(german), int(english)) for german, english in (link.split("-") for link in row["alignment"].split())]


# ----------------------------------------------------------------------------------------------------- the files
def test_files_follow_from_the_grammar_byte_for_byte(corpus: Corpus) -> None:
    for name, split in corpus.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in split)
        assert (DATA / "grammar" / f"{name}.jsonl").read_bytes() == text.encode(), (
            f"run `python data/generate.py`: {name}"
        )


def test_sizes_and_lengths(corpus: Corpus) -> None:
    for name, split in generate.SPLITS.items():
        lengths = [max(len(row["de"].split()), len(row["en"].split())) for row in corpus[name]]
        assert len(lengths) == split.rows
        assert split.shortest <= min(lengths)
        assert max(lengths) <= split.longest
    lengths = [len(row["de"].split()) for row in corpus["test"]]
    assert 11 < sum(lengths) / len(lengths) < 15
    assert min(lengths) < 5
    assert max(lengths) > 40


def test_no_sentence_occurs_twice(corpus: Corpus) -> None:
    for side in ("de", "en"):
        assert max(Counter(row[side] for row in rows(corpus)).values()) == 1


def test_train_shows_every_word_often(corpus: Corpus) -> None:
    for side in ("de", "en"):
        shown = Counter(word for row in corpus["train"] for word in words(row[side]))
        for name in ("validation", "test", "test_long"):
            rarest = min((shown[word], word) for row in corpus[name] for word in words(row[side]))
            assert rarest[0] >= generate.OFTEN, f"{rarest[1]} in {name}"


def test_every_phenomenon_is_tested(corpus: Corpus) -> None:
    counts = Counter(tag for row in corpus["test"] for tag in row["phenomena"])
    assert set(counts) == {tag for row in corpus["train"] for tag in row["phenomena"]}
    assert min(counts.values()) >= 20
    assert all(row["phenomena"] == sorted(set(row["phenomena"])) for row in rows(corpus))


def test_readme_gives_the_numbers_of_the_files(corpus: Corpus) -> None:
    tables = [line.strip("| ").split(" | ") for line in (DATA / "README.md").read_text("utf-8").splitlines()]
    named = {cells[0].strip("`"): cells for cells in tables if len(cells) == 5}
    translations = {row["de"]: row for row in corpus["test"]}
    for tag in {tag for row in corpus["train"] for tag in row["phenomena"]}:
        _, _, train, test, example = named[tag]
        assert [train, test] == [
            f"{sum(tag in row['phenomena'] for row in corpus[name]):,}" for name in ("train", "test")
        ]
        german, english = example.strip("*").split(" *")
        assert translations[german]["en"] == english
        assert tag in translations[german]["phenomena"]
    sizes = {cells[0]: cells for cells in tables if len(cells) == 6}
    for name, split in corpus.items():
        counts = [len(split)] + [sum(len(row[side].split()) for row in split) for side in ("de", "en")]
        assert sizes[name][1:4] == [f"{count:,}" for count in counts]


# -------------------------------------------------------------------------------------------------- the translation
def few_words() -> dict[str, Any]:
    """Return the grammar with very few words, so that it draws the same sentences many times."""
    grammar = copy.deepcopy(dict(GRAMMAR))
    verbs, kinds = ("an|rufen", "helfen", "gefallen", "sagen", "haben", "sein"), ("person", "text")
    grammar["frames"] = [frame for frame in grammar["frames"] if next(iter(frame["verbs"])).split()[0] in verbs]
    for frame in grammar["frames"]:
        frame["verbs"] = dict(list(frame["verbs"].items())[:1])
        frame["adjuncts"] = ""
        for slot in {"subject", "object"} & set(frame):
            kept = (*kinds, "accusative", "dative")
            frame[slot] = " ".join(word for word in frame[slot].split() if word in kept)
    grammar["nouns"] = {"person": {"die Frau Frauen": "woman women"}, "text": {"der Brief Briefe": "letter letters"}}
    grammar["determiner choice"] = {kind: {"some": 1, "own": 1, "every": 1} for kind in kinds}
    grammar["describes"] = dict.fromkeys(grammar["nouns"], "alt")
    grammar["traits"] = dict.fromkeys(grammar["nouns"], "alt schön")
    grammar |= {"times": {}, "moods": ["müde"], "modals": ["können"], "row": {1: 1}, "names": {"Anna": "feminine"}}
    return grammar


def test_a_sentence_has_one_translation() -> None:
    grammar, generator = few_words(), random.Random(7)
    english: dict[str, str] = {}
    repeated = 0
    for _ in range(5000):
        german, other, _ = generate.draw(grammar, 1 + int(2 * generator.random()), generator)
        source, target = (" ".join(word.form for word in side) for side in (german, other))
        repeated += source in english
        assert english.setdefault(source, target) == target
    assert 500 < repeated < 4500


def test_an_entry_means_one_thing() -> None:
    meanings: dict[str, set[Verb]] = {}
    for verb in VERBS:
        meanings.setdefault(verb.prefix + verb.infinitive, set()).add(verb)
    assert [verb for verb, several in meanings.items() if len(several) > 1] == []
    nouns = [Noun.parse(*entry) for kind in GRAMMAR["nouns"].values() for entry in kind.items()]
    assert len({noun.singular for noun in nouns}) == len(nouns)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), clauses=st.integers(1, 9))
def test_alignment_covers_every_word(seed: int, clauses: int) -> None:
    german, english, _ = generate.draw(GRAMMAR, clauses, random.Random(seed))
    pairs = links({"alignment": generate.align(german, english)})
    assert {german_word for german_word, _ in pairs} == set(range(len(german)))
    assert {english_word for _, english_word in pairs} == set(range(len(english)))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), clauses=st.integers(1, 9))
def test_sentences_are_spelled_like_real_text(seed: int, clauses: int) -> None:
    for side in generate.draw(GRAMMAR, clauses, random.Random(seed))[:2]:
        text = " ".join(word.form for word in side)
        assert text[0].isupper()
        assert text[-1] in ".?"
        assert all(word.form.rstrip(",.?").replace("-", "").replace("'", "").isalpha() for word in side)
        assert not any(word.form[:-1].endswith((",", ".", "?")) for word in side)


def test_number_words_meet_their_translation(corpus: Corpus) -> None:
    assert NUMBERS["einundzwanzig"] == "twenty-one"
    assert len(NUMBERS) == len(set(NUMBERS.values())) == 98
    counts = Counter()
    for row in rows(corpus):
        german, english = words(row["de"].lower()), words(row["en"].lower())
        partners = {i: english[j] for i, j in links(row)}
        for place, word in enumerate(german):
            if word in NUMBERS:
                counts[word] += 1
                assert partners[place] == NUMBERS[word]
    assert min(counts.values()) > 20
    assert set(counts) == set(NUMBERS)


# ------------------------------------------------------------------------------------------------------- the languages
@pytest.mark.parametrize("conjunction", ["weil", "obwohl", "wenn", "dass", "ob", "bevor", "nachdem", "sobald"])
def test_subordinate_clauses_end_in_their_verb(corpus: Corpus, conjunction: str) -> None:
    checked = 0
    for row in rows(corpus):
        if NESTED & set(row["phenomena"]) == {"subordinate"}:
            for part in row["de"].rstrip(".?").split(","):
                first, *_, last = part.split()
                if first.lower() == conjunction:
                    checked += 1
                    assert last in FINITE_LAST, row["de"]
    assert checked >= 10


def test_main_clauses_end_in_participle_or_infinitive(corpus: Corpus) -> None:
    plain = [row for row in rows(corpus) if not NESTED & set(row["phenomena"])]
    for tag, forms in (("perfect", PARTICIPLES), ("modal", INFINITIVES), ("future", INFINITIVES)):
        chosen = [row for row in plain if tag in row["phenomena"]]
        assert len(chosen) > 100
        for row in chosen:
            german = words(row["de"])
            assert german[-1] in forms, row["de"]
            assert {word.lower() for word in german[:-1]} & AUXILIARY_FORMS, row["de"]


def test_a_separable_verb_is_one_english_verb(corpus: Corpus) -> None:
    stems = {(verb.prefix, form): verb for verb in VERBS if verb.prefix for form in verb.present}
    checked = 0
    for row in rows(corpus):
        if not (NESTED | {"negation", "question"}) & set(row["phenomena"]):
            german = words(row["de"].lower())
            partners = [{other for one, other in links(row) if one == place} for place in range(len(german))]
            for place, word in enumerate(german[:-1]):
                if (german[-1], word) in stems and partners[place] & partners[-1]:
                    checked += 1
                    verb = stems[german[-1], word]
                    spoken = " ".join(words(row["en"])[other] for other in sorted(partners[place]))
                    assert spoken in (verb.base, third_person(verb.base))
                    assert partners[place] == partners[-1]
    assert checked > 100


def test_no_form_that_either_language_forbids(corpus: Corpus) -> None:
    for row in rows(corpus):
        english, german = words(row["en"].lower()), words(row["de"].lower())
        for first, second in pairwise(english):
            assert first not in ("a", "an") or (first == "an") == (second[0] in "aeiou"), row["en"]
            assert (first, second) != ("can", "not")
            agrees = first not in ("he", "she") or second not in {verb.base for verb in VERBS} - {"read"}
            assert agrees or "question" in row["phenomena"], row["en"]
        for first, second in pairwise(german):
            assert (first, second) not in (("in", "das"), ("in", "dem"))
            assert first not in ("wir", "ich") or second not in {verb.third for verb in VERBS} - PARTICIPLES, row["de"]


@pytest.mark.parametrize(
    ("german", "english", "case", "many", "form"),
    [
        ("der Junge/Jungen Jungen", "boy boys", "accusative", False, "Jungen"),
        ("der Mann Männer", "man men", "dative", True, "Männern"),
        ("das Radio Radios", "radio radios", "dative", True, "Radios"),
        ("der Apfel Äpfel", "apple apples", "dative", True, "Äpfeln"),
        ("die Frau Frauen", "woman women", "dative", True, "Frauen"),
    ],
)
def test_nouns_decline(german: str, english: str, case: str, many: bool, form: str) -> None:
    assert Noun.parse(german, english).decline(case, many) == form

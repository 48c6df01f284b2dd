"""Write the German-English grammar corpus: pairs of sentences with their word alignments, drawn from grammar.yaml.

The corpus depends on the grammar and the seed alone. It has the same bytes on every machine.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from clauses import Derivation
from lexicon import COMMA, Word, contract

HERE = Path(__file__).parent
OFTEN = 5  # every word of the other splits occurs at least this many times in train
Grammar = Mapping[str, Any]
Row = dict[str, Any]


class Split(NamedTuple):
    rows: int
    shortest: int  # in words, of the longer side
    longest: int
    clauses: str  # the grammar's weights for the number of clauses


SPLITS = {
    "train": Split(10_000, 3, 50, "clauses"),
    "validation": Split(500, 3, 50, "clauses"),
    "test": Split(500, 3, 50, "clauses"),
    "test_long": Split(500, 30, 80, "long clauses"),
}


def load_grammar(path: Path = HERE / "grammar.yaml") -> Grammar:
    grammar: Grammar = yaml.safe_load(path.read_text(encoding="utf-8"))
    return grammar


def tokens(words: Iterable[Word], end: str) -> list[Word]:
    """Spell a sentence: attach commas to the word before, choose a or an, capitalise the first word, add `end`."""
    spelled: list[Word] = []
    for word, after in pairwise([*words, COMMA]):
        if word == COMMA:
            word = spelled.pop()
            word = Word(word.form.rstrip(",") + ",", word.concepts)
        elif word.form == "a" and after.form[0] in "aeiou":
            word = Word("an", word.concepts)
        spelled.append(word)
    first = spelled[0]
    spelled[0] = Word(first.form[0].upper() + first.form[1:], first.concepts)
    last = spelled.pop()
    return [*spelled, Word(last.form.rstrip(",") + end, last.concepts)]


def draw(grammar: Grammar, clauses: int, generator: random.Random) -> tuple[list[Word], list[Word], list[str]]:
    """Draw a German sentence. Return it, its English translation, and the phenomena in them."""
    derivation = Derivation(grammar, generator)
    phrase, end = derivation.sentence(clauses)
    english = contract(phrase.en, grammar["contractions"]["en"])
    return tokens(phrase.de, end), tokens(english, end), sorted(derivation.phenomena)


def align(german: Sequence[Word], english: Sequence[Word]) -> str:
    """Return the links between words that share a concept, in Pharaoh format: `0-0 1-2`, German first."""
    pairs = ((i, j) for i, de in enumerate(german) for j, en in enumerate(english) if de.concepts & en.concepts)
    return " ".join(f"{i}-{j}" for i, j in pairs)


def corpus(grammar: Grammar, seed: int) -> Iterator[tuple[str, list[Row]]]:
    """Yield each split's name and rows.

    No sentence of either language occurs twice in the corpus. Outside train, every word is frequent in train.
    """
    seen: set[str] = set()
    counts: Counter[tuple[str, str]] = Counter()
    for number, (name, split) in enumerate(SPLITS.items()):
        generator = random.Random(seed * len(SPLITS) + number)
        weights = [count for count, weight in grammar[split.clauses].items() for _ in range(weight)]
        rows: list[Row] = []
        while len(rows) < split.rows:
            german, english, phenomena = draw(grammar, weights[int(generator.random() * len(weights))], generator)
            texts = {side: " ".join(word.form for word in words) for side, words in (("de", german), ("en", english))}
            words = [(side, word.strip(",.?")) for side, text in texts.items() for word in text.split()]
            fits = split.shortest <= max(len(german), len(english)) <= split.longest
            frequent = name == "train" or all(counts[word] >= OFTEN for word in words)
            if fits and frequent and seen.isdisjoint(texts.values()):
                seen.update(texts.values())
                counts.update(words if name == "train" else ())
                rows.append({**texts, "alignment": align(german, english), "phenomena": phenomena})
        yield name, rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="`python data/generate.py` writes data/grammar/*.jsonl again; `--check` tests whether they still "
        "follow from grammar.yaml; `--seed 2 --output /tmp/other` draws another corpus from the same language.",
    )
    parser.add_argument("--seed", type=int, default=1, help="which corpus to draw (default: 1, the one kept here)")
    parser.add_argument("--output", type=Path, default=HERE / "grammar", metavar="FOLDER", help="default: %(default)s")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file in FOLDER differs")
    options = parser.parse_args()
    if not options.check:
        options.output.mkdir(parents=True, exist_ok=True)
    stale = []
    for name, rows in corpus(load_grammar(), options.seed):
        path = options.output / f"{name}.jsonl"
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        if options.check:
            stale += [] if path.exists() and path.read_bytes() == text else [str(path)]
            continue
        part = path.with_suffix(".part")  # a file is written completely or not at all
        part.write_bytes(text)
        part.replace(path)
        print(f"{path}: {len(rows)} rows")
    if stale:
        parser.exit(
            1, f"different from seed {options.seed}: {', '.join(stale)}; run without --check to write them again\n"
        )


if __name__ == "__main__":
    main()

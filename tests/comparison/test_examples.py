"""The sentences that a report shows: those on which the first variant and the last one differ most."""

import statistics

import pytest
from random_sentences import REFERENCES
from scored_runs import RESULTS, TEST, scored_run

from seq2seq.comparison.analysis import group_by_variant
from seq2seq.comparison.examples import choose_examples


def test_examples_are_the_largest_gains_and_losses() -> None:
    examples = RESULTS.examples
    gains = [example.gain for example in examples]
    better, worse = [gain for gain in gains if gain > 0], [gain for gain in gains if gain < 0]
    assert gains == sorted(better, reverse=True) + sorted(worse)
    assert len(better) == 3
    lengths = [len(line.split()) for line in REFERENCES]
    assert all(lengths[example.sentence - 1] >= statistics.median(lengths) for example in examples)
    for example in examples:
        assert example.reference == REFERENCES[example.sentence - 1]
        chrf = {name: translation.chrf for name, translation in example.translations.items()}
        assert example.gain == pytest.approx(chrf["bahdanau"] - chrf["bottleneck"])


def test_equal_translations_give_no_examples() -> None:
    assert choose_examples(group_by_variant([scored_run("a", 1, 0.3), scored_run("b", 1, 0.3)]), TEST) == []


def test_examples_compare_the_first_variant_and_the_last() -> None:
    runs = [scored_run(name, 1, fraction) for name, fraction in (("a", 0.5), ("b", 0.4), ("c", 0.1))]
    examples = choose_examples(group_by_variant(runs), TEST)
    assert examples
    assert {*map(tuple, (example.translations for example in examples))} == {("a", "c")}

"""Scores and differences on a test set, computed from runs that no training made."""

import pytest
from random_sentences import REFERENCES, damaged
from scored_runs import RESULTS, RUNS, TEST, scored_run

from seq2seq.comparison.analysis import group_by_variant
from seq2seq.comparison.scores import score_test_set
from seq2seq.evaluation.metrics import bleu
from seq2seq.evaluation.significance import compare, over_seeds

RESULT = RESULTS.test_sets[0]


def test_the_difference_is_the_mean_of_the_seeds_differences_with_sacrebleus_p_values() -> None:
    difference = RESULT.differences["bleu"]["bahdanau"]
    tests = {}
    for seed in (1, 2):
        a, b = damaged(REFERENCES, 0.5, seed), damaged(REFERENCES, 0.2, seed)
        tests[seed] = compare(a, b, REFERENCES)
    assert [result.seeds for result in difference.by_seed] == [[1, 1], [2, 2]]
    for result in difference.by_seed:
        assert result.p_value == tests[result.seeds[0]].p_value
        assert result.difference == tests[result.seeds[0]].difference
        assert result.over_test_sets.low < result.difference < result.over_test_sets.high
    differences = [tests[seed].difference for seed in (1, 2)]
    assert difference.difference == pytest.approx(sum(differences) / 2)
    assert difference.over_test_sets.low < difference.difference < difference.over_test_sets.high
    interval = over_seeds(differences)
    assert interval is not None
    assert difference.over_seeds == interval
    # The other variants are compared with the first one.
    assert RESULT.differences["bleu"].keys() == {"bahdanau"}


def test_scores_are_in_the_order_of_the_seeds() -> None:
    values = RESULT.scores["bottleneck"]["bleu"].values
    assert values == [bleu(damaged(REFERENCES, 0.5, seed), REFERENCES).value for seed in (1, 2)]


def test_every_sentence_is_in_one_bucket() -> None:
    assert sum(bucket.sentences for bucket in RESULT.by_length) == len(REFERENCES)


def test_one_seed_has_no_interval_and_no_deviation() -> None:
    result = score_test_set(group_by_variant([RUNS[1], RUNS[2]]), TEST)
    assert result.differences["bleu"]["bahdanau"].over_seeds is None
    assert result.scores["bahdanau"]["bleu"].sd is None


def test_equal_translations_have_a_p_value_of_one() -> None:
    same = score_test_set(group_by_variant([scored_run("a", 1, 0.3), scored_run("b", 1, 0.3)]), TEST)
    assert same.differences["bleu"]["b"].by_seed[0].p_value == 1


def test_chrf_has_a_difference_with_its_intervals_too() -> None:
    difference, scores = RESULT.differences["chrf"]["bahdanau"], RESULT.scores
    assert difference.difference == pytest.approx(scores["bahdanau"]["chrf"].mean - scores["bottleneck"]["chrf"].mean)
    for interval in (difference.over_test_sets, difference.over_seeds):
        assert interval is not None
        assert interval.low < difference.difference < interval.high

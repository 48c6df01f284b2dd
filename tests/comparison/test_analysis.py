"""The results of a comparison: seeds, alignments and phenomena, computed from runs that no training made."""

import pytest
from random_sentences import REFERENCES, damaged
from scored_runs import CONDITIONS, RESULTS, RUNS, TEST

from seq2seq.comparison.analysis import ALL_SENTENCES, compute_results, diagonal_links, one_gold_link
from seq2seq.evaluation.metrics import alignment_error_rate


def test_variants_keep_their_order_and_seeds_are_sorted() -> None:
    assert RESULTS.seeds == {"bottleneck": [1, 2], "bahdanau": [1, 2]}
    assert list(RESULTS.seeds) == ["bottleneck", "bahdanau"]


def test_only_variants_that_attend_have_alignments() -> None:
    alignment = RESULTS.alignment
    assert alignment is not None
    assert alignment.rates.keys() == {"bahdanau"}
    assert alignment.rates["bahdanau"].mean == pytest.approx(1 - 4 / 5)
    # Each sentence has three gold links, for its first two words. One link per word finds two of them at most, and the
    # links of the other words are wrong.
    lengths = [len(line.split()) for line in REFERENCES]
    hits = sum(min(2, length) for length in lengths)
    assert alignment.upper_bound == pytest.approx(1 - 2 * hits / sum(length + 3 for length in lengths))


def test_one_gold_link_per_word_and_the_diagonal() -> None:
    gold = "0-2 1-2 3-0"  # the second target word has no gold link, so that any link of it is wrong
    assert one_gold_link(gold, 3) == [(3, 0), (-1, 1), (0, 2)]
    assert alignment_error_rate([one_gold_link(gold, 3)], [gold]) == pytest.approx(1 - 4 / 6)
    assert diagonal_links(6, 3) == [(0, 0), (2, 1), (4, 2)]
    assert diagonal_links(0, 0) == one_gold_link("", 0) == []


def test_phenomena_count_translations_that_equal_the_reference() -> None:
    phenomena = RESULTS.phenomena
    assert phenomena is not None
    assert list(phenomena) == [ALL_SENTENCES, "even", "odd", "third"]
    assert phenomena[ALL_SENTENCES].sentences == len(REFERENCES)
    assert phenomena["odd"].sentences + phenomena["even"].sentences == len(REFERENCES)
    texts = damaged(REFERENCES, 0.2, seed=1)
    odd = [row for row in range(len(REFERENCES)) if row % 2]
    percentage = 100 * sum(texts[row] == REFERENCES[row] for row in odd) / len(odd)
    assert phenomena["odd"].correct["bahdanau"].values[0] == pytest.approx(percentage)


def test_a_corpus_without_annotations_has_no_alignments_and_no_phenomena() -> None:
    results = compute_results(RUNS, [TEST._replace(alignments=None, phenomena=None)], CONDITIONS)
    assert results.alignment is None
    assert results.phenomena is None

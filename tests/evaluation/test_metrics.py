"""Scores equal sacreBLEU's, buckets lose no sentence, and the alignment error rate follows its definition."""

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from random_sentences import HYPOTHESES, REFERENCES, damaged

from seq2seq.errors import UserError
from seq2seq.evaluation import metrics
from seq2seq.text.words import count_words

Links = frozenset[tuple[int, int]]

lines = st.text(st.sampled_from("ab cD.,"), max_size=20)
pairs = st.lists(st.tuples(lines, lines), min_size=1, max_size=8)
links = st.frozensets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8)


@settings(deadline=None)
@given(pairs)
def test_scores_equal_sacrebleus(rows: list[tuple[str, str]]) -> None:
    hypotheses, references = map(list, zip(*rows, strict=True))
    assert metrics.bleu(hypotheses, references).value == sacrebleu.corpus_bleu(hypotheses, [references]).score
    lowercase = sacrebleu.corpus_bleu(hypotheses, [references], lowercase=True).score
    assert metrics.bleu(hypotheses, references, lowercase=True).value == lowercase
    assert metrics.chrf(hypotheses, references).value == sacrebleu.corpus_chrf(hypotheses, [references]).score


@pytest.mark.parametrize(("options", "key"), [([], "bleu"), (["-lc"], "bleu_lowercase"), (["-m", "chrf"], "chrf")])
def test_name_value_and_signature_equal_those_of_sacrebleus_command(
    options: list[str], key: str, tmp_path: Path
) -> None:
    (tmp_path / "hypotheses").write_text("\n".join(HYPOTHESES) + "\n", encoding="utf-8")
    (tmp_path / "references").write_text("\n".join(REFERENCES) + "\n", encoding="utf-8")
    files = [str(tmp_path / "references"), "-i", str(tmp_path / "hypotheses")]
    command = [sys.executable, "-m", "sacrebleu", *files, *options, "-w6"]
    printed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    ours = metrics.score_corpus(HYPOTHESES, REFERENCES)._asdict()[key]
    assert ours.name == printed["name"]
    assert ours.value == pytest.approx(printed["score"], abs=1e-6)
    assert ours.signature == printed["signature"]


def test_scores_of_a_corpus_differ_in_their_signatures_and_can_be_written_as_json() -> None:
    scores = metrics.score_corpus(HYPOTHESES, REFERENCES)
    dictionary = {key: score._asdict() for key, score in scores._asdict().items()}
    assert json.loads(json.dumps(dictionary)) == dictionary
    assert len({score.signature for score in scores}) == 3
    assert scores.bleu == metrics.bleu(HYPOTHESES, REFERENCES)


def test_case_counts_unless_lowercased() -> None:
    upper = [line.upper() for line in REFERENCES]
    assert metrics.bleu(upper, REFERENCES).value < 50
    assert metrics.bleu(upper, REFERENCES, lowercase=True).value == pytest.approx(100)


def test_the_reference_scores_100_and_damage_lowers_the_score() -> None:
    scores = [metrics.bleu(damaged(REFERENCES, fraction, seed=3), REFERENCES).value for fraction in (0, 0.1, 0.4)]
    assert scores[0] == pytest.approx(100)
    assert scores[0] > scores[1] > scores[2] > 0


@settings(deadline=None)
@given(
    sources=st.lists(st.integers(0, 60).map(lambda words: "w " * words), min_size=1, max_size=40),
    edges=st.lists(st.integers(1, 60), max_size=6),
    minimum=st.integers(0, 12),
)
def test_buckets_partition_the_corpus(sources: list[str], edges: list[int], minimum: int) -> None:
    targets = ["a b c d e"] * len(sources)
    buckets = metrics.bleu_by_length(sources, targets, targets, edges, minimum)
    lengths = [len(source.split()) for source in sources]
    assert (buckets[0].low, buckets[-1].high) == (min(lengths), max(lengths))
    for bucket in buckets:
        assert bucket.low <= bucket.high
        assert bucket.sentences == sum(bucket.low <= length <= bucket.high for length in lengths)
        assert bucket.sentences >= minimum or len(buckets) == 1
    for shorter, longer in itertools.pairwise(buckets):
        assert longer.low == shorter.high + 1
        assert shorter.high in edges
    assert sum(bucket.sentences for bucket in buckets) == len(sources)


def test_a_buckets_bleu_is_the_bleu_of_its_sentences() -> None:
    buckets = metrics.bleu_by_length(REFERENCES, HYPOTHESES, REFERENCES, edges=(10, 20), minimum=5)
    assert [bucket.high for bucket in buckets[:-1]] == [10, 20]
    for bucket in buckets:
        rows = [row for row, line in enumerate(REFERENCES) if bucket.low <= count_words(line) <= bucket.high]
        expected = metrics.bleu([HYPOTHESES[row] for row in rows], [REFERENCES[row] for row in rows])
        assert bucket.bleu == expected.value
        assert list(bucket.rows) == rows


def test_small_buckets_are_merged_and_large_ones_kept() -> None:
    sources = ["w " * words for words in [3] * 10 + [8] * 2 + [13] * 10 + [40] * 3]
    buckets = metrics.bleu_by_length(sources, sources, sources, edges=(5, 10, 15), minimum=5)
    assert [(bucket.low, bucket.high, bucket.sentences) for bucket in buckets] == [(3, 5, 10), (6, 40, 15)]


def test_the_order_of_the_edges_does_not_matter() -> None:
    buckets = [metrics.bleu_by_length(REFERENCES, HYPOTHESES, REFERENCES, edges, 5) for edges in ((10, 20), (20, 10))]
    assert buckets[0] == buckets[1]


def pharaoh(alignment: Links) -> str:
    return " ".join(f"{source}-{target}" for source, target in alignment)


@settings(deadline=None)
@given(st.lists(st.tuples(links, links), min_size=1, max_size=5))
def test_alignment_error_rate_is_one_minus_f1(rows: list[tuple[Links, Links]]) -> None:
    predicted, gold = map(list, zip(*rows, strict=True))
    rate = metrics.alignment_error_rate(predicted, gold)
    assert 0 <= rate <= 1
    assert rate == metrics.alignment_error_rate(gold, predicted)
    assert rate == metrics.alignment_error_rate(list(map(pharaoh, predicted)), list(map(pharaoh, gold)))
    assert metrics.alignment_error_rate(gold, gold) == 0
    shifted = [{(source + 9, target) for source, target in alignment} for alignment in gold]
    assert metrics.alignment_error_rate(shifted, gold) == (1 if any(gold) else 0)


def test_possible_links_are_neither_errors_nor_required() -> None:
    gold, possible = ["0-0 1-1"], ["2-1 2-2"]
    assert metrics.alignment_error_rate(["0-0 1-1 2-1"], gold, possible) == 0
    assert metrics.alignment_error_rate(["0-0 1-1"], gold, possible) == 0
    assert metrics.alignment_error_rate(["0-0 1-1 2-1"], gold) == pytest.approx(1 - 4 / 5)
    assert metrics.alignment_error_rate(["0-0 3-3"], gold, possible) == pytest.approx(1 - 2 / 4)


@pytest.mark.parametrize("line", ["0-", "0:0", "a-b", "0-0-0", "0 - 0", "-1-0"])
def test_an_error_names_the_wrong_alignment(line: str) -> None:
    with pytest.raises(UserError, match="alignment 2"):
        metrics.alignment_error_rate(["0-0", line], ["0-0", "0-0"])


def test_unequal_and_empty_corpora_are_user_errors() -> None:
    two, three = ["a", "b"], ["a", "b", "c"]
    calls: list[Callable[[list[str], list[str]], object]] = [
        metrics.bleu,
        metrics.chrf,
        metrics.score_corpus,
        metrics.alignment_error_rate,
        lambda a, b: metrics.bleu_by_length(a, a, b),
        lambda a, b: metrics.bleu_by_length(b, a, a),
    ]
    for call in calls:
        with pytest.raises(UserError, match=r"2 .*3 |3 .*2 "):
            call(two, three)
        with pytest.raises(UserError, match="no sentences"):
            call([], [])


def test_metrics_and_alignments_do_not_import_rich() -> None:
    code = "import sys, seq2seq.evaluation.metrics, seq2seq.translation.word_alignment; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_sentence_has_the_scores_of_sacrebleu() -> None:
    for hypothesis, reference in zip(HYPOTHESES[:20], REFERENCES[:20], strict=True):
        scores = metrics.score_sentence(hypothesis, reference)
        assert scores.bleu == sacrebleu.sentence_bleu(hypothesis, [reference]).score
        assert scores.chrf == sacrebleu.sentence_chrf(hypothesis, [reference]).score
    assert metrics.score_sentence("a dog", "a dog").bleu == pytest.approx(100)  # shorter than an n-gram of order 4
    assert metrics.score_sentence("", "a dog") == metrics.SentenceScores(0.0, 0.0)

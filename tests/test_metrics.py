"""Scores are sacreBLEU's own; buckets lose no sentence."""

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
from lines import HYPOTHESES, REFERENCES, damaged

from seq2seq import metrics
from seq2seq.errors import UserError

Links = frozenset[tuple[int, int]]

lines = st.text(st.sampled_from("ab cD.,"), max_size=20)
pairs = st.lists(st.tuples(lines, lines), min_size=1, max_size=8)
links = st.frozensets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8)


@settings(deadline=None)
@given(pairs)
def test_scores_are_sacrebleus_own(rows: list[tuple[str, str]]) -> None:
    hypotheses, references = map(list, zip(*rows, strict=True))
    assert metrics.bleu(hypotheses, references).value == sacrebleu.corpus_bleu(hypotheses, [references]).score
    lowercase = sacrebleu.corpus_bleu(hypotheses, [references], lowercase=True).score
    assert metrics.bleu(hypotheses, references, lowercase=True).value == lowercase
    assert metrics.chrf(hypotheses, references).value == sacrebleu.corpus_chrf(hypotheses, [references]).score


@pytest.mark.parametrize(("options", "key"), [([], "bleu"), (["-lc"], "bleu_lowercase"), (["-m", "chrf"], "chrf")])
def test_value_and_signature_are_the_commands(options: list[str], key: str, tmp_path: Path) -> None:
    (tmp_path / "hypotheses").write_text("\n".join(HYPOTHESES) + "\n", encoding="utf-8")
    (tmp_path / "references").write_text("\n".join(REFERENCES) + "\n", encoding="utf-8")
    files = [str(tmp_path / "references"), "-i", str(tmp_path / "hypotheses")]
    command = [sys.executable, "-m", "sacrebleu", *files, *options, "-w6"]
    printed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    ours = metrics.score(HYPOTHESES, REFERENCES)[key]
    assert ours["name"] == printed["name"]
    assert ours["value"] == pytest.approx(printed["score"], abs=1e-6)
    assert ours["signature"] == printed["signature"]


def test_score_is_json_with_a_signature_each() -> None:
    scores = metrics.score(HYPOTHESES, REFERENCES)
    assert json.loads(json.dumps(scores)) == scores
    assert len({str(result["signature"]) for result in scores.values()}) == 3
    assert scores["bleu"]["value"] == metrics.bleu(HYPOTHESES, REFERENCES).value


def test_case_counts_unless_lowercased() -> None:
    upper = [line.upper() for line in REFERENCES]
    assert metrics.bleu(upper, REFERENCES).value < 50
    assert metrics.bleu(upper, REFERENCES, lowercase=True).value == pytest.approx(100)


def test_the_right_text_scores_100_and_the_more_damaged_one_less() -> None:
    scores = [metrics.bleu(damaged(REFERENCES, share, seed=3), REFERENCES).value for share in (0, 0.1, 0.4)]
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


def test_a_buckets_bleu_is_that_of_its_sentences() -> None:
    buckets = metrics.bleu_by_length(REFERENCES, HYPOTHESES, REFERENCES, edges=(10, 20), minimum=5)
    assert [bucket.high for bucket in buckets[:-1]] == [10, 20]
    for bucket in buckets:
        rows = [row for row, line in enumerate(REFERENCES) if bucket.low <= len(line.split()) <= bucket.high]
        expected = metrics.bleu([HYPOTHESES[row] for row in rows], [REFERENCES[row] for row in rows])
        assert bucket.bleu == expected.value


def test_small_buckets_are_merged_and_large_ones_kept() -> None:
    sources = ["w " * words for words in [3] * 10 + [8] * 2 + [13] * 10 + [40] * 3]
    buckets = metrics.bleu_by_length(sources, sources, sources, edges=(5, 10, 15), minimum=5)
    assert [bucket[:3] for bucket in buckets] == [(3, 5, 10), (6, 40, 15)]


def test_edges_come_in_any_order() -> None:
    buckets = [metrics.bleu_by_length(REFERENCES, HYPOTHESES, REFERENCES, edges, 5) for edges in ((10, 20), (20, 10))]
    assert buckets[0] == buckets[1]


def pharaoh(alignment: Links) -> str:
    return " ".join(f"{source}-{target}" for source, target in alignment)


@settings(deadline=None)
@given(st.lists(st.tuples(links, links), min_size=1, max_size=5))
def test_alignment_error_rate_is_one_minus_f1(
    rows: list[tuple[Links, Links]],
) -> None:
    predicted, gold = map(list, zip(*rows, strict=True))
    rate = metrics.alignment_error_rate(predicted, gold)
    assert 0 <= rate <= 1
    assert rate == metrics.alignment_error_rate(gold, predicted)
    assert rate == metrics.alignment_error_rate(list(map(pharaoh, predicted)), list(map(pharaoh, gold)))
    assert metrics.alignment_error_rate(gold, gold) == 0
    apart = [{(source + 9, target) for source, target in alignment} for alignment in gold]
    assert metrics.alignment_error_rate(apart, gold) == (1 if any(gold) else 0)


def test_possible_links_cost_nothing_and_need_not_be_found() -> None:
    gold, possible = ["0-0 1-1"], ["2-1 2-2"]
    assert metrics.alignment_error_rate(["0-0 1-1 2-1"], gold, possible) == 0
    assert metrics.alignment_error_rate(["0-0 1-1"], gold, possible) == 0
    assert metrics.alignment_error_rate(["0-0 1-1 2-1"], gold) == pytest.approx(1 - 4 / 5)
    assert metrics.alignment_error_rate(["0-0 3-3"], gold, possible) == pytest.approx(1 - 2 / 4)


@pytest.mark.parametrize("line", ["0-", "0:0", "a-b", "0-0-0", "0 - 0", "-1-0"])
def test_a_bad_alignment_is_named(line: str) -> None:
    with pytest.raises(UserError, match="alignment 2"):
        metrics.alignment_error_rate(["0-0", line], ["0-0", "0-0"])


def test_unequal_and_empty_corpora_are_the_users_to_mend() -> None:
    two, three = ["a", "b"], ["a", "b", "c"]
    calls: list[Callable[[list[str], list[str]], object]] = [
        metrics.bleu,
        metrics.chrf,
        metrics.score,
        metrics.alignment_error_rate,
        lambda a, b: metrics.bleu_by_length(a, a, b),
        lambda a, b: metrics.bleu_by_length(b, a, a),
    ]
    for call in calls:
        with pytest.raises(UserError, match=r"2 .*3 |3 .*2 "):
            call(two, three)
        with pytest.raises(UserError, match="no sentences"):
            call([], [])

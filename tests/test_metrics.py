"""Scores are sacreBLEU's own; buckets lose no sentence; the significance test is not fooled by identical systems."""

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq import metrics
from seq2seq.errors import UserError

WORDS = ["the", "a", "Dog", "cat", "sees", "under", "bridge", "house", ",", ".", "don't", "3.5", "%", "Höhe", "日本"]


def corpus(seed: int, sentences: int = 60) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, 30))) for _ in range(sentences)]


def damaged(lines: list[str], share: float, seed: int) -> list[str]:
    """The lines with that share of their words replaced by others."""
    draw = random.Random(seed)
    return [" ".join(draw.choice(WORDS) if draw.random() < share else word for word in line.split()) for line in lines]


REFERENCES = corpus(1)
HYPOTHESES = damaged(REFERENCES, 0.2, seed=2)
Test = Literal["bootstrap", "approximate_randomization"]
TESTS: tuple[Test, ...] = ("bootstrap", "approximate_randomization")

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


@pytest.mark.parametrize("test", TESTS)
def test_comparison_tells_a_better_system_from_an_equal_one(test: Test) -> None:
    better, worse = damaged(REFERENCES, 0.1, seed=4), damaged(REFERENCES, 0.4, seed=5)
    result = metrics.compare(worse, better, REFERENCES, samples=200, test=test)
    assert result.a.bleu == metrics.bleu(worse, REFERENCES).value
    assert result.b.bleu == metrics.bleu(better, REFERENCES).value
    assert result.difference == result.b.bleu - result.a.bleu > 0
    assert result.p_value < 0.05
    for system in (result.a, result.b):
        assert abs(system.mean - system.bleu) < system.interval < 10
    twins = [damaged(REFERENCES, 0.1, seed) for seed in range(10, 31)]  # equally good but for chance
    results = [metrics.compare(a, b, REFERENCES, samples=50, test=test) for a, b in itertools.pairwise(twins)]
    assert sum(result.p_value > 0.1 for result in results) > len(results) / 2


def test_edges_come_in_any_order() -> None:
    buckets = [metrics.bleu_by_length(REFERENCES, HYPOTHESES, REFERENCES, edges, 5) for edges in ((10, 20), (20, 10))]
    assert buckets[0] == buckets[1]


def test_the_signature_tells_the_test() -> None:
    for test in TESTS:
        signature = metrics.compare(HYPOTHESES, REFERENCES, REFERENCES, samples=7, test=test).signature.split("|")
        assert "bs:7" in signature  # of the intervals, in both
        assert ("ar:7" in signature) == (test == "approximate_randomization")


@pytest.mark.parametrize("test", TESTS)
def test_identical_systems_do_not_differ(test: Test) -> None:
    result = metrics.compare(HYPOTHESES, HYPOTHESES, REFERENCES, samples=50, test=test)
    assert (result.difference, result.p_value) == (0.0, 1.0)
    assert result.a.bleu == result.b.bleu


@pytest.mark.parametrize("test", TESTS)
def test_comparison_is_symmetric_and_repeats_with_its_seed(test: Test) -> None:
    other = damaged(REFERENCES, 0.22, seed=7)
    first = metrics.compare(HYPOTHESES, other, REFERENCES, samples=100, seed=1, test=test)
    assert metrics.compare(HYPOTHESES, other, REFERENCES, samples=100, seed=1, test=test) == first
    assert metrics.compare(HYPOTHESES, other, REFERENCES, samples=100, seed=2, test=test)[:2] != first[:2]
    assert "seed:1|" in first.signature
    swapped = metrics.compare(other, HYPOTHESES, REFERENCES, samples=100, seed=1, test=test)
    assert swapped.difference == -first.difference
    assert swapped.p_value == pytest.approx(first.p_value)


def test_comparison_is_the_commands(tmp_path: Path) -> None:
    other = damaged(REFERENCES, 0.22, seed=7)
    for name, text in {"references": REFERENCES, "a": HYPOTHESES, "b": other}.items():
        (tmp_path / name).write_text("\n".join(text) + "\n", encoding="utf-8")
    files = [str(tmp_path / "references"), "-i", str(tmp_path / "a"), str(tmp_path / "b")]
    command = [sys.executable, "-m", "sacrebleu", *files, "--paired-bs", "--paired-bs-n", "100", "-w6", "-f", "json"]
    environment = {**os.environ, "SACREBLEU_SEED": "3"}
    printed = json.loads(subprocess.run(command, capture_output=True, check=True, env=environment).stdout)
    a, b = (row["BLEU"] for row in printed)
    ours = metrics.compare(HYPOTHESES, other, REFERENCES, samples=100, seed=3)
    assert tuple(ours.a) == pytest.approx((a["score"], a["mean"], a["ci"]), abs=1e-5)
    assert tuple(ours.b) == pytest.approx((b["score"], b["mean"], b["ci"]), abs=1e-5)
    assert ours.p_value == pytest.approx(b["p_value"], abs=1e-5)


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    for before in ({}, {"SACREBLEU_SEED": "9"}):
        monkeypatch.delenv("SACREBLEU_SEED", raising=False)
        for name, value in before.items():
            monkeypatch.setenv(name, value)
        metrics.compare(HYPOTHESES, REFERENCES, REFERENCES, samples=2, seed=5)
        assert os.environ.get("SACREBLEU_SEED") == before.get("SACREBLEU_SEED")


def test_seed_zero_is_refused_because_sacrebleu_would_not_use_it() -> None:
    with pytest.raises(UserError, match="seed"):
        metrics.compare(HYPOTHESES, HYPOTHESES, REFERENCES, seed=0)


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
        lambda a, b: metrics.compare(a, a, b),
        lambda a, b: metrics.compare(b, a, a),
    ]
    for call in calls:
        with pytest.raises(UserError, match=r"2 .*3 |3 .*2 "):
            call(two, three)
        with pytest.raises(UserError, match="no sentences"):
            call([], [])

"""The paired test agrees with sacreBLEU's, identical systems do not differ, and intervals hold what they promise."""

import itertools
import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from random_sentences import HYPOTHESES, REFERENCES, damaged
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.significance import PairedTest, Result

from seq2seq.errors import UserError
from seq2seq.evaluation.metrics import bleu, chrf
from seq2seq.evaluation.significance import compare, interval, over_seeds, resample


def test_comparison_tells_a_better_system_from_an_equally_good_one() -> None:
    better, worse = damaged(REFERENCES, 0.1, seed=4), damaged(REFERENCES, 0.4, seed=5)
    result = compare(worse, better, REFERENCES, samples=200)
    assert result.difference == bleu(better, REFERENCES).value - bleu(worse, REFERENCES).value > 0
    assert result.p_value < 0.05
    twins = [damaged(REFERENCES, 0.1, seed) for seed in range(10, 31)]  # equally good, apart from chance
    results = [compare(a, b, REFERENCES, samples=50) for a, b in itertools.pairwise(twins)]
    assert sum(result.p_value > 0.1 for result in results) > len(results) / 2


def test_the_signature_names_the_test() -> None:
    assert "bs:7" in compare(HYPOTHESES, REFERENCES, REFERENCES, samples=7).signature.split("|")


def test_identical_systems_do_not_differ() -> None:
    result = compare(HYPOTHESES, HYPOTHESES, REFERENCES, samples=50)
    assert (result.difference, result.p_value) == (0.0, 1.0)


def test_comparison_is_symmetric_and_repeats_with_its_seed() -> None:
    other = damaged(REFERENCES, 0.2, seed=7)
    first = compare(HYPOTHESES, other, REFERENCES, samples=100, seed=1)
    assert compare(HYPOTHESES, other, REFERENCES, samples=100, seed=1) == first
    assert compare(HYPOTHESES, other, REFERENCES, samples=100, seed=2).p_value != first.p_value
    assert "seed:1|" in first.signature
    swapped = compare(other, HYPOTHESES, REFERENCES, samples=100, seed=1)
    assert swapped.difference == -first.difference
    assert swapped.p_value == pytest.approx(first.p_value)


def test_comparison_agrees_with_sacrebleus_command(tmp_path: Path) -> None:
    other = damaged(REFERENCES, 0.22, seed=7)
    for name, text in {"references": REFERENCES, "a": HYPOTHESES, "b": other}.items():
        (tmp_path / name).write_text("\n".join(text) + "\n", encoding="utf-8")
    files = [str(tmp_path / "references"), "-i", str(tmp_path / "a"), str(tmp_path / "b")]
    command = [sys.executable, "-m", "sacrebleu", *files, "--paired-bs", "--paired-bs-n", "100", "-w6", "-f", "json"]
    environment = {**os.environ, "SACREBLEU_SEED": "3"}
    printed = json.loads(subprocess.run(command, capture_output=True, check=True, env=environment).stdout)
    a, b = (row["BLEU"] for row in printed)
    ours = compare(HYPOTHESES, other, REFERENCES, samples=100, seed=3)
    assert ours.difference == pytest.approx(b["score"] - a["score"], abs=1e-5)
    assert ours.p_value == pytest.approx(b["p_value"], abs=1e-5)
    drawn = {}
    for name, lines, row in (("a", HYPOTHESES, a), ("b", other, b)):
        drawn[name] = resample(lines, REFERENCES, samples=100, seed=3)
        low, high = interval(drawn[name])
        assert drawn[name].mean() == pytest.approx(row["mean"], abs=1e-4)
        assert (high - low) / 2 == pytest.approx(row["ci"], abs=1e-4)
    away = np.abs(drawn["b"] - drawn["a"])  # sacreBLEU's formula for the p-value, on our test sets
    beyond = int((away - away.mean() > abs(ours.difference)).sum())
    assert (beyond + 1) / 101 == pytest.approx(ours.p_value, abs=1e-9)


def test_chrf_is_compared_as_sacrebleu_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test runs in this process, because sacreBLEU's command cannot write chrF's results as JSON."""
    other = damaged(REFERENCES, 0.22, seed=7)
    ours = compare(HYPOTHESES, other, REFERENCES, "chrf", samples=100)
    assert ours.difference == pytest.approx(chrf(other, REFERENCES).value - chrf(HYPOTHESES, REFERENCES).value)
    monkeypatch.setenv("SACREBLEU_SEED", "12345")
    systems = [("a", HYPOTHESES), ("b", other)]
    _, results = PairedTest(systems, {"chrf": CHRF()}, [REFERENCES], "bs", 100)()
    for (_, lines), result in zip(systems, results["chrF2"], strict=True):
        assert isinstance(result, Result)
        drawn = resample(lines, REFERENCES, "chrf", samples=100)
        low, high = interval(drawn)
        assert drawn.mean() == pytest.approx(result.mean, abs=1e-3)
        assert (high - low) / 2 == pytest.approx(result.ci, abs=1e-3)
    assert isinstance(result, Result)
    assert ours.p_value == result.p_value


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    for before in ({}, {"SACREBLEU_SEED": "9"}):
        monkeypatch.delenv("SACREBLEU_SEED", raising=False)
        for name, value in before.items():
            monkeypatch.setenv(name, value)
        compare(HYPOTHESES, REFERENCES, REFERENCES, samples=2, seed=5)
        assert os.environ.get("SACREBLEU_SEED") == before.get("SACREBLEU_SEED")


def test_seed_zero_is_refused_because_sacrebleu_would_not_use_it() -> None:
    with pytest.raises(UserError, match="seed"):
        compare(HYPOTHESES, HYPOTHESES, REFERENCES, seed=0)


def test_unequal_and_empty_corpora_are_user_errors() -> None:
    two, three = ["a", "b"], ["a", "b", "c"]
    for arguments in ((two, two, three), (three, two, two)):
        with pytest.raises(UserError, match=r"2 .*3 |3 .*2 "):
            compare(*arguments)
        with pytest.raises(UserError, match=r"2 .*3 |3 .*2 "):
            resample(*arguments[1:] if arguments[1] != arguments[2] else (two, three))
    with pytest.raises(UserError, match="no sentences"):
        compare([], [], [])


def test_resampling_one_sentence_gives_its_score() -> None:
    assert set(resample(HYPOTHESES[:1], REFERENCES[:1], samples=5)) == {bleu(HYPOTHESES[:1], REFERENCES[:1]).value}


def test_an_interval_holds_95_percent() -> None:
    low, high = interval(np.random.default_rng(0).permutation(1000).astype(float))
    assert (low, high) == (25, 974)


def test_one_seed_has_no_interval() -> None:
    assert over_seeds([1.0]) is None


@pytest.mark.parametrize(("seeds", "quantile"), [(2, 12.706), (3, 4.303), (21, 2.086), (22, 2.080), (101, 1.984)])
def test_an_interval_over_seeds_is_students_t(seeds: int, quantile: float) -> None:
    """The quantiles are from a printed table of Student's t: 0.975, seeds − 1 degrees of freedom."""
    values = [float(seed % 7) for seed in range(seeds)]
    result = over_seeds(values)
    assert result is not None
    half = quantile * statistics.stdev(values) / seeds**0.5
    assert result == pytest.approx((statistics.mean(values) - half, statistics.mean(values) + half), rel=3e-4)


def test_equal_scores_of_all_seeds_give_an_interval_of_width_zero() -> None:
    assert over_seeds([20.0, 20.0, 20.0]) == (20.0, 20.0)


def test_scipy_is_not_imported_before_an_interval_over_seeds() -> None:
    code = "import sys, seq2seq.evaluation.significance; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("seeds", [2, 3, 5, 25])
def test_an_interval_over_seeds_holds_the_true_mean_in_95_of_100_cases(seeds: int) -> None:
    draw = random.Random(seeds)
    covered = 0
    for _ in range(2000):
        values = [draw.gauss(7.0, 2.0) for _ in range(seeds)]
        result = over_seeds(values)
        assert result is not None
        assert (result.low + result.high) / 2 == pytest.approx(statistics.mean(values))
        covered += result.low <= 7.0 <= result.high
    assert 0.935 < covered / 2000 < 0.97

"""Numbers are rounded as a browser shows them."""

import json
import math
import random
import shutil
import subprocess

import pytest

from seq2seq.explorer.rounding import rounded, to_fixed


def test_each_number_has_the_digits_that_the_page_shows() -> None:
    answer = {
        "milliseconds": 12.345,
        "scores": {"bleu": 12.3456},
        "attention": [[0.12345, 0.999]],
        "next": [{"tokens": [{"token": "a", "id": 7, "probability": 0.123456}]}],
        "gates": {
            "log_probabilities": [-0.12345, -0.12381],
            "layers": [{"gates": [{"lowest": -1.0, "means": [0.125]}]}],
        },
        "search": {"options": {"length_penalty": 0.12345}, "best_reachable_score": None, "is_forced": True},
    }
    assert rounded(answer) == {
        "milliseconds": 12.345,
        "scores": {"bleu": 12.3456},
        "attention": [[0.12, 1]],
        "next": [{"tokens": [{"token": "a", "id": 7, "probability": 0.123}]}],
        "gates": {"log_probabilities": [-0.123, -0.1238], "layers": [{"gates": [{"lowest": -1, "means": [0.13]}]}]},
        "search": {"options": {"length_penalty": 0.12345}, "best_reachable_score": None, "is_forced": True},
    }


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [(0.125, 2, 0.13), (-0.125, 2, -0.13), (1.005, 2, 1.0), (0.615, 2, 0.61), (2.5, 0, 3.0), (1e-9, 3, 0.0)],
)
def test_a_half_is_rounded_away_from_zero_by_the_exact_value(value: float, decimals: int, shown: float) -> None:
    assert to_fixed(value, decimals) == shown


def test_a_logarithm_keeps_its_digits_and_those_of_its_exponential() -> None:
    generator = random.Random(1)
    for value in [0.0, *(-10 * generator.random() ** 3 for _ in range(2000))]:
        short = rounded(value, "log_probabilities")
        assert to_fixed(short, 3) == to_fixed(value, 3)
        assert to_fixed(100 * math.exp(short), 1) == to_fixed(100 * math.exp(value), 1)
        assert len(str(short)) < 12


def test_numbers_that_json_does_not_have_stay() -> None:
    assert math.isinf(rounded(-math.inf))
    assert math.isnan(rounded(math.nan))
    assert math.isinf(rounded(-math.inf, "log_probabilities"))


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js here")
def test_a_browser_shows_the_same_digits() -> None:
    generator = random.Random(1)
    values = (
        [generator.random() for _ in range(2000)] + [k / 2048 for k in range(2049)] + [k / 2000 for k in range(2001)]
    )
    program = """
        const pairs = JSON.parse(require("fs").readFileSync(0, "utf-8"));
        const differ = pairs.filter(([a, b]) => (100 * a).toFixed(1) !== (100 * b).toFixed(1));
        console.log(JSON.stringify(differ));
    """
    pairs = [(value, rounded(value, "probability")) for value in values]
    shown = subprocess.run(["node", "-e", program], input=json.dumps(pairs), capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout) == []

"""The numbers of a comparison: differences, alignments, phenomena and examples, of runs made up for it."""

import statistics
from pathlib import Path
from typing import Any

import pytest
from lines import REFERENCES, damaged

from seq2seq.corpus import CorpusOptions
from seq2seq.evaluation import Pairs
from seq2seq.findings import ALL, diagonal, find, one_link
from seq2seq.metrics import alignment_error_rate, bleu, score
from seq2seq.recipe import Recipe
from seq2seq.scoring import HeldOut, Scored
from seq2seq.significance import compare, over_seeds
from seq2seq.trainings import Finished

GOLD = ["0-0 1-1 2-1"] * len(REFERENCES)
PHENOMENA = [["odd"] if row % 2 else ["even", "third"][: 1 + (row % 3 == 0)] for row in range(len(REFERENCES))]
TEST = HeldOut(Pairs("test", REFERENCES, REFERENCES), "test", {"alignment": GOLD, "phenomena": PHENOMENA})


def scored(variant: str, seed: int, share: float, links: list[tuple[int, int]] | None = None) -> Scored:
    """A run whose translations are the references, so much damaged."""
    texts = damaged(REFERENCES, share, seed)
    epochs = [{"epoch": 1.0, "update": 9.0, "validation_bleu": 5.5, "tokens_per_second": 100.0}]
    trained = Finished(variant, seed, Path(), Recipe(CorpusOptions("x")), {}, {"training_seconds": 60.0}, epochs)
    results: dict[str, Any] = {**score(texts, REFERENCES), "sentences_per_second": 2.0}
    return Scored(trained, {"test": texts}, {"test": results}, [links] * len(texts) if links else [])


RUNS = [
    *(scored("bottleneck", seed, 0.5) for seed in (2, 1)),
    *(scored("attention", seed, 0.2, [(0, 0), (1, 1)]) for seed in (1, 2)),
]
FOUND = find(RUNS, [TEST])


def test_the_difference_is_the_mean_of_the_seeds_differences_with_sacrebleus_p_values() -> None:
    found = FOUND["sets"][0]["differences"]["bleu"]["attention"]
    by_seed = {}
    for seed in (1, 2):
        a, b = damaged(REFERENCES, 0.5, seed), damaged(REFERENCES, 0.2, seed)
        by_seed[seed] = compare(a, b, REFERENCES)
    assert [each["seeds"] for each in found["seeds"]] == [[1, 1], [2, 2]]
    for each in found["seeds"]:
        assert each["p_value"] == by_seed[each["seeds"][0]].p_value
        assert each["difference"] == by_seed[each["seeds"][0]].difference
        assert each["test_sets"]["low"] < each["difference"] < each["test_sets"]["high"]
    differences = [by_seed[seed].difference for seed in (1, 2)]
    assert found["difference"] == pytest.approx(sum(differences) / 2)
    assert found["test_sets"]["low"] < found["difference"] < found["test_sets"]["high"]
    spread = over_seeds(differences)
    assert spread is not None
    assert found["trainings"] == spread._asdict()
    # The first is what the others are compared with.
    assert FOUND["sets"][0]["differences"]["bleu"].keys() == {"attention"}


def test_scores_are_in_the_order_of_the_seeds() -> None:
    values = FOUND["sets"][0]["scores"]["bottleneck"]["bleu"]["values"]
    assert values == [bleu(damaged(REFERENCES, 0.5, seed), REFERENCES).value for seed in (1, 2)]
    assert FOUND["seeds"] == {"bottleneck": [1, 2], "attention": [1, 2]}


def test_every_sentence_is_in_one_bucket() -> None:
    assert sum(bucket["sentences"] for bucket in FOUND["sets"][0]["by_length"]) == len(REFERENCES)


def test_of_one_seed_there_is_no_spread() -> None:
    found = find([RUNS[1], RUNS[2]], [TEST])["sets"][0]
    assert found["differences"]["bleu"]["attention"]["trainings"] is None
    assert found["scores"]["attention"]["bleu"]["sd"] is None


def test_alignments_are_of_what_attends() -> None:
    found = FOUND["alignment"]
    assert found["rates"].keys() == {"attention"}
    assert found["rates"]["attention"]["mean"] == pytest.approx(1 - 4 / 5)
    # One link a word: of the three gold ones, one for each of the first two words. The other words' links are wrong.
    lengths = [len(line.split()) for line in REFERENCES]
    hits = sum(min(2, length) for length in lengths)
    assert found["best"] == pytest.approx(1 - 2 * hits / sum(length + 3 for length in lengths))


def test_one_link_a_word_and_the_diagonal() -> None:
    gold = "0-2 1-2 3-0"  # the second target word has none, so that whatever is said of it is wrong
    assert one_link(gold, 3) == [(3, 0), (-1, 1), (0, 2)]
    assert alignment_error_rate([one_link(gold, 3)], [gold]) == pytest.approx(1 - 4 / 6)
    assert diagonal(6, 3) == [(0, 0), (2, 1), (4, 2)]
    assert diagonal(0, 0) == one_link("", 0) == []


def test_phenomena_count_faultless_sentences() -> None:
    found = FOUND["phenomena"]
    assert list(found) == [ALL, "even", "odd", "third"]
    assert found[ALL]["sentences"] == len(REFERENCES) == found["odd"]["sentences"] + found["even"]["sentences"]
    texts = damaged(REFERENCES, 0.2, seed=1)
    odd = [row for row in range(len(REFERENCES)) if row % 2]
    share = 100 * sum(texts[row] == REFERENCES[row] for row in odd) / len(odd)
    assert found["odd"]["right"]["attention"]["values"][0] == pytest.approx(share)


def test_examples_are_the_largest_gains_and_losses() -> None:
    gains = [each["gain"] for each in FOUND["examples"]]
    better, worse = [gain for gain in gains if gain > 0], [gain for gain in gains if gain < 0]
    assert gains == sorted(better, reverse=True) + sorted(worse)
    assert len(better) == 3
    lengths = [len(line.split()) for line in REFERENCES]
    assert all(lengths[each["sentence"] - 1] >= statistics.median(lengths) for each in FOUND["examples"])
    for each in FOUND["examples"]:
        row = each["sentence"] - 1
        assert each["reference"] == REFERENCES[row]
        chrf = {name: text["chrf"] for name, text in each["translations"].items()}
        assert each["gain"] == pytest.approx(chrf["attention"] - chrf["bottleneck"])
    same = find([scored("a", 1, 0.3), scored("b", 1, 0.3)], [TEST])
    assert same["examples"] == []
    assert same["sets"][0]["differences"]["bleu"]["b"]["seeds"][0]["p_value"] == 1


def test_what_a_corpus_does_not_know_is_not_made_up() -> None:
    found = find(RUNS, [TEST._replace(known={})])
    assert found["alignment"] is found["phenomena"] is None


def test_chrf_has_a_difference_with_its_intervals_too() -> None:
    held = FOUND["sets"][0]
    found, means = held["differences"]["chrf"]["attention"], held["scores"]
    gain = means["attention"]["chrf"]["mean"] - means["bottleneck"]["chrf"]["mean"]
    assert found["difference"] == pytest.approx(gain)
    for span in ("test_sets", "trainings"):
        assert found[span]["low"] < found["difference"] < found[span]["high"]


def test_examples_are_of_the_first_variant_and_the_last() -> None:
    found = find([scored(name, 1, share) for name, share in (("a", 0.5), ("b", 0.4), ("c", 0.1))], [TEST])
    assert found["examples"]
    assert {*map(tuple, (each["translations"] for each in found["examples"]))} == {("a", "c")}

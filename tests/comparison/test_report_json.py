"""report.json has the keys that it always had: programs read them."""

import json
from dataclasses import replace

from scored_runs import CONDITIONS, RESULTS, RUNS, TEST

from seq2seq.comparison.analysis import compute_results
from seq2seq.comparison.report_json import to_json
from seq2seq.comparison.results import Example, ExampleTranslation


def test_every_section_has_its_keys_in_their_order() -> None:
    report = to_json(RESULTS)
    sections = ["seeds", "sets", "alignment", "phenomena", "learning", "costs", "examples", "conditions"]
    assert list(report) == sections
    [test_set] = report["sets"]
    names = ["name", "label", "sentences", "length_unit", "signatures", "scores", "differences", "by_length"]
    assert list(test_set) == names
    assert list(test_set["scores"]["bahdanau"]["bleu"]) == ["values", "mean", "sd"]
    difference = test_set["differences"]["chrf"]["bahdanau"]
    assert list(difference) == ["difference", "test_sets", "samples", "trainings", "seeds"]
    assert list(difference["trainings"]) == ["low", "high"]
    assert list(difference["seeds"][0]) == ["seeds", "test_sets", "difference", "p_value", "signature"]
    assert list(test_set["by_length"][0]) == ["low", "high", "sentences", "bleu", "test_sets"]
    assert list(report["alignment"]) == ["rates", "diagonal", "best"]
    assert list(report["phenomena"]["odd"]) == ["sentences", "right"]
    assert list(report["learning"]["bahdanau"][0]) == ["update", "epoch", "bleu"]
    costs = ["parameters", "epochs", "updates", "training_seconds", "tokens_per_second", "sentences_per_second"]
    assert list(report["costs"]["bahdanau"]) == [*costs, "hardware"]
    conditions = ["corpus", "models", "remarks", "differs", "allowed", "unchecked", "recipe", "command", "facts"]
    assert list(report["conditions"]) == conditions


def test_only_an_example_with_a_figure_names_it() -> None:
    example = Example(3, "ein Hund", "a dog", {"b": ExampleTranslation("a dog", 100.0, 1)}, 50.0)
    keys = ["sentence", "source", "reference", "translations", "gain"]
    assert list(to_json(example)) == keys
    assert list(to_json(replace(example, figure="figures/sentence-3", attends="b"))) == [*keys, "figure", "attends"]


def test_a_missing_value_is_null_and_everything_is_json() -> None:
    one_seed = compute_results([RUNS[1], RUNS[2]], [TEST._replace(alignments=None)], CONDITIONS)
    report = json.loads(json.dumps(to_json(one_seed)))
    assert report == to_json(one_seed)
    assert report["alignment"] is None
    assert report["sets"][0]["scores"]["bahdanau"]["bleu"]["sd"] is None
    assert report["sets"][0]["differences"]["bleu"]["bahdanau"]["trainings"] is None

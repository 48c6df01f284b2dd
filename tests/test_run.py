"""A run's folder: what is written is read back, damage gives one line, and only the writing process writes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from seq2seq.errors import UserError
from seq2seq.evaluation.evaluate import Evaluation
from seq2seq.evaluation.metrics import score_corpus
from seq2seq.provenance import Provenance
from seq2seq.recipe import Recipe
from seq2seq.run import EpochMetrics, Run
from seq2seq.search.options import SearchOptions
from seq2seq.text.corpus import CorpusOptions
from seq2seq.translation.translator import Translator

ROW = EpochMetrics(1, 5, 2.0, 3.0, 4.5, 0.1, 100.0)
EVALUATION = Evaluation(
    "test", "beam 5", SearchOptions(), score_corpus(["a b c d e"], ["a b c d e"]), "abc", 12.5, ["a b c d e"]
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "run")
    run.save_recipe(Recipe(CorpusOptions("somewhere")))
    return run


def test_what_is_written_is_read_back(run: Run) -> None:
    run.add_metrics(ROW)
    run.add_metrics(replace(ROW, epoch=2, update=10))
    run.save_provenance(Provenance(seed=7))
    run.save_evaluation(EVALUATION)
    assert run.load_recipe().corpus.path == "somewhere"
    assert run.metrics() == [ROW, replace(ROW, epoch=2, update=10)]
    assert run.provenance() == Provenance(seed=7)
    assert run.load_evaluation("test", "beam 5") == EVALUATION
    assert run.load_evaluation("test", "greedy") is None
    run.clear_scores()
    assert run.load_evaluation("test", "beam 5") is None


def test_scores_of_several_sets_and_searches_stand_side_by_side(run: Run) -> None:
    for name, search in (("test", "beam 5"), ("test", "greedy"), ("long", "greedy")):
        run.save_evaluation(replace(EVALUATION, set_name=name, search_name=search))
    scores = json.loads(run.scores_path.read_text(encoding="utf-8"))
    assert {name: list(searches) for name, searches in scores["scores"].items()} == {
        "test": ["beam 5", "greedy"],
        "long": ["greedy"],
    }
    assert scores["scores"]["test"]["greedy"]["hypotheses"] == "hypotheses/test.greedy.txt"


def test_only_the_writing_process_writes(tmp_path: Path, translator: Translator) -> None:
    run = Run(tmp_path / "run", writes=False)
    run.save_recipe(Recipe(CorpusOptions("somewhere")))
    run.save_tokenizer(translator.tokenizer)
    run.save_weights(translator.model)
    run.add_metrics(ROW)
    run.save_provenance(Provenance())
    run.save_evaluation(EVALUATION)
    run.clear_scores()
    assert not run.folder.exists()


def test_the_last_of_two_rows_for_an_update_counts(run: Run) -> None:
    for bleu in (1.0, 2.5):
        run.add_metrics(replace(ROW, validation_bleu=bleu))
    assert [row.validation_bleu for row in run.metrics()] == [2.5]


@pytest.mark.parametrize("name", ["provenance.json", "scores.json", "metrics.csv"])
@pytest.mark.parametrize("text", ["{", "[1]", '{"data": 3, "scores": 3}', "epoch\nx\n", "\0"])
def test_a_damaged_file_gives_one_line_that_names_it(run: Run, name: str, text: str) -> None:
    def load_greedy() -> None:
        run.load_evaluation("test", "greedy")

    (run.folder / name).write_text(text, encoding="utf-8")
    read = {"metrics.csv": run.metrics, "provenance.json": run.provenance, "scores.json": load_greedy}[name]
    with pytest.raises(UserError, match=name.replace(".", r"\.")) as caught:
        read()
    assert "\n" not in str(caught.value)


def test_a_run_of_an_earlier_version_still_tells_how_it_was_made(run: Run) -> None:
    old = {"seed": 4, "data": {"train": {"pairs": 2, "sha256": "abc"}}, "scores": {"test": {"greedy": {"bleu": 1}}}}
    run.scores_path.write_text(json.dumps(old), encoding="utf-8")
    assert (run.provenance().seed, run.provenance().data["train"].pairs) == (4, 2)
    assert run.load_evaluation("test", "greedy") is None


def test_weights_are_those_that_were_saved(run: Run, translator: Translator) -> None:
    with pytest.raises(UserError, match="not there yet"):
        run.load_weights(translator.model)
    run.save_weights(translator.model)
    assert run.has_weights(translator.model)
    with torch.no_grad():
        translator.model.decoder.readout.weight.add_(1.0)
    assert not run.has_weights(translator.model)
    run.load_weights(translator.model)
    assert run.has_weights(translator.model)
    run.weights_path.write_bytes(b"damaged")
    with pytest.raises(UserError, match="damaged"):
        run.load_weights(translator.model)


def test_a_changed_key_is_named_with_both_values(run: Run) -> None:
    recipe = run.load_recipe()
    assert run.changed_key(recipe, ignore=[]) is None
    assert run.changed_key(replace(recipe, seed=2), ignore=[]) == "seed was 1, not 2"
    assert run.changed_key(replace(recipe, seed=2), ignore=["seed"]) is None


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    for action in (Run(tmp_path).check_exists, Run(tmp_path).load_translator):
        with pytest.raises(UserError, match="no run there"):
            action()

"""A run's folder: what is written is read back, damage gives one line, and only the writing process writes."""

import copy
import json
import os
import shutil
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from seq2seq.errors import UserError
from seq2seq.evaluation.evaluate import Evaluation
from seq2seq.evaluation.metrics import score_corpus
from seq2seq.provenance import Provenance
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.run_metrics import EpochMetrics
from seq2seq.run_snapshots import Snapshot
from seq2seq.search.options import SearchOptions
from seq2seq.text.corpus import CorpusOptions
from seq2seq.translation.translator import Translator

ROW = EpochMetrics(1, 5, 2.0, 3.0, 4.5, 0.1, 100.0)
SNAPSHOT = Snapshot(1, 5, [], {}, [])
EVALUATION = Evaluation(
    "test", "beam 5", SearchOptions(), score_corpus(["a b c d e"], ["a b c d e"]), "abc", 12.5, ["a b c d e"], 1
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "run")
    run.save_recipe(Recipe(CorpusOptions("somewhere")))
    return run


def test_what_is_written_is_read_back(run: Run) -> None:
    run.add_metrics(ROW)
    run.add_metrics(replace(ROW, epoch=2, update=10))
    run.add_snapshot(SNAPSHOT)
    run.save_provenance(Provenance(seed=7))
    run.save_evaluation(EVALUATION)
    assert run.load_recipe().corpus.path == "somewhere"
    assert run.metrics() == [ROW, replace(ROW, epoch=2, update=10)]
    assert run.snapshots() == [SNAPSHOT]
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
    run.add_snapshot(SNAPSHOT)
    run.save_training_page("x")
    run.save_provenance(Provenance())
    run.save_evaluation(EVALUATION)
    run.clear_scores()
    assert not run.folder.exists()


def test_what_was_measured_after_the_checkpoint_is_dropped(run: Run) -> None:
    for update in (5, 10, 15):
        run.add_metrics(replace(ROW, update=update))
        run.add_snapshot(replace(SNAPSHOT, update=update))
    run.drop_validations_after(10)
    assert [row.update for row in run.metrics()] == [row.update for row in run.snapshots()] == [5, 10]


def test_the_last_of_two_rows_for_an_update_counts(run: Run) -> None:
    for bleu in (1.0, 2.5):
        run.add_metrics(replace(ROW, validation_bleu=bleu))
    assert [row.validation_bleu for row in run.metrics()] == [2.5]


def test_chrf_is_a_column_only_where_it_was_computed(run: Run, tmp_path: Path) -> None:
    run.add_metrics(ROW)
    assert "chrf" not in run.metrics_path.read_text(encoding="utf-8")
    assert run.metrics() == [ROW]
    other = Run(tmp_path / "other")
    other.folder.mkdir()
    rows = [replace(ROW, update=update, validation_chrf=7.5) for update in (1.0, 2.0)]
    for row in rows:
        other.add_metrics(row)
    assert other.metrics() == rows


@pytest.mark.parametrize("name", ["provenance.json", "scores.json", "metrics.csv", "snapshots.jsonl"])
@pytest.mark.parametrize("text", ["{", "[1]", '{"data": 3, "scores": 3}', "epoch\nx\n", "\0"])
def test_a_damaged_file_gives_one_line_that_names_it(run: Run, name: str, text: str) -> None:
    def load_greedy() -> None:
        run.load_evaluation("test", "greedy")

    (run.folder / name).write_text(text, encoding="utf-8")
    readers = {"metrics.csv": run.metrics, "snapshots.jsonl": run.snapshots, "provenance.json": run.provenance}
    read = readers.get(name, load_greedy)
    with pytest.raises(UserError, match=name.replace(".", r"\.")) as caught:
        read()
    assert "\n" not in str(caught.value)


VALUES = [None, "x", 3, -1, 10**30, 1e308, float("nan"), [], {}, True, [1], {"beam_size": "x"}, {"beam_size": 0}]


@pytest.mark.parametrize("key", ["bleu", "chrf", "search", "text", "sentences", "sentences_per_second"])
@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_score_that_was_changed_is_not_used_unless_it_could_be_one(run: Run, key: str, value: object) -> None:
    run.save_evaluation(EVALUATION)
    scores = json.loads(run.scores_path.read_text(encoding="utf-8"))
    scores["scores"]["test"]["beam 5"][key] = value
    run.scores_path.write_text(json.dumps(scores), encoding="utf-8")
    loaded = run.load_evaluation("test", "beam 5")
    if loaded is not None:  # a value that a report can show
        assert loaded.sentences_per_second + loaded.scores.bleu.value + loaded.scores.chrf.value < 1e10


def test_translations_are_read_from_the_runs_own_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret\n")
    run.save_evaluation(EVALUATION)
    scores = json.loads(run.scores_path.read_text(encoding="utf-8"))
    for path in (str(tmp_path / "secret"), "../secret"):
        scores["scores"]["test"]["beam 5"]["hypotheses"] = path
        run.scores_path.write_text(json.dumps(scores), encoding="utf-8")
        loaded = run.load_evaluation("test", "beam 5")
        assert loaded is not None
        assert loaded.hypotheses == ["a b c d e"]


def test_translations_that_are_not_all_there_are_not_used(run: Run) -> None:
    run.save_evaluation(EVALUATION)
    (run.folder / "hypotheses" / "test.beam-5.txt").write_text("")
    assert run.load_evaluation("test", "beam 5") is None


@pytest.mark.parametrize("name", ["../../outside", "/etc/passwd", "a/b", ".hidden", "a\0b"])
def test_a_name_cannot_leave_the_run(run: Run, tmp_path: Path, name: str) -> None:
    for use in (
        lambda: run.save_evaluation(replace(EVALUATION, set_name=name)),
        lambda: run.load_evaluation(name, "x"),
    ):
        with pytest.raises(UserError, match="choose another name"):
            use()
    assert list(tmp_path.iterdir()) == [run.folder]


@pytest.mark.parametrize(
    "name",
    [
        *("recipe.yaml", "scores.json", "provenance.json", "metrics.csv", "snapshots.jsonl"),
        *("hypotheses/test.beam-5.txt", "hypotheses"),
    ],
)
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_links_and_pipes_in_a_run_are_neither_read_nor_written(run: Run, tmp_path: Path, name: str, kind: str) -> None:
    run.add_snapshot(SNAPSHOT)
    run.add_metrics(ROW)
    run.save_provenance(Provenance())
    run.save_evaluation(EVALUATION)
    path, outside = run.folder / name, tmp_path / "outside"
    path.rename(outside)
    if kind == "link":
        path.symlink_to(outside)
    else:
        os.mkfifo(path)
    before = {each: each.read_bytes() for each in tmp_path.glob("outside*") if each.is_file()}
    actions = {
        "recipe.yaml": [run.load_recipe, run.check_exists],
        "scores.json": [run.check_scores, lambda: run.save_evaluation(EVALUATION)],
        "provenance.json": [run.provenance],
        "metrics.csv": [run.metrics, lambda: run.add_metrics(ROW)],
        "snapshots.jsonl": [run.snapshots, lambda: run.add_snapshot(SNAPSHOT)],
    }.get(name, [lambda: run.load_evaluation("test", "beam 5"), lambda: run.save_evaluation(EVALUATION)])
    for action in [*actions, run.load_translator]:
        with pytest.raises(UserError, match=rf"{path}: is (a link|neither)") as caught:
            action()
        assert "\n" not in str(caught.value)
    assert all(each.read_bytes() == content for each, content in before.items())


def test_a_hard_link_elsewhere_keeps_its_text(run: Run, tmp_path: Path) -> None:
    run.add_metrics(ROW)
    (tmp_path / "backup.csv").hardlink_to(run.metrics_path)
    before = (tmp_path / "backup.csv").read_bytes()
    run.add_metrics(replace(ROW, update=9))
    assert (tmp_path / "backup.csv").read_bytes() == before
    assert [row.update for row in run.metrics()] == [5, 9]


def test_a_row_that_lost_its_line_end_is_not_joined_with_the_next(run: Run) -> None:
    run.add_metrics(ROW)
    run.metrics_path.write_bytes(run.metrics_path.read_bytes().rstrip())
    run.add_metrics(replace(ROW, update=9))
    assert [row.update for row in run.metrics()] == [5, 9]


HEAD = "epoch,update,training_loss,validation_loss,validation_bleu,learning_rate,tokens_per_second\n"


@pytest.mark.parametrize("row", ["1,2", "1,nan,1,1,1,1,1", "1e999,1,1,1,1,1,1", "1,1,1,1,inf,1,1", "a,b,c,d,e,f,g"])
def test_metrics_that_cannot_be_are_one_line(run: Run, row: str) -> None:
    run.metrics_path.write_text(HEAD + row, encoding="utf-8")
    with pytest.raises(UserError, match=r"metrics\.csv: damaged: .*; train the run anew"):
        run.metrics()


def test_a_loss_may_be_infinite(run: Run) -> None:
    run.metrics_path.write_text(HEAD + "1,1,nan,inf,1,1,1", encoding="utf-8")
    assert len(run.metrics()) == 1


@pytest.mark.parametrize(
    "record",
    [
        *('{"seed": "x"}', '{"parameters": 1.5}', '{"commands": 3}', '{"commands": [3]}', '{"versions": [1]}'),
        *('{"versions": {"torch": 2}}', '{"earlier": {"a": 3}}', '{"training_seconds": NaN}', '{"finished": "no"}'),
        *('{"training_seconds": 1e999}', '{"training_seconds": -1}', '{"hardware": 3}', '{"data": {"train": 3}}'),
        *('{"data": {"train": {"pairs": "x", "sha256": 3}}}', '{"data": {"train": {"a": 1}}}', '{"batches": [1]}'),
    ],
)
def test_a_record_with_wrong_types_is_one_line(run: Run, record: str) -> None:
    run.provenance_path.write_text(record, encoding="utf-8")
    with pytest.raises(UserError, match=r"provenance\.json: damaged: .*; train the run anew"):
        run.provenance()


def test_weights_that_are_no_numbers_are_one_line(run: Run, translator: Translator) -> None:
    run.save_weights(translator.model)
    weights = safetensors.torch.load_file(run.weights_path)
    for value in (float("nan"), float("inf")):
        weights["decoder.readout.bias"][0] = value
        safetensors.torch.save_file(weights, run.weights_path)
        model = copy.deepcopy(translator.model)
        with pytest.raises(UserError, match="infinite or not a number"):
            run.load_weights(model)


def test_a_run_of_an_earlier_version_still_tells_how_it_was_made(run: Run) -> None:
    old = {"seed": 4, "data": {"train": {"pairs": 2, "sha256": "abc"}}, "scores": {"test": {"greedy": {"bleu": 1}}}}
    run.scores_path.write_text(json.dumps(old), encoding="utf-8")
    assert (run.provenance().seed, run.provenance().data["train"].pairs) == (4, 2)
    assert run.load_evaluation("test", "greedy") is None


def test_weights_are_those_that_were_saved(run: Run, translator: Translator) -> None:
    with pytest.raises(UserError, match="not there yet"):
        run.load_weights(translator.model)
    run.save_weights(translator.model)
    run.save_evaluation(EVALUATION)
    run.replace_weights(translator.model.state_dict())  # the same weights: their scores stay
    assert run.load_evaluation(EVALUATION.set_name, EVALUATION.search_name)
    saved = deepcopy(translator.model.state_dict())
    with torch.no_grad():
        translator.model.decoder.readout.weight.add_(1.0)
    run.replace_weights(translator.model.state_dict())
    assert run.load_evaluation(EVALUATION.set_name, EVALUATION.search_name) is None
    run.replace_weights(saved)
    run.load_weights(translator.model)
    torch.testing.assert_close(translator.model.state_dict(), saved, rtol=0, atol=0)
    run.weights_path.write_bytes(b"damaged")
    with pytest.raises(UserError, match="damaged"):
        run.load_weights(translator.model)


@pytest.mark.parametrize(("share", "cut"), [(None, True), (0.0, True), (0.09, True), (0.1, False), (1, False)])
def test_lines_are_cut_at_sentence_ends_if_the_run_rarely_saw_several(
    untrained_run: Path, tmp_path: Path, share: float | None, cut: bool
) -> None:
    run = Run(shutil.copytree(untrained_run, tmp_path / "run"))
    run.save_provenance(Provenance(several_sentences=share))
    assert run.load_translator().cut_at_sentence_ends == cut


def test_a_changed_key_is_named_with_both_values(run: Run) -> None:
    recipe = run.load_recipe()
    assert run.changed_key(recipe, ignore=[]) is None
    assert run.changed_key(replace(recipe, seed=2), ignore=[]) == "seed was 1, not 2"
    assert run.changed_key(replace(recipe, seed=2), ignore=["seed"]) is None


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    for action in (Run(tmp_path).check_exists, Run(tmp_path).load_translator):
        with pytest.raises(UserError, match="no run there"):
            action()


def test_scores_that_are_added_to_an_old_run_do_not_delete_how_it_was_made(run: Run) -> None:
    old = {"seed": 4, "data": {"train": {"pairs": 2, "sha256": "abc"}}, "scores": {}}
    run.scores_path.write_text(json.dumps(old), encoding="utf-8")
    run.save_evaluation(EVALUATION)
    assert (run.provenance().seed, run.provenance().data["train"].pairs) == (4, 2)
    assert run.load_evaluation("test", "beam 5") == EVALUATION
    assert run.provenance_path.exists()

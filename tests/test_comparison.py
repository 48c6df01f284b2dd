"""Comparisons from end to end, tiny ones: what they leave, that they go on where they stopped, what is refused."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from browser import CHROMIUM, opened
from tiny import RECIPE, write_corpus

from seq2seq import cli, comparison, run, trainings
from seq2seq.arguments import make_parser
from seq2seq.errors import UserError
from seq2seq.recipe import Recipe, read
from seq2seq.software import versions
from seq2seq.training import Learner
from seq2seq.trainings import Finished
from seq2seq.variants import count, plan

ASKED = comparison.Asked(allowed=[], joins=[4], command="seq2seq compare tiny.yaml")
BRIEFLY = ASKED._replace(joins=[])


def in_this_process(arguments: Sequence[str]) -> None:
    """What `trainings.in_a_process` does, without the seconds that a process takes to start."""
    parsed, overrides = make_parser().parse_known_args(list(arguments))
    cli.VERBS[parsed.verb](parsed, overrides)


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipe")
    corpus = write_corpus(folder, train=120, validation=13, test=40, test_long=4)
    path = folder / "tiny.yaml"
    path.write_text(RECIPE.replace("path: CORPUS", f"path: {corpus}, test_long: test_long"), encoding="utf-8")
    return path


def compare(recipe_file: Path, folder: Path, *overrides: str, seeds: Sequence[int] = (1,)) -> dict[str, Any]:
    """The report's numbers."""
    jobs = plan(recipe_file, [], seeds, overrides, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainings, "in_a_process", in_this_process)
        comparison.of_recipe(recipe_file, jobs, folder, ASKED)
    found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def compared(recipe_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a comparison with two seeds."""
    folder = tmp_path_factory.mktemp("compared")
    compare(recipe_file, folder, seeds=(1, 2))
    return folder


@pytest.fixture(scope="module")
def runs(compared: Path) -> list[Finished]:
    return trainings.gather(sorted(path.parent for path in compared.glob("*/recipe.yaml")))


def test_a_comparison_leaves_runs_a_report_and_figures(compared: Path) -> None:
    assert {path.name for path in compared.iterdir() if path.suffix != ".lock"} == {
        *("bottleneck-1", "bottleneck-2", "attention-1", "attention-2"),
        *("report.html", "report.md", "report.json", "figures"),
    }
    figures = {path.name for path in (compared / "figures").iterdir()}
    for name in ("bleu-by-length.test", "bleu-by-length.test_long", "bleu-by-length.test.joined-4", "phenomena"):
        assert {f"{name}.svg", f"{name}.png"} <= figures
    text = (compared / "report.md").read_text(encoding="utf-8")
    assert "In chrF it is " in text
    for figure in figures:
        if figure.endswith(".svg"):
            assert f"(figures/{figure})" in text


def test_the_report_says_what_the_runs_say(compared: Path) -> None:
    report = json.loads((compared / "report.json").read_text(encoding="utf-8"))
    assert report["seeds"] == {"bottleneck": [1, 2], "attention": [1, 2]}
    assert [(held["name"], held["sentences"]) for held in report["sets"]] == [
        ("test", 40),
        ("test_long", 4),
        ("test.joined-4", 10),
    ]
    for held in report["sets"]:
        for variant, values in held["scores"].items():
            for seed, value in zip((1, 2), values["bleu"]["values"], strict=True):
                scores = json.loads((compared / f"{variant}-{seed}" / "scores.json").read_text(encoding="utf-8"))
                assert scores["scores"][held["name"]]["beam 2"]["bleu"]["value"] == value
                assert scores["finished"]
                assert scores["parameters"] == count(read(Recipe, compared / f"{variant}-{seed}" / "recipe.yaml")[0])
    assert 0 < report["alignment"]["best"] < report["alignment"]["rates"]["attention"]["mean"] <= 1
    assert report["alignment"]["rates"].keys() == {"attention"}


def test_a_finished_comparison_trains_and_translates_nothing_again(compared: Path, recipe_file: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in compared.glob("*-[12]/**/*") if path.is_file()}
    report = (compared / "report.json").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainings, "in_a_process", lambda arguments: pytest.fail(f"{arguments} was started"))
        jobs = plan(recipe_file, [], [1, 2], [], compared)
        comparison.of_recipe(recipe_file, jobs, compared, ASKED)
    assert {path: path.stat().st_mtime_ns for path in compared.glob("*-[12]/**/*") if path.is_file()} == before
    assert (compared / "report.json").read_bytes() == report


def test_an_interrupted_comparison_gives_the_report_of_an_uninterrupted_one(
    recipe_file: Path, compared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Learner.training_step
    trained = []

    def interrupted(learner: Learner, *arguments: Any) -> torch.Tensor:
        if learner.trainer.global_step == 0:
            trained.append(learner)
        if len(trained) == 2 and learner.current_epoch == 1:  # in the second variant's second epoch
            raise KeyboardInterrupt
        return step(learner, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "training_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            compare(recipe_file, tmp_path / "stopped")
    assert not (tmp_path / "stopped" / "report.json").exists()
    compare(recipe_file, tmp_path / "stopped")
    whole = trainings.gather([compared / "bottleneck-1", compared / "attention-1"])
    comparison.of_runs(whole, tmp_path / "whole", ASKED)
    one, other = (
        json.loads((tmp_path / name / "report.json").read_text(encoding="utf-8")) for name in ("stopped", "whole")
    )
    for section in ("seeds", "sets", "alignment", "phenomena", "learning", "examples"):
        assert one[section] == other[section], section
    assert one["costs"]["attention"]["updates"] == other["costs"]["attention"]["updates"]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_report_opens_in_a_browser_without_an_error_or_a_request(compared: Path, tmp_path: Path) -> None:
    assert opened(compared / "report.html", tmp_path) == ([], [])


def test_what_is_left_to_train_is_told(recipe_file: Path, compared: Path, tmp_path: Path) -> None:
    job, _ = plan(recipe_file, [], [], [], tmp_path)
    assert trainings.command(job, recipe_file)[:4] == ["train", str(recipe_file), "--run", str(job.folder)]
    shutil.copytree(compared / "bottleneck-1", job.folder)
    assert "--resume" in trainings.command(job, recipe_file)
    (job.folder / "checkpoints" / "last.ckpt").unlink()
    assert "--force" in trainings.command(job, recipe_file)  # it was stopped before its first epoch was over
    other, _ = plan(recipe_file, [], [], ["--search.width", "7"], tmp_path)
    with pytest.raises(UserError, match=r"another recipe: search\.width was 2, not 7"):
        trainings.command(other, recipe_file)


def test_what_was_trained_elsewhere_meanwhile_is_gone_on_with(
    recipe_file: Path, compared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may train the second while the first is trained here, and be stopped."""
    jobs = plan(recipe_file, [], [], [], tmp_path)
    started = []

    def instead(arguments: Sequence[str]) -> None:
        started.append(arguments)
        shutil.copytree(compared / "attention-1", jobs[1].folder, dirs_exist_ok=True)
        run.add_scores(jobs[1].folder, {"finished": False})

    monkeypatch.setattr(trainings, "in_a_process", instead)
    trainings.train(jobs, recipe_file)
    assert ["--resume" in arguments for arguments in started] == [False, True]


def test_a_training_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"this failed: seq2seq train no-such-recipe\.yaml"):
        trainings.in_a_process(["train", "no-such-recipe.yaml"])


@pytest.mark.parametrize("status", [0, 130, -2, 1])
def test_ctrl_c_stops_the_comparison_once_the_training_has_ended(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the training takes it: it may just have been done, or not have begun."""

    class Training:
        returncode: int | None = None
        waited = 0

        def __init__(self, *arguments: Any, **options: Any) -> None: ...

        def __enter__(self) -> "Training":
            return self

        def __exit__(self, *error: object) -> None:
            assert self.returncode is not None

        def wait(self) -> None:
            self.waited += 1
            if self.waited == 1:
                raise KeyboardInterrupt
            self.returncode = status

    monkeypatch.setattr("seq2seq.trainings.subprocess.Popen", Training)
    with pytest.raises(KeyboardInterrupt):
        trainings.in_a_process(["train"])


RECIPE_KEYS = [
    ("corpus", "path", "elsewhere"),
    ("tokenizer", "vocab_size", 401),
    ("training", "batch_tokens", 300),
    ("training", "patience", 3),
    ("search", "width", 3),
    ("search", "length_penalty", 0.5),
    ("trainer", "max_epochs", 3),
    ("trainer", "devices", 2),
]
FACTS = [
    *(("data", "train", {"pairs": 1}), ("tokenizer", None, "0"), ("batches", None, "0")),
    *(("versions", "torch", "0"), ("versions", "source", "0"), ("earlier", "trainer.max_epochs", [1])),
]


@pytest.mark.parametrize(("section", "key", "value"), RECIPE_KEYS, ids=lambda value: str(value))
def test_recipes_that_differ_in_more_than_their_models_are_refused(
    runs: list[Finished], section: str, key: str, value: object
) -> None:
    odd = [
        one._replace(resolved={**one.resolved, section: {**one.resolved[section], key: value}})
        if one.variant == "attention"
        else one
        for one in runs
    ]
    with pytest.raises(UserError, match=rf"no fair comparison: {section}\.{key} .*--allow-difference {section}\.{key}"):
        trainings.check(odd, [])
    assert trainings.check(odd, [f"{section}.{key}"]).keys() == {f"{section}.{key}"}


@pytest.mark.parametrize(("fact", "key", "value"), FACTS, ids=lambda value: str(value))
def test_trainings_of_other_data_or_software_are_refused(
    runs: list[Finished], fact: str, key: str | None, value: object
) -> None:
    one = runs[0]
    odd = one._replace(scores={**one.scores, fact: {**one.scores[fact], key: value} if key else value})
    with pytest.raises(UserError, match=f"no fair comparison: {fact}"):
        trainings.check([odd, *runs[1:]], [])
    assert trainings.check([odd, *runs[1:]], [fact])


def test_another_seed_may_make_more_batches_of_the_same_pairs(runs: list[Finished]) -> None:
    """Pairs are sorted by length one pool at a time, and which of them a pool has follows from the seed."""
    last = runs[0].epochs[-1]
    more = [
        one._replace(epochs=[*one.epochs[:-1], {**last, "update": last["update"] + 2}]) if one.seed == 2 else one
        for one in runs
    ]
    assert trainings.check(more, []) == {}


@pytest.mark.parametrize("column", ["epoch", "update"])
def test_trainings_of_unequal_length_are_refused(runs: list[Finished], column: str) -> None:
    odd = runs[0]._replace(epochs=[*runs[0].epochs[:-1], {**runs[0].epochs[-1], column: 1.0}])
    with pytest.raises(UserError, match=f"no fair comparison: {column}"):
        trainings.check([odd, *runs[1:]], [])


def test_unequal_seeds_are_refused(runs: list[Finished]) -> None:
    fewer = [one for one in runs if one.folder.name != "bottleneck-2"]
    with pytest.raises(UserError, match=r"seeds .*attention has \[1, 2\], bottleneck has \[1\]"):
        trainings.check(fewer, [])
    with pytest.raises(UserError, match="every variant needs as many seeds"):
        trainings.check(fewer, ["seeds"])
    with pytest.raises(UserError, match="attention with seed 1 is there 2 times"):
        trainings.check([*runs, runs[0]], [])
    assert trainings.check(runs, []) == {}
    assert trainings.unrecorded(runs) == []
    others = [one._replace(seed=one.seed + 10) if one.variant == "bottleneck" else one for one in runs]
    assert trainings.check(others, ["seeds"]) == {"seeds": {"attention": [1, 2], "bottleneck": [11, 12]}}
    assert trainings.unrecorded(others) == ["batches and updates (some seed is one run's alone)"]


def test_variants_that_differ_in_more_than_their_models_are_refused_before_they_are_trained(
    recipe_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "own.yaml"
    block = "comparison: {slow: {training.learning_rate: 0.001}, fast: {training.learning_rate: 0.1}}\n"
    path.write_text(recipe_file.read_text(encoding="utf-8") + block, encoding="utf-8")
    jobs = plan(path, [], [], [], tmp_path)
    with pytest.raises(UserError, match=r"no fair comparison: training\.learning_rate"):
        comparison.check(jobs, ASKED)
    comparison.check(jobs, ASKED._replace(allowed=["training.learning_rate"]))


def test_other_software_is_told_before_the_rest_is_trained(
    recipe_file: Path, compared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = plan(recipe_file, [], [], [], tmp_path)
    shutil.copytree(compared / "bottleneck-1", jobs[0].folder)
    comparison.check(jobs, ASKED)
    monkeypatch.setattr(trainings, "versions", lambda: {**versions(), "torch": "0"})
    with pytest.raises(UserError, match=r"versions\.torch .*bottleneck-1 has .* this installation has '0'"):
        comparison.check(jobs, ASKED)
    comparison.check(jobs, ASKED._replace(allowed=["versions.torch"]))
    comparison.check(plan(recipe_file, [], [], [], compared), ASKED)  # nothing is left to train


def test_what_was_widened_is_in_the_report(recipe_file: Path, compared: Path, tmp_path: Path) -> None:
    jobs = [job._replace(widened={"model.decoder.hidden": 17}) for job in plan(recipe_file, [], [], [], compared)]
    comparison.of_recipe(recipe_file, jobs, tmp_path, BRIEFLY)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "So that attention has as many parameters as the largest variant" in text
    assert "was set to 17." in text


def test_what_was_allowed_is_in_the_report(runs: list[Finished], tmp_path: Path) -> None:
    odd = [one._replace(scores={**one.scores, "tokenizer": one.variant}) for one in runs if one.seed == 1]
    comparison.of_runs(odd, tmp_path, BRIEFLY._replace(allowed=["tokenizer"]))
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert re.search(r"\| tokenizer \| \S+attention-1: attention; .*bottleneck-1: bottleneck \|", text)
    assert "was allowed to" in text


def test_variants_of_any_name_and_unfinished_runs(compared: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run there"):
        trainings.gather([tmp_path / "nothing", compared / "attention-1"])
    with pytest.raises(UserError, match="of one recipe"):
        trainings.gather([compared / "attention-1", compared / "attention-2"])
    half = shutil.copytree(compared / "attention-1", tmp_path / "half")
    scores = json.loads((half / "scores.json").read_text(encoding="utf-8"))
    (half / "scores.json").write_text(json.dumps({**scores, "finished": False}), encoding="utf-8")
    with pytest.raises(UserError, match=f"not trained to its end yet; go on with: seq2seq train --resume --run {half}"):
        trainings.gather([half, compared / "bottleneck-1"])
    other = shutil.copytree(compared / "attention-1", tmp_path / "bottleneck-1")
    with pytest.raises(UserError, match="two variants have runs called bottleneck"):
        trainings.gather([other, compared / "bottleneck-1"])


def test_translations_by_another_search_are_not_taken(compared: Path, tmp_path: Path) -> None:
    from seq2seq.scoring import held_out, score

    folder = shutil.copytree(compared / "attention-1", tmp_path / "attention-1")
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    right = scores["scores"]["test"]["beam 2"]["bleu"]["value"]
    kept = scores["scores"]["test"]["beam 2"]
    for stale in ({"search": {**kept["search"], "length_penalty": 0.3}}, {"text": "of another test set"}):
        scores["scores"]["test"]["beam 2"] = {**kept, **stale, "bleu": {"value": 99.0}}
        (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
        one = trainings.read_run(folder, "attention")
        assert score(one, held_out(one.recipe, [])).results["test"]["bleu"]["value"] == right


def test_a_comparison_without_a_test_split_ends_before_it_begins(recipe_file: Path, tmp_path: Path) -> None:
    jobs = plan(recipe_file, [], [], ["--corpus.test", ""], tmp_path)
    with pytest.raises(UserError, match=r"name one: --corpus\.test NAME"):
        comparison.of_recipe(recipe_file, jobs, tmp_path, ASKED)
    assert not any(tmp_path.iterdir())


def test_folders_are_compared_in_any_order_by_the_first_seed(
    runs: list[Finished],
    compared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folders = [str(compared / name) for name in ("bottleneck-2", "attention-2", "attention-1", "bottleneck-1")]
    monkeypatch.setattr("sys.argv", ["seq2seq", "compare", *folders, "--run", str(tmp_path), "--join", "4"])
    cli.main()
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == str(tmp_path / "report.html")
    assert said[0].startswith("On test, attention has ")
    one, other = (json.loads((folder / "report.json").read_text(encoding="utf-8")) for folder in (tmp_path, compared))
    assert one["sets"] == other["sets"]
    assert one["examples"] == other["examples"]
    assert {said["seed"] for each in one["examples"] for said in each["translations"].values()} == {1}
    for each in one["examples"]:
        figure = f"{each['figure']}.svg"
        assert (tmp_path / figure).read_bytes() == (compared / figure).read_bytes()


def test_trained_runs_are_as_they_are(compared: Path, recipe_file: Path) -> None:
    folders = [compared / "bottleneck-1", compared / "attention-1"]
    with pytest.raises(UserError, match=r"--training\.patience: of what is trained, only --corpus"):
        trainings.gather(folders, ["--training.patience", "1"])
    moved = trainings.gather(folders, ["--corpus.path", "elsewhere"])
    assert {one.recipe.corpus.path for one in moved} == {"elsewhere"}
    assert {one.resolved["corpus"]["path"] for one in moved} == {str(recipe_file.parent)}


def test_what_runs_did_not_record_is_said(runs: list[Finished], tmp_path: Path) -> None:
    kept = ("scores", "commands")
    old = [one._replace(scores={name: one.scores[name] for name in kept}) for one in runs if one.seed == 1]
    assert trainings.unrecorded(old) == ["batches", "data", "tokenizer", "versions", "versions.source"]
    comparison.of_runs(old, tmp_path, BRIEFLY)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "Except for: batches (unknown), data (unknown)" in text
    assert "| unknown |" in text  # the parameters and the time
    assert trainings.unrecorded(runs) == []
    streamed = {"train": {"pairs": None, "sha256": None}}
    assert comparison.facts([runs[0]._replace(scores={**runs[0].scores, "data": streamed})])["train"] == "a stream"


def test_epochs_are_read_once_an_update_and_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / run.METRICS
    head = "epoch,update,validation_bleu,tokens_per_second"
    path.write_text(f"{head}\n1,10,1.0,5\n2,20,2.0,5\n2,20,2.5,5\n", encoding="utf-8")
    assert [row["validation_bleu"] for row in trainings.read_epochs(tmp_path)] == [1.0, 2.5]
    for text in ("", f"{head}\n", f"{head}\n1,10,,5\n", "epoch,update\n1,2\n", f"{head}\n1,10\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"metrics\.csv: (damaged|no epochs)"):
            trainings.read_epochs(tmp_path)

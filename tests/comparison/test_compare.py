"""Whole comparisons of tiny models write runs and a report, and go on after a stop."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from browser import CHROMIUM, open_page

from seq2seq.cli import main
from seq2seq.comparison import trainings
from seq2seq.comparison.compare import ComparisonRequest, check_jobs, compare_recipe, compare_runs, describe_data
from seq2seq.comparison.controls import unchecked_keys
from seq2seq.comparison.finished_runs import FinishedRun, gather_runs
from seq2seq.comparison.variants import count_recipe_parameters, plan
from seq2seq.errors import UserError
from seq2seq.provenance import Provenance, SplitFingerprint, versions
from seq2seq.recipe import Recipe
from seq2seq.training.module import TranslationModule

RunComparison = Callable[[Path, Sequence[int]], None]


def read_report(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return report


def test_a_comparison_writes_runs_a_report_and_figures(compared: Path) -> None:
    assert {path.name for path in compared.iterdir()} == {
        *("bottleneck-1", "bottleneck-2", "bahdanau-1", "bahdanau-2"),
        *("report.html", "report.md", "report.json", "figures"),
    }
    figures = {path.name for path in (compared / "figures").iterdir()}
    for name in ("bleu-by-length.test", "bleu-by-length.test_long", "bleu-by-length.test.joined-4", "phenomena"):
        assert {f"{name}.svg", f"{name}.png"} <= figures
    text = (compared / "report.md").read_text(encoding="utf-8")
    assert " chrF and bottleneck has " in text
    for figure in figures:
        if figure.endswith(".svg"):
            assert f"(figures/{figure})" in text


def test_the_report_says_what_the_runs_say(compared: Path) -> None:
    report = read_report(compared)
    assert report["seeds"] == {"bottleneck": [1, 2], "bahdanau": [1, 2]}
    assert [(test_set["name"], test_set["sentences"]) for test_set in report["sets"]] == [
        ("test", 40),
        ("test_long", 4),
        ("test.joined-4", 10),
    ]
    for test_set in report["sets"]:
        for variant, values in test_set["scores"].items():
            for seed, value in zip((1, 2), values["bleu"]["values"], strict=True):
                folder = compared / f"{variant}-{seed}"
                scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
                assert scores["scores"][test_set["name"]]["beam 2"]["bleu"]["value"] == value
    assert 0 < report["alignment"]["best"] < report["alignment"]["rates"]["bahdanau"]["mean"] <= 1
    assert report["alignment"]["rates"].keys() == {"bahdanau"}


def test_the_runs_are_finished_and_have_the_recipes_parameters(runs: list[FinishedRun]) -> None:
    for run in runs:
        assert run.provenance.finished
        assert run.provenance.parameters == count_recipe_parameters(Recipe.load(run.folder / "recipe.yaml"))


def test_a_finished_comparison_trains_and_translates_nothing_again(
    compared: Path, recipe_file: Path, joining_request: ComparisonRequest
) -> None:
    before = {path: path.stat().st_mtime_ns for path in compared.glob("*-[12]/**/*") if path.is_file()}
    report = (compared / "report.json").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainings, "run_command", lambda arguments: pytest.fail(f"{arguments} was started"))
        jobs = plan(recipe_file, [], [1, 2], [], compared)
        compare_recipe(recipe_file, jobs, compared, joining_request)
    assert {path: path.stat().st_mtime_ns for path in compared.glob("*-[12]/**/*") if path.is_file()} == before
    assert (compared / "report.json").read_bytes() == report


def test_an_interrupted_comparison_gives_the_report_of_an_uninterrupted_one(
    run_comparison: RunComparison,
    compared: Path,
    joining_request: ComparisonRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    training_step = TranslationModule.training_step
    started = []

    def interrupted(learner: TranslationModule, *arguments: Any) -> torch.Tensor:
        if learner.trainer.global_step == 0:
            started.append(learner)
        if len(started) == 2 and learner.current_epoch == 1:  # in the second variant's second epoch
            raise KeyboardInterrupt
        return training_step(learner, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(TranslationModule, "training_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_comparison(tmp_path / "stopped", (1,))
    assert not (tmp_path / "stopped" / "report.json").exists()
    run_comparison(tmp_path / "stopped", (1,))
    uninterrupted = gather_runs([compared / "bottleneck-1", compared / "bahdanau-1"])
    compare_runs(uninterrupted, tmp_path / "whole", joining_request)
    stopped, whole = read_report(tmp_path / "stopped"), read_report(tmp_path / "whole")
    for section in ("seeds", "sets", "alignment", "phenomena", "learning", "examples"):
        assert stopped[section] == whole[section], section
    assert stopped["costs"]["bahdanau"]["updates"] == whole["costs"]["bahdanau"]["updates"]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_report_opens_in_a_browser_without_an_error_or_a_request(compared: Path, tmp_path: Path) -> None:
    assert open_page(compared / "report.html", tmp_path) == ([], [])


def test_variants_that_differ_in_more_than_their_models_are_refused_before_they_are_trained(
    recipe_file: Path, joining_request: ComparisonRequest, tmp_path: Path
) -> None:
    path = tmp_path / "own.yaml"
    block = "comparison: {slow: {training.learning_rate: 0.001}, fast: {training.learning_rate: 0.1}}\n"
    path.write_text(recipe_file.read_text(encoding="utf-8") + block, encoding="utf-8")
    jobs = plan(path, [], [], [], tmp_path)
    with pytest.raises(UserError, match=r"no fair comparison: training\.learning_rate"):
        check_jobs(jobs, joining_request)
    check_jobs(jobs, joining_request._replace(allowed=["training.learning_rate"]))


def test_other_software_is_reported_before_the_rest_is_trained(
    recipe_file: Path,
    compared: Path,
    joining_request: ComparisonRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs = plan(recipe_file, [], [], [], tmp_path)
    shutil.copytree(compared / "bottleneck-1", jobs[0].folder)
    check_jobs(jobs, joining_request)
    monkeypatch.setattr(trainings, "versions", lambda: {**versions(), "torch": "0"})
    with pytest.raises(UserError, match=r"versions\.torch .*bottleneck-1 has .* this installation has '0'"):
        check_jobs(jobs, joining_request)
    check_jobs(jobs, joining_request._replace(allowed=["versions.torch"]))
    check_jobs(plan(recipe_file, [], [], [], compared), joining_request)  # nothing is left to train


def test_a_comparison_without_a_test_split_ends_before_it_begins(
    recipe_file: Path, joining_request: ComparisonRequest, tmp_path: Path
) -> None:
    jobs = plan(recipe_file, [], [], ["--corpus.test", ""], tmp_path)
    with pytest.raises(UserError, match=r"name one: --corpus\.test NAME"):
        compare_recipe(recipe_file, jobs, tmp_path, joining_request)
    assert not any(tmp_path.iterdir())


def test_the_report_names_what_was_widened(
    recipe_file: Path, compared: Path, plain_request: ComparisonRequest, tmp_path: Path
) -> None:
    jobs = [job._replace(widened={"model.decoder.hidden": 17}) for job in plan(recipe_file, [], [], [], compared)]
    compare_recipe(recipe_file, jobs, tmp_path, plain_request)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "So that bahdanau has as many parameters as the largest variant" in text
    assert "was set to 17." in text


def test_the_report_names_what_was_allowed(
    runs: list[FinishedRun], plain_request: ComparisonRequest, tmp_path: Path
) -> None:
    odd = [run._replace(provenance=replace(run.provenance, tokenizer=run.variant)) for run in runs if run.seed == 1]
    compare_runs(odd, tmp_path, plain_request._replace(allowed=["tokenizer"]))
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert re.search(r"\| tokenizer \| \S+bahdanau-1: bahdanau; .*bottleneck-1: bottleneck \|", text)
    assert "Differences that were allowed" in text


def test_the_report_names_what_runs_did_not_record(
    runs: list[FinishedRun], plain_request: ComparisonRequest, tmp_path: Path
) -> None:
    old = [run._replace(provenance=Provenance()) for run in runs if run.seed == 1]
    assert unchecked_keys(old) == ["batches", "data", "tokenizer", "versions", "versions.source"]
    compare_runs(old, tmp_path, plain_request)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "Except for: batches (not checked), data (not checked)" in text
    assert "| unknown |" in text  # the parameters and the time
    assert unchecked_keys(runs) == []
    streamed = replace(runs[0].provenance, data={"train": SplitFingerprint(None, None)})
    assert describe_data(runs[0]._replace(provenance=streamed))["train"] == "a stream"


def test_folders_are_compared_in_any_order_by_the_first_seed(
    compared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folders = [str(compared / name) for name in ("bottleneck-2", "bahdanau-2", "bahdanau-1", "bottleneck-1")]
    monkeypatch.setattr("sys.argv", ["seq2seq", "compare", *folders, "--run", str(tmp_path), "--join", "4"])
    main.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == str(tmp_path / "report.html")
    assert lines[0].startswith("On test, bahdanau has ")
    report, expected = read_report(tmp_path), read_report(compared)
    assert report["sets"] == expected["sets"]
    assert report["examples"] == expected["examples"]
    translations = [shown for example in report["examples"] for shown in example["translations"].values()]
    assert {shown["seed"] for shown in translations} == {1}
    for example in report["examples"]:
        figure = f"{example['figure']}.svg"
        assert (tmp_path / figure).read_bytes() == (compared / figure).read_bytes()

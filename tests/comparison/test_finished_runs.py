"""Finished runs: which folders are accepted, and how runs are grouped into variants."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from seq2seq.comparison.finished_runs import gather_runs, load_epochs
from seq2seq.errors import UserError
from seq2seq.run import Run


def test_runs_that_cannot_be_compared_are_refused(compared: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run there"):
        gather_runs([tmp_path / "nothing", compared / "bahdanau-1"])
    with pytest.raises(UserError, match="of one recipe"):
        gather_runs([compared / "bahdanau-1", compared / "bahdanau-2"])
    half = shutil.copytree(compared / "bahdanau-1", tmp_path / "half")
    run = Run(half)
    run.save_provenance(replace(run.provenance(), finished=False))
    with pytest.raises(UserError, match=f"not trained to its end yet; go on with: seq2seq train --run {half}"):
        gather_runs([half, compared / "bottleneck-1"])
    other = shutil.copytree(compared / "bahdanau-1", tmp_path / "bottleneck-1")
    with pytest.raises(UserError, match="two variants have runs called bottleneck"):
        gather_runs([other, compared / "bottleneck-1"])


def test_only_the_corpus_of_a_trained_run_can_move(compared: Path, recipe_file: Path) -> None:
    folders = [compared / "bottleneck-1", compared / "bahdanau-1"]
    with pytest.raises(UserError, match=r"--training\.patience: .*only --corpus"):
        gather_runs(folders, ["--training.patience", "1"])
    moved = gather_runs(folders, ["--corpus.path", "elsewhere"])
    assert {run.corpus.path for run in moved} == {"elsewhere"}
    assert {run.recipe.corpus.path for run in moved} == {str(recipe_file.parent)}


def test_each_update_has_one_row_and_damage_is_named(tmp_path: Path) -> None:
    run = Run(tmp_path)
    names = "epoch,update,training_loss,validation_loss,validation_bleu,learning_rate,tokens_per_second"
    rows = "1,10,9,9,1.0,0.1,5\n2,20,9,9,2.0,0.1,5\n2,20,9,9,2.5,0.1,5\n"
    run.metrics_path.write_text(f"{names}\n{rows}", encoding="utf-8")
    assert [row.validation_bleu for row in load_epochs(run)] == [1.0, 2.5]
    for text in ("", f"{names}\n", f"{names}\n1,10,9,9,,0.1,5\n", "epoch,update\n1,2\n", f"{names}\n1,10\n"):
        run.metrics_path.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"metrics\.csv: (damaged|no epochs)"):
            load_epochs(run)

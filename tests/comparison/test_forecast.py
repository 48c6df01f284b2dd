"""Before a comparison trains, it says how long that will take, and writes it for Slurm."""

import math
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seq2seq.comparison.compare import ComparisonRequest, slurm_array
from seq2seq.comparison.forecast import Forecast, count_updates, describe_forecast, forecast, format_duration
from seq2seq.comparison.slurm import slurm_script
from seq2seq.comparison.variants import plan
from seq2seq.errors import UserError
from seq2seq.model.encoder_decoder import count_parameters
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.text.corpus import CorpusOptions


@pytest.mark.parametrize(
    ("trainer", "batches", "updates", "validations"),
    [
        ({"max_epochs": 3}, 100, 300, 3),
        ({"max_epochs": 4, "check_val_every_n_epoch": 2}, 100, 400, 2),
        ({"max_epochs": 3, "val_check_interval": 50}, 100, 300, 6),
        ({"max_epochs": 3, "val_check_interval": 0.25}, 100, 300, 12),
        ({"max_epochs": 3, "limit_train_batches": 10}, 100, 30, 3),
        ({"max_epochs": 3, "limit_train_batches": 0.5}, 100, 150, 3),
        ({"max_epochs": 3, "max_steps": 20}, 100, 20, 0.2),
        ({"max_epochs": -1, "max_steps": 20, "accumulate_grad_batches": 2}, 100, 40, 0.4),
        ({"max_epochs": 3, "val_check_interval": "00:00:10:00", "check_val_every_n_epoch": None}, 100, 300, 3),
        ({"max_epochs": 3, "limit_train_batches": 0, "max_steps": None}, 100, 300, 3),
        ({"max_epochs": 3, "limit_train_batches": 0.001}, 100, 3, 3),
    ],
)
def test_a_training_has_so_many_batches_and_validations(
    trainer: dict[str, Any], batches: int, updates: float, validations: float
) -> None:
    recipe = replace(Recipe(CorpusOptions("x")), trainer=trainer)
    assert count_updates(recipe, batches) == (updates, pytest.approx(validations))


def test_every_variant_is_measured_and_its_files_are_counted(recipe_file: Path, tmp_path: Path, compared: Path) -> None:
    jobs = plan(recipe_file, [], [1, 2], [], tmp_path)
    forecasts = forecast(jobs)
    assert forecasts is not None
    assert list(forecasts) == ["bottleneck", "bahdanau"]
    for name, needed in forecasts.items():
        assert 0 < needed.seconds < 600
        run = Run(compared / f"{name}-1")
        parameters = count_parameters(run.load_translator().model)
        assert needed.bytes >= 16 * parameters
        assert needed.bytes == pytest.approx(
            run.last_checkpoint.stat().st_size + run.weights_path.stat().st_size, rel=0.25
        )
    text = describe_forecast(jobs, forecasts, tmp_path)
    assert text.startswith("4 trainings to do: about ")
    assert str(tmp_path) in text


def test_nobody_knows_how_long_a_stream_is(recipe_file: Path, tmp_path: Path) -> None:
    stream = ["--corpus.streaming", "true", "--trainer.max_steps", "5", "--training.schedule", "constant"]
    jobs = plan(recipe_file, [], [], stream, tmp_path)
    assert forecast(jobs) is None
    assert "nobody knows" in describe_forecast(jobs, None, tmp_path)


def test_a_training_that_may_end_sooner_takes_at_most_that_long(recipe_file: Path, tmp_path: Path) -> None:
    jobs = plan(recipe_file, [], [], ["--training.patience", "2"], tmp_path)
    forecasts = {job.variant: Forecast(100.0, 10**6, job.recipe.training.patience > 0) for job in jobs}
    assert describe_forecast(jobs, forecasts, tmp_path).startswith("2 trainings to do: at most about 3 minutes")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(40, "40 seconds"), (720, "12 minutes"), (20_000, "5.6 hours"), (math.inf, "for ever")],
)
def test_durations_are_easy_to_read(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_each_task_of_the_slurm_script_runs_its_own_training(tmp_path: Path) -> None:
    commands = ["seq2seq train 'a b.yaml' --x '{y: 1}'", 'seq2seq train c.yaml --note "it\'s"']
    script = tmp_path / "array.sh"
    script.write_text(slurm_script(commands, 1200.0, "my run"), encoding="utf-8")
    text = script.read_text(encoding="utf-8")
    assert "#SBATCH --array=0-1\n" in text
    assert "#SBATCH --time=00:40:00" in text
    assert "--time=24:00:00" in slurm_script(commands, None, "x")
    srun = tmp_path / "srun"
    srun.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    srun.chmod(0o755)
    words = [["seq2seq", "train", "a b.yaml", "--x", "{y: 1}"], ["seq2seq", "train", "c.yaml", "--note", "it's"]]
    for task, expected in enumerate(words):
        environment = {**os.environ, "SLURM_ARRAY_TASK_ID": str(task), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", script], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == expected


def test_only_trainings_that_are_left_are_in_the_script(
    recipe_file: Path, compared: Path, tmp_path: Path, plain_request: ComparisonRequest
) -> None:
    text = slurm_array(recipe_file, plan(recipe_file, [], [1], [], tmp_path), plain_request)
    assert text.startswith("#!/bin/bash\n")
    assert "--array=0-1" in text
    with pytest.raises(UserError, match="all trainings are finished"):
        slurm_array(recipe_file, plan(recipe_file, [], [1, 2], [], compared), plain_request)

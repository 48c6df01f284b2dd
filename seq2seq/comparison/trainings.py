"""Start the trainings that a comparison still needs. Each training is a command, so that it can run anywhere."""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from seq2seq.comparison.controls import check_equal, software_values
from seq2seq.comparison.variants import Job
from seq2seq.errors import UserError
from seq2seq.provenance import versions
from seq2seq.run import Run
from seq2seq.terminal_text import write_message


def training_command(job: Job, recipe_path: Path, code: Sequence[Path] = ()) -> list[str]:
    """Return the arguments of `seq2seq` that train a job, or that finish its training.

    Args:
        job: what to train.
        recipe_path: the recipe's file.
        code: the files that the user has allowed to be run.

    Raises:
        UserError: the job's folder has a run of another recipe, or a run that cannot be resumed.
    """
    run = Run(job.folder)
    start = []
    if run.exists():
        if changed := run.changed_key(job.recipe, ignore=["comparison"]):
            raise UserError(f"{run}: there is a run of another recipe: {changed}; choose another folder: --run")
        start = ["--resume"]
        if not run.last_checkpoint.exists():
            if run.weights_path.exists() and not run.is_finished():
                raise UserError(f"{run}: a half trained run whose checkpoints are gone; move it away")
            start = ["--force"]  # The training was stopped before its first epoch was over.
    allowed = [word for path in code for word in ("--allow-code", str(path))]
    return ["train", str(recipe_path), "--run", str(job.folder), *start, *allowed, *job.options]


def format_command(arguments: Sequence[str]) -> str:
    """Return a command as it is typed in a terminal."""
    return shlex.join(["seq2seq", *arguments])


def run_command(arguments: Sequence[str]) -> None:
    """Run `seq2seq` in a process of its own. Its output goes to stderr.

    Raises:
        UserError: the command failed.
    """
    stopped = False
    with subprocess.Popen([sys.executable, "-m", "seq2seq", *arguments], stdout=sys.stderr) as training:
        while training.returncode is None:
            try:
                training.wait()
            except KeyboardInterrupt:  # The training gets Ctrl-C, too: wait until it has saved its state.
                stopped = True
    if stopped or training.returncode == 130:
        raise KeyboardInterrupt
    if training.returncode:
        command = format_command(arguments)
        raise UserError(f"this failed: {command}; fix the cause and repeat the comparison: it goes on where it was")


def check_software(jobs: Sequence[Job], allowed: Sequence[str]) -> None:
    """Check that this installation has the software versions of the runs that are already trained or begun.

    Raises:
        UserError: a version differs, and a training is left to do. See `check_equal`.
    """
    runs = [Run(job.folder) for job in jobs]
    if not all(run.is_finished() for run in runs):
        begun = [run for run in runs if run.provenance_path.is_file() or run.scores_path.is_file()]
        sides = {str(run): software_values(run.provenance().versions) for run in begun}
        check_equal({**sides, "this installation": software_values(versions())}, allowed)


def train_missing(jobs: Sequence[Job], recipe_path: Path, code: Sequence[Path] = ()) -> None:
    """Train every job that is not trained yet, one after the other. See `training_command` for the arguments.

    Raises:
        UserError: a training failed, or a job cannot be trained (see `training_command`).
    """
    for job in jobs:
        training_command(job, recipe_path, code)  # Report mistakes before hours of training.
    for number, job in enumerate(jobs, start=1):
        finished = Run(job.folder).is_finished()
        # Make the command again: another process may have trained the run in the meantime.
        arguments = training_command(job, recipe_path, code)
        message = "finished before" if finished else format_command(arguments)
        write_message(f"{job.variant}, seed {job.seed} ({number} of {len(jobs)}): {message}")
        if not finished:
            run_command(arguments)

"""Start the trainings that a comparison still needs. Each training is a command, so that it can run anywhere."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from seq2seq.comparison.controls import check_equal, software_values
from seq2seq.comparison.variants import Job
from seq2seq.errors import UserError
from seq2seq.provenance import versions
from seq2seq.run import Run
from seq2seq.stop_signals import SIGNALS, Stopped, be_silent
from seq2seq.terminal_text import write_message

REQUEUE_SIGNAL = signal.SIGUSR1


def training_command(job: Job, recipe_path: Path, code: Sequence[Path] = ()) -> list[str]:
    """Return the arguments of `seq2seq` that train a job, or go on with its training.

    Args:
        job: what to train.
        recipe_path: the recipe's file.
        code: the files that the user has allowed to be run.

    Raises:
        UserError: the job's folder has a run of another recipe.
    """
    run = Run(job.folder)
    if run.exists() and (changed := run.changed_key(job.recipe, ignore=["comparison"])):
        raise UserError(f"{run}: there is a run of another recipe: {changed}; choose another folder: --run")
    allowed = [word for path in code for word in ("--allow-code", str(path))]
    return ["train", str(recipe_path), "--run", str(job.folder), *allowed, *job.options]


def format_command(arguments: Sequence[str]) -> str:
    """Return a command as it is typed in a terminal."""
    return shlex.join(["seq2seq", *arguments])


def run_command(arguments: Sequence[str]) -> None:
    """Run `seq2seq` in a process of its own. Its output goes to stderr.

    A signal that stops this process is handed on, and raised again when the training has saved its state and ended. A
    training that gets it twice, because the terminal has sent it to both, ignores the second one.

    Raises:
        UserError: the command failed.
        Stopped: this process or the training was stopped.
    """
    stopped: KeyboardInterrupt | None = None
    with (
        requeue_signal_ignored(),
        subprocess.Popen([sys.executable, "-m", "seq2seq", *arguments], stdout=sys.stderr) as training,
    ):
        while training.returncode is None:
            try:
                training.wait()
            except KeyboardInterrupt as error:
                stopped = error
                training.send_signal(error.signal if isinstance(error, Stopped) else signal.SIGINT)
    number = end_signal(training.returncode)
    if training.returncode > 128:
        be_silent()  # the training has written the message
    if stopped or number in (*SIGNALS, REQUEUE_SIGNAL):
        raise stopped or Stopped(number)
    if training.returncode:
        command = format_command(arguments)
        how = f"this was ended by {signal.Signals(number).name}" if training.returncode < 0 else "this failed"
        raise UserError(f"{how}: {command}; fix the cause and repeat the comparison: it goes on where it was")


def end_signal(status: int) -> int:
    """Return the signal that ended a process, from its exit status (128 + n, or -n); 0 if it was none."""
    return -status if status < 0 else max(status - 128, 0)


@contextmanager
def requeue_signal_ignored() -> Iterator[None]:
    """Let this process ignore the signal on which a training has Slurm requeue the job: both of them get it."""
    handler = signal.signal(REQUEUE_SIGNAL, lambda number, frame: None) if "SLURM_JOB_ID" in os.environ else None
    try:
        yield
    finally:
        if handler is not None:
            signal.signal(REQUEUE_SIGNAL, handler)


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
        UserError: a training failed or ended too early, or a job cannot be trained (see `training_command`).
        Stopped: a signal has stopped this process or a training.
    """
    for job in jobs:
        training_command(job, recipe_path, code)  # Report mistakes before hours of training.
    for number, job in enumerate(jobs, start=1):
        finished = Run(job.folder).is_finished()
        # Make the command again: another process may have trained the run in the meantime.
        arguments = training_command(job, recipe_path, code)
        message = "finished before" if finished else format_command(arguments)
        write_message(f"{job.variant}, seed {job.seed} ({number} of {len(jobs)}): {message}")
        if finished:
            continue
        run_command(arguments)
        if not Run(job.folder).is_finished():
            raise UserError(
                f"{job.folder}: this ended before the run was finished: {format_command(arguments)}; repeat the "
                "comparison: it goes on where it was"
            )

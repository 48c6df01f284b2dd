"""Stop a training on a signal while Lightning runs it, and put its job back into Slurm's queue."""

import os
import signal
import subprocess
from collections.abc import Callable
from types import FrameType
from typing import Any

import lightning
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.strategies.launchers import _SubprocessScriptLauncher

from seq2seq import stop_signals
from seq2seq.terminal_text import write_message

REQUEUE_SIGNAL = signal.SIGUSR1  # what `sbatch --signal=SIGUSR1@90` sends, 90 seconds before the time is over


def make_signal_callbacks(save: Callable[[lightning.Trainer], None]) -> list[Callback]:
    """Return the callbacks that handle signals while a training runs.

    Args:
        save: writes the training's last checkpoint. All processes call it.
    """
    return [StopOnSignals(), *([Requeue(save)] if SLURMEnvironment.detect() else [])]


class StopOnSignals(Callback):
    """Sets the handlers of `stop_signals` again, and ends the processes that Lightning has started.

    Lightning's own handler of SIGTERM talks to the other processes, and waits forever if they do not listen.
    """

    def setup(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, stage: str) -> None:
        if not trainer.is_global_zero:
            stop_signals.be_silent()

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Set the handlers. Lightning replaces them after `on_fit_start`."""
        stop_signals.install_again()

    def on_train_batch_end(self, *arguments: Any) -> None:
        stop_signals.check()

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        """Kill the other processes, which have nothing to save.

        Lightning would kill them, too. But it would then notice within seconds that they have ended, and kill this one.
        """
        launcher = trainer.strategy.launcher
        if isinstance(launcher, _SubprocessScriptLauncher):
            processes = list(launcher.procs)
            launcher.procs.clear()
            for process in processes:
                process.kill()
                process.wait()


class Requeue(Callback):
    """Saves a training and has Slurm requeue its job when the job gets SIGUSR1, because its time is nearly over.

    The handler only takes a note, because a checkpoint is exact only between two batches, and because all processes
    have to save together. Lightning's own handler saves at any moment, and is not used.

    Args:
        save: writes the training's last checkpoint. All processes call it.
    """

    def __init__(self, save: Callable[[lightning.Trainer], None]) -> None:
        self.save = save
        self.is_due = False

    def setup(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, stage: str) -> None:
        """Set the handler. Lightning then leaves it alone."""
        signal.signal(REQUEUE_SIGNAL, self.take_note)

    def take_note(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal."""
        self.is_due = True

    def on_train_batch_start(self, trainer: lightning.Trainer, *arguments: Any) -> None:
        """Save, requeue and stop, if a process has got the signal, after the validation of the batch before.

        Raises:
            Stopped: the job was requeued.
        """
        batches = trainer.fit_loop.epoch_loop.batch_progress.current.completed
        if batches % trainer.accumulate_grad_batches:  # between two updates: the gradients are not saved
            return
        if not trainer.strategy.reduce_boolean_decision(self.is_due, all=False):
            return
        self.is_due = False
        self.save(trainer)
        failure = requeue() if trainer.is_global_zero else None
        failure = trainer.strategy.broadcast(failure)
        if failure is None:
            stop_signals.raise_stopped(REQUEUE_SIGNAL)
        elif trainer.is_global_zero:
            write_message(f"{failure}; the training is saved and goes on")


def job_id() -> str | None:
    """Return the id of this Slurm job as `scontrol` takes it; None if Slurm has not set it."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")


def requeue() -> str | None:
    """Have Slurm requeue this job. Return what went wrong, in one line; None if nothing did."""
    job = job_id()
    if job is None:
        return "the job cannot be requeued: Slurm has not set SLURM_JOB_ID"
    command = ["scontrol", "requeue", job]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        return f"{' '.join(command)}: {error.strerror or error}"
    if done.returncode:
        return f"{' '.join(command)}: {done.stderr.strip() or f'exit status {done.returncode}'}"
    write_message(f"Slurm has put job {job} back into its queue")
    return None

"""Prepare a run's folder for a training: one training at a time, and no run overwritten by mistake."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from seq2seq.errors import UserError
from seq2seq.run import Run


@contextmanager
def lock(run: Run) -> Iterator[None]:
    """Lock a run's folder against other trainings while the block runs.

    Raises:
        UserError: another training has the lock, or the folder cannot be made.
    """
    if not run.writes:
        yield
        return
    # The lock lies beside the folder, because --force deletes the folder.
    file_lock = FileLock(run.folder.with_name(f".{run.folder.name}.lock"), timeout=0)
    try:
        run.folder.parent.mkdir(parents=True, exist_ok=True)
        file_lock.acquire()
    except Timeout as error:
        raise UserError(f"{run}: is being trained by another process; wait for it, or choose another --run") from error
    except OSError as error:
        raise UserError(f"{run}: cannot be made: {error.strerror or error}; choose another --run") from error
    try:
        yield
    finally:
        file_lock.release()


def prepare(run: Run, resume: bool, force: bool) -> None:
    """Check that a training may use the folder. Delete the run that is there if `force` says so.

    Args:
        run: the run to train.
        resume: go on with the run that is there.
        force: delete the run that is there.

    Raises:
        UserError: the folder has a run and neither is given, it is not a run's folder, or there is nothing to resume.
    """
    if not run.writes:
        return
    if resume:
        if not run.exists():
            raise UserError(f"{run}: no run to resume there; train it without --resume")
        if not run.last_checkpoint.is_file():
            raise UserError(f"{run}: no checkpoint to resume from; train with --force to start anew")
    elif run.folder.exists() and (not run.folder.is_dir() or any(run.folder.iterdir())):
        if not force:
            raise UserError(
                f"{run}: exists already; --resume goes on with it, --force starts anew, --run NAME keeps both"
            )
        if not run.exists():
            raise UserError(f"{run}: not a run's folder, so --force does not delete it; choose another with --run")
        shutil.rmtree(run.folder)

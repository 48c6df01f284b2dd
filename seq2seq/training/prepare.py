"""Prepare a run's folder for a training: one training at a time, and no run overwritten by mistake."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from seq2seq.errors import UserError
from seq2seq.run import Run
from seq2seq.run_files import delete_run
from seq2seq.training.processes import print_once


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


def check_folder(run: Run, resume: bool, force: bool) -> None:
    """Check that a training may use the folder. Nothing is changed.

    Args:
        run: the run to train.
        resume: the run that is there goes on.
        force: the run that is there will be deleted.

    Raises:
        UserError: the folder has a run and neither is given, it is not a run's folder, it has nothing to resume, a file
            in it is a link, or, for a run that goes on, a file is damaged.
    """
    if not run.writes:
        return
    if run.folder.is_symlink() and not run.folder.exists():
        raise UserError(f"{run}: a link to nothing; make its folder, or choose another --run")
    if run.folder.is_dir():
        run.check_links()
    if resume:
        if not run.exists():
            raise UserError(f"{run}: no run to resume there; train it without --resume")
        if not run.last_checkpoint.is_file():
            raise UserError(f"{run}: no checkpoint to resume from; train with --force to start anew")
        run.metrics()
        run.check_scores()
    elif run.folder.exists() and (not run.folder.is_dir() or any(run.folder.iterdir())):
        if not force:
            raise UserError(
                f"{run}: exists already; --resume goes on with it, --force starts anew, --run NAME keeps both"
            )
        if not run.exists():
            raise UserError(f"{run}: not a run's folder, so --force does not delete it; choose another with --run")


def clear_folder(run: Run) -> None:
    """Delete the run that is in the folder, if there is one. Other files in the folder stay, and are named.

    Raises:
        UserError: a file cannot be deleted.
    """
    if run.writes and run.exists():
        left = delete_run(run.folder)
        if left:
            names = ", ".join(path.name for path in left)
            print_once(f"{run}: kept what is not a run's: {names}")

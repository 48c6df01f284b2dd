"""Prepare a run's folder for a training: one training at a time, which starts, goes on, or has nothing left to do."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum

from filelock import FileLock, Timeout

from seq2seq.errors import UserError
from seq2seq.files import make_folder
from seq2seq.provenance import Provenance
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.run_files import LOCK, delete_run, is_unused
from seq2seq.training.processes import print_once
from seq2seq.training.resuming import check_recipe

RETRIES = 0.5  # seconds in which a lock that is being released is tried again


@contextmanager
def lock(run: Run) -> Iterator[None]:
    """Lock a run's folder against other trainings while the block runs.

    The lock lies inside the folder. So it is the same one however the folder's path is spelled, it moves with the
    folder, and nothing is written outside. A process that is killed leaves its file, which locks nothing.

    Raises:
        UserError: another training has the lock, or the folder cannot be made or written.
    """
    if not run.writes:
        yield
        return
    if run.folder.is_symlink() and not run.folder.exists():
        raise UserError(f"{run}: a link to nothing; make its folder, or choose another --run")
    made = [folder for folder in (run.folder, *run.folder.parents) if not folder.exists()]
    path = run.folder / LOCK
    try:
        make_folder(run.folder)
    except OSError as error:
        raise UserError(f"{run}: cannot be made: {error.strerror or error}; choose another --run") from error
    file_lock = FileLock(path, timeout=RETRIES, poll_interval=RETRIES / 5)
    try:
        file_lock.acquire()
    except Timeout as error:
        if path.exists():
            problem = "is being trained by another process; wait for it, or choose another --run"
        else:  # no file can be made there, and filelock waits for it
            problem = "cannot be written; choose another --run"
        raise UserError(f"{run}: {problem}") from error
    except OSError as error:
        raise UserError(f"{run}: cannot be written: {error.strerror or error}; choose another --run") from error
    try:
        yield
    finally:
        with suppress(OSError):  # a folder that is not empty, or a disk that has failed
            path.unlink(missing_ok=True)  # while it is locked: whoever has opened it before looks again
            for folder in made:
                folder.rmdir()
        file_lock.release()


class Plan(Enum):
    """What a training does with the folder as it finds it."""

    START = "start"  # nothing is trained yet, or --force deletes it
    GO_ON = "go on"  # from the last checkpoint
    FINISHED = "finished"  # nothing is left to train; scores may be missing


def make_plan(run: Run, recipe: Recipe, resume: bool, force: bool) -> Plan:
    """Decide whether a training starts or goes on. Nothing is changed.

    The decision is right whenever the training before it was stopped: the recipe is written first, the checkpoint
    after each epoch, and the end is recorded last.

    Args:
        run: the run to train.
        recipe: what to train.
        resume: do not start where there is no run.
        force: the run that is there will be deleted.

    Raises:
        UserError: the folder is not a run's, has a run of another recipe, has lost its checkpoint, or has no run
            although `resume` is given; a file in it is a link; or, for a run that goes on, a file is damaged.
    """
    check_folder(run)
    if not run.exists():
        if resume:
            raise UserError(f"{run}: no run to resume there; train it without --resume")
        return Plan.START
    if force:
        return Plan.START
    check_recipe(run, recipe)
    if run.is_finished() and run.load_recipe().trainer == recipe.trainer:
        return Plan.FINISHED
    if run.last_checkpoint.exists():
        run.metrics()
        run.snapshots()
        run.check_scores()
        return Plan.GO_ON
    if run.weights_path.exists() and run.provenance().commands:
        raise UserError(f"{run}: its checkpoint is gone, so it cannot go on; copy it again, or start anew with --force")
    return Plan.START


def check_folder(run: Run) -> None:
    """Check that a folder is a run's, or is empty, or does not exist.

    Raises:
        UserError: it is not, or a file in it is a link to somewhere else.
    """
    if run.folder.is_dir():
        run.check_links()
    if not run.exists() and not is_unused(run.folder):
        raise UserError(
            f"{run}: has files, but is not a run's folder (it has no {run.recipe_path.name}); choose another --run"
        )


def clear_folder(run: Run) -> None:
    """Delete the run that is in the folder, if there is one. Other files in the folder stay, and are named.

    Raises:
        UserError: a file cannot be deleted.
    """
    if run.writes and run.exists():
        # From here on, nothing of the run counts, even if a kill leaves some of its files.
        run.save_provenance(Provenance(finished=False))
        left = delete_run(run.folder)
        if left:
            names = ", ".join(path.name for path in left)
            print_once(f"{run}: kept what is not a run's: {names}")

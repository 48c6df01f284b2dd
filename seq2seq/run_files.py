"""Which files a run has: to keep links out of it, and to delete these files and no others."""

import re
from collections.abc import Iterator
from pathlib import Path

from seq2seq.errors import UserError
from seq2seq.files import check_no_links, is_leftover, remove_leftovers
from seq2seq.text.tokenizer import JOINT, SOURCE, TARGET

RECIPE = "recipe.yaml"
WEIGHTS = "model.safetensors"
METRICS = "metrics.csv"
CURVES = "learning_curves.png"
SNAPSHOTS = "snapshots.jsonl"
TRAINING_PAGE = "training.html"
PROVENANCE = "provenance.json"
SCORES = "scores.json"
CHECKPOINTS = "checkpoints"
HYPOTHESES = "hypotheses"
TENSORBOARD = "tensorboard"
LOCK = ".training.lock"  # there while a training runs, or when one was killed; the system frees a dead process's lock

FILES = (JOINT, SOURCE, TARGET, WEIGHTS, METRICS, CURVES, SNAPSHOTS, TRAINING_PAGE, PROVENANCE, SCORES, RECIPE)
FOLDERS = {  # with a pattern of the names of the files in them
    CHECKPOINTS: re.compile(r"(best|last)\.ckpt"),
    HYPOTHESES: re.compile(r".+\.txt"),
    TENSORBOARD: re.compile(r"events\.out\.tfevents\..+|hparams\.yaml"),
}


def check_run_links(folder: Path) -> None:
    """Check that none of a run's files and folders is a link, which would be read or written through.

    The run's folder itself may be a link.

    Raises:
        UserError: one is, or it is a pipe or a device; the message names it.
    """
    for path in (folder / TENSORBOARD / "hparams.yaml", *own_paths(folder)):
        check_no_links(folder, path)


def is_unused(folder: Path) -> bool:
    """Return whether a folder is absent, or has only what a training leaves that is killed before its first file."""
    return not folder.exists() or (folder.is_dir() and all(map(is_remnant, folder.iterdir())))


def is_remnant(path: Path) -> bool:
    """Return whether a file is a lock or a temporary file: not a part of the run, whoever left it."""
    return path.name == LOCK or is_leftover(path)


def remove_run_leftovers(folder: Path) -> None:
    """Delete the temporary files that killed processes left in a run's folder. The training must have its lock.

    Raises:
        UserError: one cannot be deleted.
    """
    for inner in (folder, *(folder / name for name in FOLDERS if not (folder / name).is_symlink())):
        remove_leftovers(inner)


def delete_run(folder: Path) -> list[Path]:
    """Delete a run's files, and its folders that are then empty. The recipe goes last: till then, it stays a run.

    Temporary files are deleted, too. The lock stays, because the training that deletes the run holds it.

    Returns:
        what is left in the folder: files that are not a run's.

    Raises:
        UserError: a file cannot be deleted.
    """
    check_run_links(folder)
    remove_run_leftovers(folder)
    for path in own_paths(folder):
        try:
            if not path.is_dir():
                path.unlink(missing_ok=True)
            elif not any(path.iterdir()):
                path.rmdir()
        except OSError as error:
            raise UserError(f"{path}: cannot be deleted: {error.strerror or error}") from error
    return sorted(path for path in folder.iterdir() if path.name != LOCK)


def own_paths(folder: Path) -> Iterator[Path]:
    """Yield the paths that a run has or may have: the files in its folders, each folder after its files, the files."""
    for name, pattern in FOLDERS.items():
        inner = folder / name
        if inner.is_dir() and not inner.is_symlink():
            yield from (path for path in sorted(inner.iterdir()) if pattern.fullmatch(path.name))
        yield inner
    yield from (folder / name for name in FILES)

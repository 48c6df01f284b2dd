"""A run's files are known by name: these are deleted and no others, and none of them may be a link."""

from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.run_files import LOCK, check_run_links, delete_run, is_unused, remove_run_leftovers

OWN = (
    *("recipe.yaml", "tokenizer.model", "model.safetensors", "metrics.csv", "provenance.json", "scores.json"),
    *("snapshots.jsonl", "training.html"),
    *("learning_curves.png", "checkpoints/best.ckpt", "checkpoints/last.ckpt", "hypotheses/test.greedy.txt"),
    *("tensorboard/events.out.tfevents.1.host", "tensorboard/hparams.yaml"),
)


LEFTOVERS = (
    *(".recipe-01234567.part.yaml", ".tokenizer.source-89abcdef.part.model", "checkpoints/.last-01234567.part.ckpt"),
    *("hypotheses/.test.greedy-01234567.part.txt", ".learning_curves-01234567.part.png"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    for name in OWN:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("own")
    return folder


def test_a_run_is_deleted_whole(folder: Path) -> None:
    assert delete_run(folder) == []
    assert list(folder.iterdir()) == []


def test_leftovers_of_killed_processes_are_deleted_and_not_named(folder: Path) -> None:
    for name in (*LEFTOVERS, LOCK):
        (folder / name).touch()
    remove_run_leftovers(folder)
    assert {path for path in folder.rglob("*") if path.is_file()} == {folder / name for name in (*OWN, LOCK)}
    for name in LEFTOVERS:
        (folder / name).touch()
    assert delete_run(folder) == []
    assert list(folder.iterdir()) == [folder / LOCK]  # the process that deletes the run holds it


def test_a_link_that_is_named_as_a_leftover_stays(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    for name in ("outside/.last-01234567.part.ckpt", "notes"):
        (tmp_path / name).touch()
    (folder / LEFTOVERS[0]).symlink_to(tmp_path / "notes")
    assert delete_run(folder) == [folder / LEFTOVERS[0]]
    (folder / "checkpoints").symlink_to(tmp_path / "outside")
    remove_run_leftovers(folder)
    assert (tmp_path / "notes").exists()
    assert (tmp_path / "outside/.last-01234567.part.ckpt").exists()


def test_a_folder_is_unused_until_its_first_file_is_whole(folder: Path, tmp_path: Path) -> None:
    unused = tmp_path / "unused"
    assert is_unused(unused)
    unused.mkdir()
    assert is_unused(unused)
    for name in (LOCK, ".recipe-01234567.part.yaml"):
        (unused / name).touch()
    assert is_unused(unused)
    (unused / "notes.txt").touch()
    assert not is_unused(unused)
    assert not is_unused(folder)
    assert not is_unused(folder / "recipe.yaml")


def test_other_files_stay_and_are_named(folder: Path) -> None:
    others = ("notes.txt", "checkpoints/mine.ckpt", "thesis/chapter.txt", ".metrics-x.csv", "tensorboard/notes.md")
    for name in others:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("other")
    left = delete_run(folder)
    assert [path.name for path in left] == [".metrics-x.csv", "checkpoints", "notes.txt", "tensorboard", "thesis"]
    assert {path for path in folder.rglob("*") if path.is_file()} == {folder / name for name in others}


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    check_run_links(tmp_path / "link")
    assert delete_run(tmp_path / "link") == []
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", [*OWN, "tokenizer.source.model", "checkpoints", "hypotheses", "tensorboard"])
@pytest.mark.parametrize("target", ["file", "folder", "nothing"])
def test_nothing_is_deleted_through_a_link(folder: Path, tmp_path: Path, name: str, target: str) -> None:
    outside = tmp_path / "outside"
    if target == "folder":
        outside.mkdir()
        (outside / "last.ckpt").touch()
    elif target == "file":
        outside.touch()
    path = folder / name
    if path.exists():
        path.rename(tmp_path / "moved")
    path.symlink_to(outside)
    for use in (check_run_links, delete_run):
        with pytest.raises(UserError, match=rf"{path}: is a link"):
            use(folder)
    assert (folder / "recipe.yaml").is_symlink() or (folder / "recipe.yaml").exists()
    assert outside.exists() == (target != "nothing")
    assert target != "folder" or (outside / "last.ckpt").exists()

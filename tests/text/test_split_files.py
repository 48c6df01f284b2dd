"""A split is the file that is called exactly like it. If it is missing or ambiguous, the error says what is there."""

import os
from pathlib import Path
from typing import Any

import pytest

from seq2seq.errors import UserError
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.split_files import find_split

README = "---\nconfigs:\n  - config_name: default\n    data_files:\n      - {split: test, path: held_out.csv}\n---\n"


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("de,en\na,b\n")
    return folder


def names(folder: Path, split: str, **options: Any) -> list[list[str]]:
    shards = find_split(CorpusOptions(**{"path": str(folder), **options}), split)
    return [[path.relative_to(folder).as_posix() for path in paths] for paths in shards]


def mistake(folder: Path, split: str, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        names(folder, split, **options)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv", "tsv", "parquet", "jsonl.gz", "csv.bz2", "tsv.xz"])
def test_a_file_called_exactly_like_the_split_is_the_split(tmp_path: Path, suffix: str) -> None:
    others = ("test_2017", "test-old", "test.old", "train_test", "testing", "my.test", "Test")
    make(tmp_path, *(f"{name}.{suffix}" for name in ("test", *others)), "data/test.csv", "test/other.csv")
    for split in ("test", *others):
        assert names(tmp_path, split) == [[f"{split}.{suffix}"]]


def test_parallel_text_is_called_like_the_split_and_the_languages(tmp_path: Path) -> None:
    make(tmp_path, *(f"{split}.{side}" for split in ("train", "test_2017") for side in ("de", "en.gz", "fr", "de.old")))
    assert names(tmp_path, "train") == [["train.de", "train.en.gz"]]
    assert names(tmp_path, "test_2017") == [["test_2017.de", "test_2017.en.gz"]]
    assert mistake(tmp_path, "test").endswith("no test.de; there are test_2017, train")


def test_text_files_are_tables_only_with_named_columns(tmp_path: Path) -> None:
    make(tmp_path, "train.txt", "train.csv.zst", "dev.csv")
    assert names(tmp_path, "train", columns=["de", "en", "_"]) == [["train.txt"]]
    assert "name them, separated by tabs: --corpus.columns" in mistake(tmp_path, "train")
    (tmp_path / "train.txt").unlink()
    assert "train.csv.zst is packed in a way that is not read" in mistake(tmp_path, "train")


@pytest.mark.parametrize(
    "files",
    [
        ("train.jsonl", "train.csv"),
        ("train.jsonl", "train.jsonl.gz"),
        ("train.parquet", "train.tsv.xz"),
        ("train.de", "train.en", "train.csv"),
        ("train.de", "train.en", "train.en.gz"),
        ("a/train.csv", "b/train.csv"),
        ("a/train.csv", "a/train.csv.gz"),
        ("train/1.csv", "train/1.jsonl"),
    ],
)
def test_two_forms_of_a_split_are_an_error_that_names_them(tmp_path: Path, files: tuple[str, ...]) -> None:
    message = mistake(make(tmp_path, *files), "train")
    assert "split 'train' is there 2 times: " in message
    assert "; keep one" in message


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["data/train.csv", "data/train_old.csv", "data/.train.csv", ".cache/train.csv"], ["data/train.csv"]),
        (["de-en/data/train.jsonl.gz", "x.csv"], ["de-en/data/train.jsonl.gz"]),
        (["train/2.csv", "train/1.csv", "test/1.csv"], ["train/1.csv", "train/2.csv"]),
        (["train/train.csv", "train/train_old.csv"], ["train/train.csv"]),
        (["train-00000-of-00001.csv", "test-00000-of-00001.csv"], ["train-00000-of-00001.csv"]),
        (
            [f"data/train-0000{n}-of-00002.parquet" for n in (1, 0)],
            [f"data/train-0000{n}-of-00002.parquet" for n in (0, 1)],
        ),
    ],
)
def test_layouts_of_the_hub_are_found(tmp_path: Path, files: list[str], expected: list[str]) -> None:
    assert names(make(tmp_path, *files), "train") == [[name] for name in expected]


def test_a_missing_shard_is_an_error(tmp_path: Path) -> None:
    make(tmp_path, "data/train-00000-of-00002.csv")
    assert "one of 2 files, but 1 are there" in mistake(tmp_path, "train")


def test_a_readme_can_name_the_files_of_a_split(tmp_path: Path) -> None:
    make(tmp_path, "train.csv", "held_out.csv", "other.csv")
    (tmp_path / "README.md").write_text(README)
    assert names(tmp_path, "train") == [["train.csv"]]
    assert names(tmp_path, "test") == [["held_out.csv"]]
    assert mistake(tmp_path, "dev").endswith("no dev in its README.md; there are test")
    assert names(tmp_path, "test", configuration="default") == [["held_out.csv"]]
    assert "'de-en'" in mistake(tmp_path, "test", configuration="de-en")
    (tmp_path / "README.md").write_text(README.replace("held_out.csv", "nothing.csv"))
    assert "nothing.csv" in mistake(tmp_path, "test")


def test_a_readme_cannot_name_files_outside_the_folder(tmp_path: Path) -> None:
    make(tmp_path, "secret.csv", "corpus/x.csv")
    (tmp_path / "corpus" / "README.md").write_text(README.replace("held_out.csv", str(tmp_path / "secret.csv")))
    assert "not a table in that folder" in mistake(tmp_path / "corpus", "test")


def test_a_split_cannot_lie_outside_the_folder(tmp_path: Path) -> None:
    make(tmp_path, "secret.csv", "corpus/train.csv")
    for split in ("../secret", str(tmp_path / "secret"), "*", "trai?", "[t]rain", ""):
        assert "there are train" in mistake(tmp_path / "corpus", split)


def test_a_folder_without_data_says_what_is_there(tmp_path: Path) -> None:
    assert "no data files" in mistake(tmp_path, "train")
    make(tmp_path, "notes.md", "corpus.zip")
    message = mistake(tmp_path, "train")
    assert "none is called train.jsonl, .tsv, .csv, .parquet, or train.de and train.en" in message
    assert "the folder has corpus.zip, notes.md" in message


def test_what_is_called_like_a_file_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "train.de").mkdir()
    make(tmp_path, "train.en")
    os.mkfifo(tmp_path / "test.csv")
    (tmp_path / "dev.jsonl").symlink_to("nowhere")
    assert "train.de: a folder where a file is expected" in mistake(tmp_path, "train")
    assert "test.csv: not a file" in mistake(tmp_path, "test")
    assert "dev.jsonl: not a file" in mistake(tmp_path, "dev")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir(mode=0)
    assert f"corpus.path {folder}: cannot be read: Permission denied" in mistake(folder, "train")

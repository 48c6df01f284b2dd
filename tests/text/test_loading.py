"""Corpora in every format give the same rows, streamed or not, and every mistake in one is reported in one line."""

import csv
import gzip
import json
import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest

from seq2seq.errors import UserError
from seq2seq.text import corpus, loading, opening
from seq2seq.text.corpus import CorpusOptions
from seq2seq.text.loading import filter_pairs, load_annotations, load_split, load_split_in_memory, read_columns
from seq2seq.text.opening import Rows

PAIRS = [("ein  Hund", "a dog"), ("Tom &amp; Anna", 'Tom, "and" Anna'), ("das Mädchen", "the girl"), ("„so“", "so")]
EXPECTED = PAIRS  # rows hold the text as it is in the corpus; the tokenizer normalises it
Pairs = list[tuple[str, str]]


def write_jsonl(path: Path, pairs: Pairs) -> None:
    lines = [json.dumps({"id": number, "de": de, "en": en}) for number, (de, en) in enumerate(pairs)]
    path.with_suffix(".jsonl").write_text("\n".join(lines), encoding="utf-8")


def write_nested(path: Path, pairs: Pairs) -> None:
    lines = [json.dumps({"translation": {"de": de, "en": en}}, ensure_ascii=False) for de, en in pairs]
    path.with_suffix(".jsonl").write_text("\n".join(lines), encoding="utf-8")


def write_csv(path: Path, pairs: Pairs) -> None:
    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("en", "de"), *((en, de) for de, en in pairs)])


def write_csv_gz(path: Path, pairs: Pairs) -> None:
    write_csv(path, pairs)
    plain = path.with_suffix(".csv")
    path.with_suffix(".csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()


def write_tsv(path: Path, pairs: Pairs) -> None:
    lines = [f"{en}\t{de}\n" for de, en in [("de", "en"), *pairs]]
    path.with_suffix(".tsv").write_text("".join(lines), encoding="utf-8")


def write_parquet(path: Path, pairs: Pairs) -> None:
    columns = dict(zip(("de", "en"), map(list, zip(*pairs, strict=True)), strict=True))
    datasets.Dataset.from_dict(columns).to_parquet(str(path.with_suffix(".parquet")))


def write_hub_parquet(path: Path, pairs: Pairs) -> None:
    """Write the `translation` column that the corpora of WMT and IWSLT have."""
    features = datasets.Features({"translation": datasets.Translation(languages=["de", "en"])})
    rows = datasets.Dataset.from_dict({"translation": [{"de": de, "en": en} for de, en in pairs]}, features=features)
    rows.to_parquet(str(path.with_suffix(".parquet")))


def write_text(path: Path, pairs: Pairs) -> None:
    for number, ending in enumerate(("de", "en")):
        path.with_suffix(f".{ending}").write_text("\n".join(pair[number] for pair in pairs), encoding="utf-8")


def write_text_crlf(path: Path, pairs: Pairs) -> None:
    for number, ending in enumerate(("de", "en")):
        lines = [f"{pair[number]}\r\n" for pair in pairs]
        path.with_suffix(f".{ending}").write_bytes("".join(lines).encode())


WRITERS = [
    write_jsonl,
    write_nested,
    write_csv,
    write_csv_gz,
    write_tsv,
    write_parquet,
    write_hub_parquet,
    write_text,
    write_text_crlf,
]
each_format = pytest.mark.parametrize(
    "write_corpus", WRITERS, ids=lambda writer: writer.__name__.removeprefix("write_")
)
cached_and_streaming = pytest.mark.parametrize("streaming", [False, True], ids=["cached", "streaming"])


def texts(rows: Rows) -> Pairs:
    return [(row["source"], row["target"]) for row in rows]


@cached_and_streaming
@each_format
def test_every_format_gives_the_same_rows(
    tmp_path: Path, write_corpus: Callable[[Path, Pairs], None], streaming: bool
) -> None:
    write_corpus(tmp_path / "train", PAIRS)
    write_corpus(tmp_path / "validation", PAIRS[:1])
    options = CorpusOptions(str(tmp_path), streaming=streaming)
    rows = load_split(options, "train")
    assert isinstance(rows, datasets.IterableDataset) == streaming
    assert texts(rows) == EXPECTED
    assert all(set(row) == {"source", "target"} for row in rows)
    assert texts(load_split(options, "validation")) == EXPECTED[:1]
    backwards = load_split(replace(options, source="en", target="de"), "train")
    assert texts(backwards) == [(target, source) for source, target in EXPECTED]


def test_a_changed_corpus_is_read_again(tmp_path: Path) -> None:
    options = CorpusOptions(str(tmp_path))
    for pairs, expected in ((PAIRS[:2], EXPECTED[:2]), (PAIRS, EXPECTED), (PAIRS[2:], EXPECTED[2:])):
        write_text(tmp_path / "train", pairs)
        assert texts(load_split(options, "train")) == expected


def test_suffixes_may_have_dots(tmp_path: Path) -> None:
    (tmp_path / "train.tok.de").write_text("ein Hund", encoding="utf-8")
    (tmp_path / "train.tok.en").write_text("a dog", encoding="utf-8")
    assert texts(load_split(CorpusOptions(str(tmp_path), "tok.de", "tok.en"), "train")) == [("ein Hund", "a dog")]
    assert texts(load_split(CorpusOptions(str(tmp_path)), "train.tok")) == [("ein Hund", "a dog")]


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "corpus").mkdir()
    write_jsonl(tmp_path / "corpus" / "train", PAIRS)
    assert texts(load_split(CorpusOptions("~/corpus"), "train")) == EXPECTED


def mistake(folder: Path, split: str = "train", **options: Any) -> str:
    """Load a split, read it to the end, and return the error message."""
    with pytest.raises(UserError) as caught:
        list(load_split(CorpusOptions(**{"path": str(folder), **options}), split))
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@cached_and_streaming
def test_sides_of_unequal_length_name_both_files(tmp_path: Path, streaming: bool) -> None:
    write_text(tmp_path / "train", PAIRS)
    (tmp_path / "train.en").write_text("a dog\nb\n", encoding="utf-8")
    message = mistake(tmp_path, streaming=streaming)
    assert "train.en ends after line 2" in message
    assert "train.de goes on" in message


@cached_and_streaming
def test_a_missing_side_is_named(tmp_path: Path, streaming: bool) -> None:
    (tmp_path / "train.de").write_text("ein Hund\n", encoding="utf-8")
    assert "train.en: cannot be read: No such file" in mistake(tmp_path, streaming=streaming)


@cached_and_streaming
def test_parallel_text_that_is_not_utf_8_names_file_and_line(tmp_path: Path, streaming: bool) -> None:
    write_text(tmp_path / "train", PAIRS)
    (tmp_path / "train.de").write_bytes("eins\nzwei\nMädchen\nvier\n".encode("latin-1"))
    assert "train.de, line 3: not UTF-8" in mistake(tmp_path, streaming=streaming)


@pytest.mark.parametrize("write_corpus", [write_csv, write_tsv, write_nested], ids=["csv", "tsv", "jsonl"])
def test_tables_that_are_not_utf_8_name_file_and_line(
    tmp_path: Path, write_corpus: Callable[[Path, Pairs], None]
) -> None:
    write_corpus(tmp_path / "train", PAIRS)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_text(encoding="utf-8").replace("„so“", "").encode("latin-1"))
    number = next(n for n, line in enumerate(path.read_bytes().split(b"\n"), start=1) if b"\xe4" in line)
    assert f"{path.name}, line {number}: not UTF-8" in mistake(tmp_path)


@pytest.mark.parametrize("path", ["nowhere", "../nowhere", "~/nowhere", "/nowhere/at/all", "a/b/c"])
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert path in mistake(Path(path))


def test_a_folder_without_data_is_named(tmp_path: Path) -> None:
    assert str(tmp_path) in mistake(tmp_path)


@cached_and_streaming
def test_a_missing_split_is_named(tmp_path: Path, streaming: bool) -> None:
    write_jsonl(tmp_path / "train", PAIRS)
    message = mistake(tmp_path, split="dev", streaming=streaming)
    assert str(tmp_path) in message
    assert "dev" in message
    assert "train" in message


@cached_and_streaming
@pytest.mark.parametrize("write_corpus", [write_jsonl, write_hub_parquet], ids=["flat", "nested"])
def test_a_missing_column_is_named(
    tmp_path: Path, write_corpus: Callable[[Path, Pairs], None], streaming: bool
) -> None:
    write_corpus(tmp_path / "train", PAIRS)
    message = mistake(tmp_path, source="fr", streaming=streaming)
    assert "no column 'fr'" in message
    assert "de, en" in message


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train", PAIRS)
    assert "'de-en'" in mistake(tmp_path, configuration="de-en")


def test_a_column_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"de": 3, "en": "three"}\n', encoding="utf-8")
    assert "holds int where text is expected: 3" in mistake(tmp_path)


def pairs(*lengths: tuple[int, int]) -> datasets.Dataset:
    rows = [{"source": " ".join("x" * source), "target": " ".join("y" * target)} for source, target in lengths]
    return datasets.Dataset.from_list(rows)


LENGTHS = [(3, 4), (0, 4), (200, 4), (3, 40), (6, 6), (101, 99), (4, 0)]


def test_filtering_counts_the_pairs_that_it_leaves_out() -> None:
    rows, reasons = filter_pairs(pairs(*LENGTHS), CorpusOptions("anywhere"))
    assert texts(rows) == texts(pairs((3, 4), (6, 6)))
    assert reasons == Counter({"empty side": 2, "too long": 2, "sides too unequal": 1})
    rows, reasons = filter_pairs(pairs((3, 4), (6, 6)), CorpusOptions("anywhere"))
    assert len(rows) == 2
    assert not reasons


def test_a_stream_is_filtered_while_it_is_read() -> None:
    stream, reasons = filter_pairs(pairs(*LENGTHS).to_iterable_dataset(), CorpusOptions("anywhere"))
    assert texts(stream) == texts(pairs((3, 4), (6, 6)))
    assert not reasons
    assert texts(pickle.loads(pickle.dumps(stream))) == texts(stream)  # as for a worker process


def test_no_pair_left_after_filtering_is_an_error() -> None:
    with pytest.raises(UserError, match=r"somewhere: no sentence pair is left after cleaning: .*'too long': 2"):
        filter_pairs(pairs((0, 3), (300, 3), (3, 300)), CorpusOptions("somewhere"))


@cached_and_streaming
@pytest.mark.parametrize("names", [["train.de", "train.en"], ["train.jsonl"]], ids=["text", "jsonl"])
def test_empty_files_are_an_error(tmp_path: Path, names: list[str], streaming: bool) -> None:
    for name in names:
        (tmp_path / name).write_text("")
    assert "empty" in mistake(tmp_path, streaming=streaming)


def test_one_empty_file_among_others_is_named(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train", PAIRS)
    (tmp_path / "test.jsonl").write_text("")
    assert "split 'test' is empty" in mistake(tmp_path, "test")
    (tmp_path / "train.jsonl").write_text("")
    assert "train.jsonl" in mistake(tmp_path)


@cached_and_streaming
def test_splits_may_differ_in_other_columns(tmp_path: Path, streaming: bool) -> None:
    (tmp_path / "train.jsonl").write_text('{"de": "ja", "en": "yes", "score": "x"}\n', encoding="utf-8")
    (tmp_path / "validation.jsonl").write_text(
        '{"de": "ja", "en": "yes", "score": 1}\n{"score": {}, "en": "no", "de": "nein"}\n', encoding="utf-8"
    )
    (tmp_path / "test.jsonl").write_text('{"de": "ja", "fr": "oui"}\n', encoding="utf-8")
    options = CorpusOptions(path=str(tmp_path), streaming=streaming)
    assert texts(load_split_in_memory(options, "train")) == [("ja", "yes")]
    assert texts(load_split_in_memory(options, "validation")) == [("ja", "yes"), ("nein", "no")]
    assert "test.jsonl: no column 'en'; it has de, fr" in mistake(tmp_path, "test", streaming=streaming)


@pytest.mark.parametrize("streaming", [False, True])
def test_parquet_files_of_one_split_with_different_columns_are_an_error(tmp_path: Path, streaming: bool) -> None:
    for number, name in enumerate(("en", "score")):
        rows = datasets.Dataset.from_dict({"de": ["ja"], name: ["yes"]})
        rows.to_parquet(str(tmp_path / f"validation-0000{number}-of-00002.parquet"))
    options = CorpusOptions(path=str(tmp_path), source="de", target="en", streaming=streaming)
    with pytest.raises(UserError, match="its files differ in their columns"):
        load_split_in_memory(options, "validation")


@cached_and_streaming
def test_every_form_of_a_split_without_rows_is_an_error(tmp_path: Path, streaming: bool) -> None:
    for name, content in (("a.tsv", "de\ten\n"), ("b.csv", "de,en\r\n"), ("c.jsonl", "\n\n"), ("d.json", "[]")):
        (tmp_path / name).write_text(content, encoding="utf-8")
        split = name[0]
        assert f"split {split!r} is empty: {name}" in mistake(tmp_path, split, streaming=streaming)
    datasets.Dataset.from_dict({"de": [], "en": []}).to_parquet(str(tmp_path / "e.parquet"))
    assert "empty" in mistake(tmp_path, "e", streaming=streaming)


def test_a_stream_of_several_files_gives_each_to_one_worker(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    for number, pair in enumerate(PAIRS):
        write_tsv(tmp_path / "train" / str(number), [pair])
    stream = load_split(CorpusOptions(str(tmp_path), streaming=True), "train")
    assert isinstance(stream, datasets.IterableDataset)
    assert stream.num_shards == len(PAIRS)
    parts = [texts(stream.shard(2, index)) for index in range(2)]
    assert sorted(pair for part in parts for pair in part) == sorted(EXPECTED)
    assert all(len(part) == 2 for part in parts)


def test_a_stream_is_read_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "train.tsv").write_text("de\ten\na\tb\nc\td\nbroken\n", encoding="utf-8")
    rows = iter(load_split(CorpusOptions(str(tmp_path), streaming=True), "train"))
    assert [next(rows)["source"] for _ in range(2)] == ["a", "c"]
    with pytest.raises(UserError, match="line 4: 1 field"):
        next(rows)


def test_changed_code_reads_a_corpus_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of `datasets` knows a function by its name."""
    write_jsonl(tmp_path / "train", PAIRS[:1])
    write_parquet(tmp_path / "test", PAIRS[:1])
    splits = ("train", "test")
    options = CorpusOptions(str(tmp_path))
    assert [texts(load_split(options, split)) for split in splits] == [EXPECTED[:1]] * 2
    for module in (opening, loading):
        monkeypatch.setattr(module, "reader_version", lambda: "another")
    monkeypatch.setattr(opening, "cell_text", str.upper)
    monkeypatch.setattr(corpus, "cell_text", str.upper)
    assert [texts(load_split(options, split)) for split in splits] == [[("EIN  HUND", "A DOG")]] * 2


def test_a_dataset_is_announced_before_the_hub_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load_dataset(path: str, **arguments: Any) -> datasets.Dataset:
        assert path in capsys.readouterr().err
        return datasets.Dataset.from_dict({"de": ["NA"], "en": [None]})

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    options = CorpusOptions("somebody/some-corpus")
    assert texts(load_split(options, "train")) == [("NA", "")]
    opening.announce("somebody/some-corpus")
    assert not capsys.readouterr().err  # once
    with pytest.raises(UserError, match=r"corpus\.columns: only for local"):
        load_split(replace(options, columns=["de", "en"]), "train")


def test_a_folder_is_never_looked_for_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets, "load_dataset", None)
    assert "no such folder" in mistake(Path("data/grammer"))
    assert "no data files" in mistake(Path("data"))


def test_annotations_in_another_format_are_ignored(tmp_path: Path) -> None:
    rows = [
        {"de": "a", "en": "b", "alignment": "0-0 1-2", "phenomena": ["x", "y"]},
        {"de": "c", "en": "d", "alignment": "", "phenomena": []},
    ]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = CorpusOptions(str(tmp_path))
    assert load_annotations(options, "test") == {"alignment": ["0-0 1-2", ""], "phenomena": [["x", "y"], []]}
    for number, odd in enumerate(({"alignment": "0-0 1"}, {"alignment": None}, {"phenomena": "x y"})):
        folder = tmp_path / str(number)
        folder.mkdir()
        text = "".join(json.dumps({**row, **odd}) + "\n" for row in rows)
        (folder / "test.jsonl").write_text(text, encoding="utf-8")
        assert load_annotations(CorpusOptions(str(folder)), "test").keys() == {"alignment", "phenomena"} - odd.keys()
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "test.de").write_text("a\n", encoding="utf-8")
    (plain / "test.en").write_text("b\n", encoding="utf-8")
    assert load_annotations(CorpusOptions(str(plain)), "test") == {}


def test_columns_are_read_unchanged_by_a_pattern(tmp_path: Path) -> None:
    rows = [{"de": "a", "en": "b", "ref0": " x &amp; "}, {"de": "c", "en": "d", "ref1": None, "ref": 1}]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    expected = {"ref0": [" x &amp; ", None], "ref1": [None, None]}
    assert read_columns(CorpusOptions(str(tmp_path)), "test", "ref[0-9]+") == expected
    (tmp_path / "dev.csv").write_text("de,en,ref0\na,b, NA\n", encoding="utf-8")
    assert read_columns(CorpusOptions(str(tmp_path)), "dev", "ref[0-9]+|en") == {"en": ["b"], "ref0": [" NA"]}
    write_parquet(tmp_path / "train", PAIRS)
    assert read_columns(CorpusOptions(str(tmp_path)), "train", "de|x") == {"de": [de for de, _ in PAIRS]}

"""One line in, one line out, in order, whatever the lines are made of and however they come."""

import io
import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq import filtering, passages
from seq2seq.errors import UserError
from seq2seq.filtering import blocks
from seq2seq.search import SearchOptions
from seq2seq.translator import Translator

GREEDY = SearchOptions(width=1, max_length=12)
SAMPLES = SearchOptions(width=2, n_best=1, max_length=12, sampling=True)
SENTENCES = ["der Hund", "die Katze schläft im Haus", "", "ein Schüler liest das Buch", "wir"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Dribble(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self.pieces = iter([data[start : start + size] for start in range(0, len(data), size)])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = next(self.pieces, b"")
        buffer[: len(piece)] = piece
        return len(piece)


def translate(
    translator: Translator,
    data: bytes,
    options: SearchOptions = GREEDY,
    stdin: io.BufferedReader | None = None,
    **flags: Any,
) -> tuple[list[str], str]:
    """The lines of output, each of which must have had an end, and what was said on standard error."""
    stdout, stderr = io.BytesIO(), io.StringIO()
    filtering.run(translator, options, stdin=stdin or io.BytesIO(data), stdout=stdout, stderr=stderr, **flags)
    *lines, rest = stdout.getvalue().decode("utf-8").split("\n")
    assert rest == ""
    return lines, stderr.getvalue()


def alone(translator: Translator, sentence: str) -> str:
    return translator.translate([sentence], GREEDY)[0][0].text


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    lines=st.lists(st.binary(max_size=30) | st.text(max_size=30).map(str.encode)).map(
        lambda lines: [line.replace(b"\n", b" ") for line in lines]
    ),
    end=st.sampled_from([b"", b"\n", b"\r\n"]),
)
def test_any_bytes_give_as_many_lines(translator: Translator, lines: list[bytes], end: bytes) -> None:
    data = b"\n".join(lines) + end
    expected = data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    out, _ = translate(translator, data, SAMPLES)
    assert len(out) == expected
    assert all(len(line.splitlines()) <= 1 for line in out)


def test_lines_come_out_in_order_as_if_each_were_alone(translator: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "LINES", 3)
    sentences = SENTENCES * 4
    out, said = translate(translator, "\n".join(sentences).encode())
    assert out == [alone(translator, sentence) for sentence in sentences]
    assert len(set(out)) > 2
    assert said == ""


def test_only_line_feeds_end_lines(translator: Translator) -> None:
    odd = "der\x0bHund\x0c die\x85Katze\u2028schläft\u2029im\x1cHaus\x00!\rein"
    out, said = translate(translator, f"{odd}\r\nwir\r\n".encode())
    assert out == [alone(translator, odd), alone(translator, "wir")]
    assert said == ""


def test_blank_lines_stay_empty(translator: Translator) -> None:
    assert translate(translator, b"\n \t\n\r\n\xe2\x80\xa8\n")[0] == [""] * 4
    assert translate(translator, b"") == ([], "")


def test_a_byte_order_mark_is_no_text(translator: Translator) -> None:
    assert translate(translator, "\ufeffwir".encode())[0] == [alone(translator, "wir")]


def test_broken_utf8_is_replaced_and_told_once_with_its_line(translator: Translator) -> None:
    out, said = translate(translator, b"wir\nwir \xff\nein \xe2\x82\n")
    assert out == [alone(translator, text) for text in ("wir", "wir \ufffd", "ein \ufffd")]
    assert re.fullmatch(r"seq2seq: line 2: not UTF-8.*\n", said)


def test_a_very_long_line_is_one_line_and_told_once(translator: Translator) -> None:
    data = f"wir\n{'der Hund ' * 300}\n{'日本' * 200}\nwir\n".encode()
    out, said = translate(translator, data, alignments=True)
    assert len(out) == 4
    assert out[0] == out[3]
    assert re.fullmatch(r"seq2seq: line 2: too long.*\n", said)
    [[long]] = passages.translate(translator, ["der Hund " * 300], GREEDY)
    assert out[1].split("\t")[0] == long.text


def test_scores_and_alignments_are_fields(translator: Translator) -> None:
    data = "\n".join(SENTENCES).encode()
    plain, _ = translate(translator, data)
    for scores, alignments in ((True, False), (False, True), (True, True)):
        out, _ = translate(translator, data, scores=scores, alignments=alignments)
        fields = [line.split("\t") for line in out]
        assert [line[0] for line in fields] == plain
        assert all(len(line) == 1 + scores + alignments for line in fields)
        for line, sentence in zip(fields, SENTENCES, strict=True):
            if scores:
                assert float(line[1]) == pytest.approx(translator.translate([sentence], GREEDY)[0][0].score, abs=1e-3)
            if alignments:
                check_links([tuple(map(int, link.split("-"))) for link in line[-1].split()], sentence, line[0])


def check_links(links: list[tuple[int, ...]], source: str, target: str) -> None:
    """One for each target word, to words that exist."""
    assert [link[1] for link in links] == list(range(len(target.split())))
    assert all(0 <= link[0] < len(source.split()) for link in links)


def test_n_best_is_as_moses_writes_it(translator: Translator) -> None:
    options = SearchOptions(width=3, n_best=3, max_length=12)
    out, _ = translate(translator, b"der Hund\n\nwir", options, alignments=True)
    found = translator.translate(["der Hund", "", "wir"], options)
    expected = [(index, one.text, one.score) for index, each in enumerate(found) for one in each]
    fields = [line.split(" ||| ") for line in out]
    assert [(int(index), text) for index, text, *_ in fields] == [(index, text) for index, text, _ in expected]
    assert [float(line[2]) for line in fields] == pytest.approx([score for *_, score in expected], abs=1e-3)
    assert [line[3] for line in fields if line[0] == "1"] == [""]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    text=(st.text(max_size=30) | st.text("a \x7f\x85\u2028\u2029\0", max_size=9)).map(
        lambda text: text.replace("\n", " ").removesuffix("\r").removeprefix("\ufeff")
    )
)
def test_json_holds_everything_on_one_line(translator: Translator, text: str) -> None:
    options = SearchOptions(width=3, n_best=2, max_length=12, sampling=True)
    [line], _ = translate(translator, f"{text}\n".encode(), options, format="json", alignments=True)
    assert len(line.splitlines()) == 1
    found = json.loads(line)
    assert found["source"] == text
    for each in found["translations"]:
        assert set(each) == {"text", "score", "log_probability", "alignment"}
        assert each["log_probability"] <= 0
        check_links([tuple(link) for link in each["alignment"]], " ".join(text.replace("▁", " ").split()), each["text"])
    scores = [each["score"] for each in found["translations"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_samples_do_not_depend_on_how_the_lines_come(translator: Translator, size: int) -> None:
    data = "\n".join(SENTENCES * 3).encode()
    expected, _ = translate(translator, data, SAMPLES, seed=5)
    assert translate(translator, b"", SAMPLES, io.BufferedReader(Dribble(data, size)), seed=5)[0] == expected
    assert translate(translator, data, SAMPLES, seed=6)[0] != expected


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.binary(max_size=60) | st.text("ab\r\n").map(str.encode), size=st.integers(1, 9), patient=st.booleans())
def test_blocks_are_the_lines(data: bytes, size: int, patient: bool) -> None:
    found = [line for block in blocks(io.BufferedReader(Dribble(data, size)), patient) for line in block]
    *lines, rest = data.split(b"\n")
    assert found == [line.removesuffix(b"\r") for line in [*lines, *([rest] if rest else [])]]


@pytest.fixture
def pipe() -> Iterator[tuple[io.BufferedReader, io.BufferedWriter]]:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "wb") as writer:
        yield reader, writer


def test_a_line_is_answered_before_the_next_one_comes(
    translator: Translator, pipe: tuple[io.BufferedReader, io.BufferedWriter]
) -> None:
    stdin, feed = pipe
    out_reading, out_writing = os.pipe()
    with os.fdopen(out_reading, "rb") as answers, os.fdopen(out_writing, "wb") as stdout:
        streams = {"stdin": stdin, "stdout": stdout, "stderr": io.StringIO()}
        thread = threading.Thread(target=filtering.run, args=(translator, GREEDY), kwargs=streams)
        thread.start()
        for sentence in ("wir", "der Hund"):
            feed.write(f"{sentence}\n".encode())
            feed.flush()
            assert answers.readline().decode() == alone(translator, sentence) + "\n"
        feed.close()
        thread.join()


def test_a_reader_who_leaves_ends_it_quietly(translator: Translator) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stderr = io.StringIO()
    endless = io.BufferedReader(Dribble(b"wir\n" * 10**5, 40))
    with os.fdopen(writing, "wb") as stdout:
        filtering.run(translator, GREEDY, stdin=endless, stdout=stdout, stderr=stderr)
    assert stderr.getvalue() == ""
    assert endless.read(1)  # it did not go on


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said(translator: Translator) -> None:
    with open("/dev/full", "wb") as stdout, pytest.raises(UserError, match="No space left"):
        filtering.run(translator, GREEDY, stdin=io.BytesIO(b"wir\n"), stdout=stdout, stderr=io.StringIO())


def test_progress_is_for_a_terminal_only(translator: Translator) -> None:
    stderr = Terminal()
    filtering.run(translator, GREEDY, stdin=io.BytesIO(b"wir\nwir\n"), stdout=io.BytesIO(), stderr=stderr)
    assert "2 lines" in stderr.getvalue()
    assert stderr.getvalue().endswith("\r\x1b[K")


def test_the_figure_is_of_the_first_translation(translator: Translator, tmp_path: Path) -> None:
    path = tmp_path / "alignment.svg"
    translate(translator, "\n\nein Schüler\nder Hund\n".encode(), figure=path)
    assert re.findall(r"<!-- (\w+) -->", path.read_text())[:2] == ["ein", "Schüler"]
    _, said = translate(translator, b"\n\n", figure=path)
    assert "nothing was translated" in said


def test_refusals_come_before_any_output(translator: Translator, blind_translator: Translator, tmp_path: Path) -> None:
    stdin, stdout, stderr = io.BytesIO(b"wir\n"), io.BytesIO(), io.StringIO()
    with pytest.raises(UserError, match="svg"):
        filtering.run(translator, GREEDY, figure=tmp_path / "a.jpg", stdin=stdin, stdout=stdout, stderr=stderr)
    with pytest.raises(UserError, match="does not attend"):
        filtering.run(blind_translator, GREEDY, alignments=True, stdin=stdin, stdout=stdout, stderr=stderr)
    with pytest.raises(UserError, match="does not attend"):
        filtering.run(blind_translator, GREEDY, figure=tmp_path / "a.png", stdin=stdin, stdout=stdout, stderr=stderr)
    assert stdout.getvalue() == b""
    assert len(translate(blind_translator, b"wir\n")[0]) == 1

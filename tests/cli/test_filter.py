"""The filter writes one line for each input line, in order, for any text and any timing of the input."""

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

from seq2seq.cli import filter
from seq2seq.cli.filter import FilterOptions, Streams, read_blocks
from seq2seq.errors import UserError
from seq2seq.search.options import SearchOptions
from seq2seq.text.normalisation import normalise
from seq2seq.text.words import IN_BLOCK
from seq2seq.translation.translator import Translator

GREEDY = SearchOptions(beam_size=1, max_length=12)
SAMPLES = SearchOptions(beam_size=2, n_best=1, max_length=12, sampling=True)
TEXT = FilterOptions()
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
    output: FilterOptions = TEXT,
    seed: int = 1,
) -> tuple[list[str], str]:
    """Return the lines of output (the last one must have an end, too), and the messages on standard error."""
    stdout, stderr = io.BytesIO(), io.StringIO()
    filter.run(translator, options, output, Streams(stdin or io.BytesIO(data), stdout, stderr), seed)
    *lines, rest = stdout.getvalue().decode("utf-8").split("\n")
    assert rest == ""
    return lines, stderr.getvalue()


def alone(translator: Translator, sentence: str) -> str:
    return translator.n_best([sentence], GREEDY)[0][0].text


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


class TerminalOutput(io.BytesIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_nothing_that_it_would_obey_and_a_pipe_gets_every_byte(
    translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "a\x1b[2J\x9b\u202e\ud800b".encode("utf-8", "replace").decode()
    original = filter.format_text
    monkeypatch.setattr(filter, "format_text", lambda *arguments: f"{hostile}\t{original(*arguments)}")
    for stdout, expected in ((io.BytesIO(), hostile), (TerminalOutput(), "a�[2J��?b")):
        filter.run(translator, GREEDY, TEXT, Streams(io.BytesIO(b"wir\n"), stdout, io.StringIO()))
        assert stdout.getvalue().decode("utf-8") == f"{expected}\t{alone(translator, 'wir')}\n"


def test_lines_come_out_in_order_as_if_each_were_alone(translator: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter, "BLOCK_LINES", 3)
    sentences = SENTENCES * 4
    out, errors = translate(translator, "\n".join(sentences).encode())
    assert out == [alone(translator, sentence) for sentence in sentences]
    assert len(set(out)) > 2
    assert errors == ""


def test_only_line_feeds_end_lines(translator: Translator) -> None:
    odd = "der\x0bHund\x0c die\x85Katze\u2028schläft\u2029im\x1cHaus\x00!\rein"
    out, errors = translate(translator, f"{odd}\r\nwir\r\n".encode())
    assert out == [alone(translator, odd), alone(translator, "wir")]
    assert errors == ""


def test_blank_lines_stay_empty(translator: Translator) -> None:
    assert translate(translator, b"\n \t\n\r\n\xe2\x80\xa8\n")[0] == [""] * 4
    assert translate(translator, b"") == ([], "")


def test_a_byte_order_mark_is_not_text(translator: Translator) -> None:
    assert translate(translator, "\ufeffwir".encode())[0] == [alone(translator, "wir")]


def test_broken_utf8_is_replaced_and_reported_once_with_its_line(translator: Translator) -> None:
    out, errors = translate(translator, b"wir\nwir \xff\nein \xe2\x82\n")
    assert out == [alone(translator, text) for text in ("wir", "wir \ufffd", "ein \ufffd")]
    assert re.fullmatch(r"seq2seq: line 2: not UTF-8.*\n", errors)


def test_a_very_long_line_is_one_line_and_reported_once(translator: Translator) -> None:
    data = f"wir\n{'der Hund ' * 300}\n{'日本' * 200}\nwir\n".encode()
    out, errors = translate(translator, data, output=FilterOptions(alignments=True))
    assert len(out) == 4
    assert out[0] == out[3]
    assert re.fullmatch(r"seq2seq: line 2: too long.*\n", errors)
    [[long]] = translator.n_best(["der Hund " * 300], GREEDY)
    assert out[1].split("\t")[0] == long.text


def test_each_sentence_of_a_line_is_translated_and_that_is_reported_once(translator: Translator) -> None:
    text = "Der Hund. Die Katze liest. Wir lesen."
    out, errors = translate(translator, f"wir\n{text}\n{text}\n".encode(), output=FilterOptions(alignments=True))
    sentences = [alone(translator, sentence) for sentence in ("Der Hund.", "Die Katze liest.", "Wir lesen.")]
    translation, links = out[1].split("\t")
    assert out[2] == out[1]
    assert translation.split() == " ".join(sentences).split()
    check_links([tuple(map(int, link.split("-"))) for link in links.split()], text, translation)
    assert re.fullmatch(r"seq2seq: line 2: 3 sentences, .*further warnings of this kind are not shown.*\n", errors)


def test_equal_looking_lines_have_equal_translations(translator: Translator) -> None:
    lines = ["Die Tür", "Die Tu\u0308r", "Die T\u00adür", "\u200eDie Tür\u200b", "\u2067Die Tür\u2069", "Die T&uuml;r"]
    out, _ = translate(translator, "\n".join(lines).encode())
    assert len(set(out)) == 1


def test_scores_and_alignments_are_fields(translator: Translator) -> None:
    data = "\n".join(SENTENCES).encode()
    plain, _ = translate(translator, data)
    for scores, alignments in ((True, False), (False, True), (True, True)):
        out, _ = translate(translator, data, output=FilterOptions(scores, alignments))
        fields = [line.split("\t") for line in out]
        assert [line[0] for line in fields] == plain
        assert all(len(line) == 1 + scores + alignments for line in fields)
        for line, sentence in zip(fields, SENTENCES, strict=True):
            if scores:
                assert float(line[1]) == pytest.approx(translator.n_best([sentence], GREEDY)[0][0].score, abs=1e-3)
            if alignments:
                check_links([tuple(map(int, link.split("-"))) for link in line[-1].split()], sentence, line[0])


def check_links(links: list[tuple[int, ...]], source: str, target: str) -> None:
    """Check that each target word has one link, to a source word that exists.

    In scripts without spaces, tokens take the place of words, and there are at most as many as bytes.
    """
    sources, targets = (len(text.encode()) if IN_BLOCK.search(text) else len(text.split()) for text in (source, target))
    assert [link[1] for link in links] == list(range(len(links)))
    assert len(links) == targets or (IN_BLOCK.search(target) and len(target.split()) <= len(links) <= targets)
    assert all(0 <= link[0] < sources for link in links)


def test_n_best_lists_are_in_the_format_of_moses(translator: Translator) -> None:
    options = SearchOptions(beam_size=3, n_best=3, max_length=12)
    out, _ = translate(translator, b"der Hund\n\nwir", options, output=FilterOptions(alignments=True))
    results = translator.n_best(["der Hund", "", "wir"], options)
    expected = [(index, best.text, best.score) for index, n_best in enumerate(results) for best in n_best]
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
    options = SearchOptions(beam_size=3, n_best=2, max_length=12, sampling=True)
    output = FilterOptions(format="json", alignments=True)
    [line], _ = translate(translator, f"{text}\n".encode(), options, output=output)
    assert len(line.splitlines()) == 1
    result = json.loads(line)
    assert result["source"] == text
    words = normalise(text)
    for translation in result["translations"]:
        assert set(translation) == {"text", "score", "log_probability", "alignment"}
        assert translation["log_probability"] <= 0
        check_links([tuple(link) for link in translation["alignment"]], words, translation["text"])
    scores = [translation["score"] for translation in result["translations"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_samples_do_not_depend_on_how_the_lines_arrive(translator: Translator, size: int) -> None:
    data = "\n".join(SENTENCES * 3).encode()
    expected, _ = translate(translator, data, SAMPLES, seed=5)
    assert translate(translator, b"", SAMPLES, io.BufferedReader(Dribble(data, size)), seed=5)[0] == expected
    assert translate(translator, data, SAMPLES, seed=6)[0] != expected


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.binary(max_size=60) | st.text("ab\r\n").map(str.encode), size=st.integers(1, 9), full=st.booleans())
def test_blocks_are_the_lines(data: bytes, size: int, full: bool) -> None:
    read = [line for block in read_blocks(io.BufferedReader(Dribble(data, size)), full) for line in block]
    *lines, rest = data.split(b"\n")
    assert read == [line.removesuffix(b"\r") for line in [*lines, *([rest] if rest else [])]]


@pytest.fixture
def pipe() -> Iterator[tuple[io.BufferedReader, io.BufferedWriter]]:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "wb") as writer:
        yield reader, writer


def test_a_line_is_answered_before_the_next_one_arrives(
    translator: Translator, pipe: tuple[io.BufferedReader, io.BufferedWriter]
) -> None:
    stdin, feed = pipe
    out_reading, out_writing = os.pipe()
    with os.fdopen(out_reading, "rb") as answers, os.fdopen(out_writing, "wb") as stdout:
        streams = Streams(stdin, stdout, io.StringIO())
        thread = threading.Thread(target=filter.run, args=(translator, GREEDY, TEXT, streams))
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
        filter.run(translator, GREEDY, TEXT, Streams(endless, stdout, stderr))
    assert stderr.getvalue() == ""
    assert endless.read(1)  # it stopped reading


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_reported(translator: Translator) -> None:
    with open("/dev/full", "wb") as stdout, pytest.raises(UserError, match="No space left"):
        filter.run(translator, GREEDY, TEXT, Streams(io.BytesIO(b"wir\n"), stdout, io.StringIO()))


def test_progress_is_for_a_terminal_only(translator: Translator) -> None:
    stderr = Terminal()
    filter.run(translator, GREEDY, TEXT, Streams(io.BytesIO(b"wir\nwir\n"), io.BytesIO(), stderr))
    assert "2 lines" in stderr.getvalue()
    assert stderr.getvalue().endswith("\r\x1b[K")


def test_the_figure_is_of_the_first_translation(translator: Translator, tmp_path: Path) -> None:
    path = tmp_path / "alignment.svg"
    translate(translator, "\n\nein Schüler\nder Hund\n".encode(), output=FilterOptions(figure=path))
    assert re.findall(r"<!-- (\w+) -->", path.read_text())[:2] == ["ein", "Schüler"]
    _, errors = translate(translator, b"\n\n", output=FilterOptions(figure=path))
    assert "nothing was translated" in errors


def test_refusals_come_before_any_output(translator: Translator, blind_translator: Translator, tmp_path: Path) -> None:
    stdout = io.BytesIO()
    streams = Streams(io.BytesIO(b"wir\n"), stdout, io.StringIO())
    with pytest.raises(UserError, match="svg"):
        filter.run(translator, GREEDY, FilterOptions(figure=tmp_path / "a.jpg"), streams)
    for output in (FilterOptions(alignments=True), FilterOptions(figure=tmp_path / "a.png")):
        with pytest.raises(UserError, match="does not attend"):
            filter.run(blind_translator, GREEDY, output, streams)
    assert stdout.getvalue() == b""
    assert len(translate(blind_translator, b"wir\n")[0]) == 1

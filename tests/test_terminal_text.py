"""Text from outside cannot control a terminal, pretend to be another line, or show itself in another order."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.terminal_text import LONGEST_MESSAGE, format_warning, one_line, printable, write_message, write_output


def test_printable_text_cannot_control_a_terminal() -> None:
    assert printable("a\x1b[31mb\n\udc80\x9b\uffff") == "a�[31mb����"
    assert printable("é 👩‍👩‍👧 ש") == "é 👩‍👩‍👧 ש"


@pytest.mark.parametrize("code", [0x00, 0x07, 0x1B, 0x7F, 0x85, 0x9B, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069])
def test_what_a_terminal_would_obey_is_replaced(code: int) -> None:
    assert printable(f"a{chr(code)}b") == "a�b"


def test_what_the_program_wrote_itself_stays() -> None:
    assert printable("a\tb\nc\x1b", keep="\n\t") == "a\tb\nc�"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text(st.characters()))
def test_a_message_is_one_line_for_everybody(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert printable(line) == line
    line.encode("utf-8")


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    line = one_line("key: " + "x" * 10**6 + "; do this")
    assert len(line) < LONGEST_MESSAGE + 10
    assert line.startswith("key: x")
    assert line.endswith("x; do this")


def test_a_warning_is_one_line_without_its_source() -> None:
    assert format_warning(UserWarning("a\x1b[2J\nb"), UserWarning, "file.py", 3) == "seq2seq: a�[2J b\n"


def test_streams_get_cleaned_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write_message("one\x1b[2J\ntwo")
    write_output("three\x9b\nfour")
    assert capsys.readouterr() == ("three�\nfour\n", "one�[2J\ntwo\n")
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", terminal)
    write_output("−1\udc80")
    terminal.flush()
    assert terminal.buffer.getvalue() == b"?1?\n"  # type: ignore[attr-defined]


def test_a_message_does_not_go_to_the_output_of_a_process_without_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr", None)
    write_message("drawn: a.svg")
    assert capsys.readouterr().out == ""

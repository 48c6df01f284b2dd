"""Run the command inside the process of the tests."""

import io

import pytest

from seq2seq.cli import main


def seq2seq(monkeypatch: pytest.MonkeyPatch, *words: object, stdin: bytes = b"") -> int:
    """Run the command, and return its exit status."""
    monkeypatch.setattr("sys.argv", ["seq2seq", *map(str, words)])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
    try:
        main.main()
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


def check_mistake(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, complaint: str, *words: object
) -> None:
    """Run a command that must end in one line on standard error, with the complaint in it and exit status 2."""
    assert seq2seq(monkeypatch, *words) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert complaint in errors.splitlines()[-1]
    assert "Traceback" not in errors

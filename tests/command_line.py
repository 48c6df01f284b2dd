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

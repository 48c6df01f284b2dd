"""Runs are named after their folders."""

from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.run_names import unique_names


def test_names_are_unique() -> None:
    assert unique_names([Path("runs/a"), Path("runs/b"), Path("other/b")]) == ["a", "runs/b", "other/b"]
    assert unique_names([Path(".")]) == [Path.cwd().name]
    with pytest.raises(UserError, match="runs/a: the same run is given twice"):
        unique_names([Path("runs/a"), Path("runs/a")])

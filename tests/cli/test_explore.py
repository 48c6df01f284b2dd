"""`seq2seq explore` on the command line: an export, and mistakes in one line."""

from pathlib import Path

import pytest
from command_line import check_mistake, seq2seq

TEXT = b"der Hund sieht die Katze\n"


def test_an_export_is_written(
    untrained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert seq2seq(monkeypatch, "explore", untrained_run, "--export", page, stdin=TEXT) == 0
    output, errors = capsys.readouterr()
    assert (output, errors) == ("", f"written: {page} ({page.stat().st_size:,} bytes)\n")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("nothing",), "nothing: no run there"),
        (("RUN", "RUN"), "the same run is given twice"),
        (("RUN", "--port", "70000"), "--port 70000: must be from 0 to 65535"),
        (("RUN", "--host", "a b"), "--host a b: no address of this machine"),
        (("RUN", "--search.beam_size", "3"), "accepts only --corpus"),
        (("RUN", "--export", "page.html", "--port", "1"), "--port is for the server"),
        (("RUN", "--export", "page.html", "--allow-host", "a"), "--allow-host is for the server"),
        (("RUN", "--export", "page.html", "--no-browser"), "--no-browser is for the server"),
        (("RUN", "--export", "page.txt"), "page.txt: the file is a page"),
        (("RUN", "--export", "no/page.html"), "0 sentences; give 1 to 200"),
    ],
)
def test_a_mistake_is_one_line_on_stderr(
    words: tuple[str, ...],
    complaint: str,
    untrained_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    given = (str(untrained_run) if word == "RUN" else word for word in words)
    check_mistake(capsys, monkeypatch, complaint, "explore", *given)
    assert list(tmp_path.iterdir()) == []

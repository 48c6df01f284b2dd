"""The prompt, with keys that the test presses."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input

from seq2seq.cli import prompt
from seq2seq.cli.prompt import make_completer, make_history
from seq2seq.cli.prompt_commands import COMMANDS, Reply, State, respond
from seq2seq.search.options import SearchOptions
from seq2seq.translation.translator import Translator

OPTIONS = SearchOptions(beam_size=1, max_length=8)
CTRL_C, CTRL_D, ENTER, UP = "\x03", "\x04", "\r", "\x1b[A"
PASTE, PASTED = "\x1b[200~", "\x1b[201~"


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe, create_app_session(input=pipe):
        yield pipe


def answers(capsys: pytest.CaptureFixture[str], translator: Translator, keys: PipeInput, typed: str) -> str:
    """Return what is printed between the greeting and the end."""
    keys.send_text(typed)
    prompt.run(translator, OPTIONS, "runs/tiny")
    return capsys.readouterr().out


def text(translator: Translator, sentence: str) -> str:
    return translator.n_best([sentence], OPTIONS)[0][0].text


def test_sentences_are_answered_until_quit(
    translator: Translator, keys: PipeInput, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = spy(monkeypatch)
    out = answers(capsys, translator, keys, f"wir{ENTER}der Hund{ENTER}:quit{ENTER}never{ENTER}")
    assert text(translator, "wir") in out
    assert text(translator, "der Hund") in out
    assert lines == ["wir", "der Hund", ":quit"]


def test_ctrl_c_clears_the_line_and_ctrl_d_leaves(
    translator: Translator, keys: PipeInput, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = spy(monkeypatch)
    answers(capsys, translator, keys, f"half a li{CTRL_C}der Hund{ENTER}{CTRL_D}")
    assert lines == ["der Hund"]


def test_ctrl_c_stops_a_translation_and_keeps_the_settings(
    translator: Translator, keys: PipeInput, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    states = []

    def interrupted(translator: Translator, state: State, line: str) -> Reply:
        states.append(state)
        if line == "slow":
            raise KeyboardInterrupt
        return respond(translator, state, line)

    monkeypatch.setattr(prompt, "respond", interrupted)
    keys.send_text(f":beam-size 3{ENTER}slow{ENTER}wir{ENTER}:quit{ENTER}")
    prompt.run(translator, OPTIONS, "runs/tiny")
    assert [state.settings.options.beam_size for state in states] == [1, 3, 3, 3]
    assert "stopped" in capsys.readouterr().err


def spy(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that will hold the lines that the prompt passes to `respond`."""
    lines = []

    def listening(translator: Translator, state: State, line: str) -> Reply:
        lines.append(line)
        return respond(translator, state, line)

    monkeypatch.setattr(prompt, "respond", listening)
    return lines


def test_pasted_lines_are_sentences(
    translator: Translator, keys: PipeInput, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = spy(monkeypatch)
    answers(capsys, translator, keys, f"{PASTE}wir\r\nder Hund\n\x1b[31m😀{PASTED}{ENTER}{CTRL_D}")
    assert lines == ["wir", "der Hund", "\x1b[31m😀"]


def test_what_is_typed_cannot_control_the_terminal(
    translator: Translator, keys: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.send_text(f"{PASTE}:bogus\x1b[31m{PASTED}{ENTER}{CTRL_D}")
    prompt.run(translator, OPTIONS, "runs/tiny")
    assert "no command :bogus�[31m" in capsys.readouterr().out


def test_lines_are_kept_for_the_next_session(
    translator: Translator,
    keys: PipeInput,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    state_home: Path,
) -> None:
    answers(capsys, translator, keys, f"der Hund{ENTER}{CTRL_D}")
    path = state_home / "seq2seq" / "history"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(make_history().load_history_strings()) == ["der Hund"]


def test_the_prompt_works_without_a_history_file(
    translator: Translator, keys: PipeInput, capsys: pytest.CaptureFixture[str], state_home: Path
) -> None:
    (state_home / "seq2seq").touch()
    assert isinstance(make_history(), InMemoryHistory)
    assert text(translator, "wir") in answers(capsys, translator, keys, f"wir{ENTER}{CTRL_D}")


def test_a_full_disk_only_ends_the_writing_of_the_history(state_home: Path) -> None:
    history = make_history()
    (state_home / "seq2seq" / "history").unlink()
    (state_home / "seq2seq" / "history").mkdir()
    history.append_string("der Hund")
    assert history.get_strings() == ["der Hund"]


@pytest.mark.parametrize(
    ("typed", "expected"), [(":be", [":beam-size"]), (":align o", [":align on", ":align off"]), ("be", [])]
)
def test_commands_are_completed(typed: str, expected: list[str]) -> None:
    completions = make_completer().get_completions(Document(typed), CompleteEvent())
    assert [
        typed[: completion.start_position] + completion.text if completion.start_position else completion.text
        for completion in completions
    ] == expected
    all_completions = make_completer().get_completions(Document(":"), CompleteEvent())
    assert {completion.text for completion in all_completions} >= set(COMMANDS)

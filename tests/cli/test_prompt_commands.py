"""Every line has a reply and no exception. A command changes what its help says and nothing else."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.cli import prompt_commands
from seq2seq.cli.prompt_commands import COMMANDS, Reply, State, respond
from seq2seq.cli.prompt_settings import Settings
from seq2seq.search.options import SearchOptions
from seq2seq.terminal_text import printable
from seq2seq.translation.translator import Translator

START = State(Settings(SearchOptions(beam_size=2, max_length=8)))
ERROR = "red"

arguments = (
    st.text(max_size=10)
    | st.integers(-3, 9).map(str)
    | st.floats().map(str)
    | st.sampled_from(["on", "off", "9" * 5000])
)
commands = st.builds(
    "{} {}".format, st.sampled_from([name for name in COMMANDS if name not in (":figure", ":quit")]), arguments
)
lines = st.text(st.characters(exclude_categories=[]), max_size=40) | commands | st.text(max_size=20).map(":".__add__)


def talk(translator: Translator, *typed: str, state: State = START) -> tuple[list[str], State]:
    """Return the replies to the lines, and the state after the last one."""
    answers = []
    for line in typed:
        reply = respond(translator, state, line)
        assert reply.state is not None
        answers.append(reply.text.plain)
        state = reply.state
    return answers, state


def error(reply: Reply, state: State = START) -> str:
    """Return a reply's message. It must be an error of one line that has changed nothing."""
    assert reply.text.style == ERROR
    assert "\n" not in reply.text.plain
    assert reply.state == state
    return reply.text.plain


@settings(max_examples=80, deadline=None, derandomize=True)
@given(typed=st.lists(lines, min_size=1, max_size=5))
def test_any_input_is_answered_without_harm_to_the_terminal(translator: Translator, typed: list[str]) -> None:
    answers, state = talk(translator, ":sample 3", "der Hund", *typed)  # samples have many control characters
    for answer in answers:
        assert all(line == printable(line) for line in answer.split("\n"))
    assert isinstance(state.settings.options, SearchOptions)


def test_a_line_has_the_translation_of_the_translator(translator: Translator) -> None:
    [answer], state = talk(translator, "der Hund")
    [[best]] = translator.n_best(["der Hund"], START.settings.options)
    assert answer == printable(best.text)
    assert state.last == best
    assert state.settings == START.settings


def test_blank_lines_have_an_empty_reply_and_change_nothing(translator: Translator) -> None:
    _, state = talk(translator, "der Hund")
    assert talk(translator, "", " \t\u2028", state=state) == (["", ""], state)


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        (":beam-size 7", "beam_size", 7),
        (":length-penalty 0.5", "length_penalty", 0.5),
        (":length-penalty -1", "length_penalty", -1.0),
        (":coverage-penalty 0.2", "coverage_penalty", 0.2),
        (":sample", "sampling", True),
        (":top-k 3", "top_k", 3),
        (":top-p 0.9", "top_p", 0.9),
        ("  :top-p 0.9".strip() + "  ", "top_p", 0.9),
    ],
)
def test_options_change_alone(translator: Translator, line: str, key: str, value: Any) -> None:
    _, state = talk(translator, line)
    expected = replace(START.settings.options, **{key: value})
    assert state == State(replace(START.settings, options=expected))
    assert expected != START.settings.options


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        (":seed 3", "seed", 3),
        (":prefix the  dog", "prefix", "the  dog"),
        (":align on", "show_alignment", True),
        (":scores on", "show_scores", True),
    ],
)
def test_settings_change_alone(translator: Translator, line: str, key: str, value: Any) -> None:
    [answer], state = talk(translator, line)
    assert state == State(replace(START.settings, **{key: value}))
    assert answer
    assert talk(translator, line, state=state)[0] == ["as it was"]


def test_sample_takes_a_temperature_and_search_ends_it(translator: Translator) -> None:
    _, state = talk(translator, ":sample 0.5")
    assert (state.settings.options.sampling, state.settings.options.temperature) == (True, 0.5)
    _, state = talk(translator, ":search", state=state)
    assert not state.settings.options.sampling


def test_n_best_widens_the_beam_and_shows_all(translator: Translator) -> None:
    (_, answer), state = talk(translator, ":nbest 4", "der Hund")
    assert (state.settings.options.n_best, state.settings.options.beam_size) == (4, 4)
    assert [line.split()[0] for line in answer.split("\n")] == ["1", "2", "3", "4"]


def test_scores_are_shown_when_on(translator: Translator) -> None:
    (_, answer, _, bare), state = talk(translator, ":scores on", "der Hund", ":scores off", "der Hund")
    assert state.last is not None
    assert answer.split() == [f"{state.last.score:.4f}", *bare.split()]


def test_a_prefix_begins_translations_until_it_is_removed(translator: Translator) -> None:
    answers, state = talk(translator, ":prefix the dog", "die Katze", ":prefix", "die Katze")
    assert answers[1].startswith("the dog")
    assert not answers[3].startswith("the dog")
    assert state.settings == START.settings


def test_samples_are_as_many_as_are_shown(translator: Translator) -> None:
    once, _ = talk(translator, ":sample 2", ":beam-size 1", "der Hund")
    again, state = talk(translator, ":beam-size 7", ":sample 2", "der Hund")
    assert once[-1] == again[-1]
    assert state.settings.options.beam_size == 7  # for :search


def test_a_seed_repeats_samples_and_each_try_gives_others(translator: Translator) -> None:
    answers, _ = talk(translator, ":sample 2", ":seed 7", "der Hund", "der Hund", ":seed 7", "der Hund", "der Hund")
    assert answers[2:4] == answers[5:7]
    assert answers[2] != answers[3]


def test_align_shows_the_last_alignment_and_every_one_when_on(translator: Translator) -> None:
    (answer, shown, _, both), _ = talk(translator, "der Hund sieht", ":align", ":align on", "der Hund sieht")
    assert all(word in shown for word in ("der", "Hund", "sieht"))
    assert both == f"{answer}\n{shown}"


def test_figure_draws_the_last_alignment(
    translator: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    talk(translator, "der Hund", ":figure ~/a b.svg")
    assert "<!-- Hund -->" in (tmp_path / "a b.svg").read_text()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (":bogus 3", "no command :bogus"),
        (":width 3", ":width is now called :beam-size"),
        (":", "no command :"),
        (":)", "no command :)"),
        (":beam-size", "not nothing"),
        (":beam-size 0", "from 1 to 1000, not 0"),
        (":beam-size 1e3", "not 1e3"),
        (":beam-size 999999999999", "not 999999999999"),
        (":nbest 1001", "not 1001"),
        (":length-penalty nan", "give a number, not nan"),
        (":length-penalty 1,5", "give a number, not 1,5"),
        (":coverage-penalty -1", "coverage_penalty: must be from 0 to 1,000"),
        (":sample 0", "temperature: must be from 0.0001 to 1,000"),
        (":top-k -1", "not -1"),
        (":top-p 2", "top_p: must be"),
        (":seed -1", "not -1"),
        (":scores yes", "on or off, not yes"),
        (":align yes", "on or off, not yes"),
        (":align", "translate a sentence first"),
        (":figure a.png", "translate a sentence first"),
        (":figure", "not nothing"),
        (":figure a\x00.png", "a�.png"),
        (":figure \udc80.png", "�.png"),
    ],
)
def test_mistakes_get_one_clear_line(translator: Translator, line: str, complaint: str) -> None:
    assert complaint in error(respond(translator, START, line))


def test_files_that_cannot_be_written_are_named(translator: Translator, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    _, state = talk(translator, "der Hund")
    for name in ("file/a.png", "a.jpg", "x" * 300 + ".png"):
        assert str(tmp_path) in error(respond(translator, state, f":figure {tmp_path}/{name}"), state)


def test_a_model_without_attention_says_so(blind_translator: Translator) -> None:
    for line in (":align", ":align on"):
        assert "does not attend" in error(respond(blind_translator, START, line))
    _, state = talk(blind_translator, ":coverage-penalty 1")
    assert "does not attend" in error(respond(blind_translator, state, "der Hund"), state)


def test_a_lack_of_memory_is_reported(translator: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Reply:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(prompt_commands, "translate", full)
    assert "out of memory" in error(respond(translator, START, "der Hund"))


def test_very_long_input_is_translated(translator: Translator) -> None:
    (answer, shown), state = talk(translator, "der Hund " * 400, ":align")
    assert answer
    assert state.last is not None
    assert len(state.last.parts) > 1
    assert "too large to show" in shown


def test_several_sentences_are_all_translated_and_that_is_said_once(translator: Translator) -> None:
    (first, second, single), state = talk(translator, "Der Hund. Die Katze.", "Der Hund. Die Katze.", "der Hund")
    assert state.remarked == {"sentences"}
    assert first.startswith(second)
    assert first.endswith(
        "(2 sentences, so each of them is translated alone; further remarks of this kind are not shown)"
    )
    assert "sentences" not in second + single


def test_help_and_settings_name_everything(translator: Translator) -> None:
    (text, shown), state = talk(translator, ":help", ":settings")
    assert state == START
    assert all(name in text for name in COMMANDS)
    assert (
        len(shown.split("\n")) == len(fields(SearchOptions)) - 1 + len(fields(Settings)) - 1
    )  # max_length has no command


def test_quit_leaves(translator: Translator) -> None:
    assert respond(translator, START, ":quit").state is None


def test_a_space_keeps_a_colon_from_being_a_command(translator: Translator) -> None:
    _, state = talk(translator, " :quit")
    assert state.last is not None

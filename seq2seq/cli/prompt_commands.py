"""Answer a line typed at the prompt: with a translation, or with what a command does. No terminal is needed here."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.text import Text

from seq2seq.cli.prompt_settings import (
    Settings,
    describe_settings,
    finite_number,
    on_or_off,
    quote,
    whole_number,
)
from seq2seq.errors import UserError
from seq2seq.old_names import OPTIONS
from seq2seq.plotting.canvas import FORMATS
from seq2seq.plotting.figures import alignment_figure
from seq2seq.plotting.terminal import draw_alignment
from seq2seq.search.options import SearchOptions
from seq2seq.seeding import SEEDS
from seq2seq.terminal_text import one_line, printable
from seq2seq.text.normalisation import normalise
from seq2seq.translation.long_text import Translation
from seq2seq.translation.translator import Translator

LARGEST_BEAM = 1000  # a typing mistake must not use up all memory


class State(NamedTuple):
    """The state of the prompt between two lines."""

    settings: Settings
    last: Translation | None = None  # the best translation of the last line
    remarked: frozenset[str] = frozenset()  # the kinds of remarks that were shown: each is shown once


class Reply(NamedTuple):
    """The text to print, and the state after it. No state: leave the prompt."""

    text: Text
    state: State | None


Action = Callable[[Translator, State, str], Reply]  # (translator, state, the command's argument) → reply


class Command(NamedTuple):
    """A command of the prompt."""

    argument: str  # what follows the name, for :help
    help: str
    action: Action


def respond(translator: Translator, state: State, line: str) -> Reply:
    """Answer a line: run it as a command if it begins with ":", otherwise translate it.

    A mistake gives a message of one line and leaves the state as it was.
    """
    try:
        if not line.startswith(":"):
            return translate(translator, state, line)
        name, *rest = line.split(maxsplit=1)
        if name in OPTIONS:
            raise UserError(f"{name} is now called {OPTIONS[name]}")
        if name not in COMMANDS:
            raise UserError(f"no command {quote(name)}; :help lists them; to translate the line, begin it with a space")
        return COMMANDS[name].action(translator, state, rest[0].strip() if rest else "")
    except UserError as error:
        return Reply(error_text(error), state)
    except (MemoryError, torch.OutOfMemoryError):
        return Reply(Text("out of memory; a smaller :beam-size or a shorter sentence needs less", "red"), state)


def translate(translator: Translator, state: State, line: str) -> Reply:
    """Translate a line as the settings say. A blank line has an empty reply."""
    if not normalise(line):
        return Reply(Text(), state)
    settings = state.settings
    generator = translator.generator(settings.seed)
    [translations] = translator.n_best([line], settings.options, settings.prefix, generator)
    lines = []
    for rank, translation in enumerate(translations, start=1):
        number = Text(f"{rank:>2}  " if len(translations) > 1 else "", "dim")
        score = Text(f"{translation.score:8.4f}  " if settings.show_scores else "", "dim")
        text = Text(printable(translation.text)) if translation.text else Text("(empty)", "dim")
        lines.append(number + score + text)
    if settings.show_alignment:
        lines.append(draw(translator, translations[0]))
    remarks = translations[0].remarks
    for kind in remarks.keys() - state.remarked:
        lines.append(Text(f"({remarks[kind]}; further remarks of this kind are not shown)", "dim"))
    if settings.options.sampling:
        settings = replace(settings, seed=(settings.seed + 1) % SEEDS)
    return Reply(Text("\n").join(lines), State(settings, translations[0], state.remarked | remarks.keys()))


def error_text(error: UserError) -> Text:
    """Return an error's message in red, as one printable line."""
    return Text(one_line(str(error)), "red")


def draw(translator: Translator, translation: Translation) -> Text:
    """Return a drawing of a translation's alignment, or a message if it cannot be drawn.

    It raises no error, because the translation above it must be printed in any case.
    """
    try:
        return draw_alignment(translator.align(translation))
    except UserError as error:
        return error_text(error)


def change(state: State, settings: Settings) -> Reply:
    """Change the settings, and reply with those that are different."""
    before, after = describe_settings(state.settings), describe_settings(settings)
    changes = [f"{name}: {value}" for name, value in after.items() if before[name] != value]
    return Reply(Text(", ".join(changes) or "as it was", "dim"), state._replace(settings=settings))


def change_search(state: State, options: SearchOptions) -> Reply:
    """Change the search options."""
    return change(state, replace(state.settings, options=options))


def setter(name: str, parse: Callable[[str], Any]) -> Action:
    """Return the action of a command that changes one setting."""
    return lambda translator, state, argument: change(state, replace(state.settings, **{name: parse(argument)}))


def option_setter(name: str, parse: Callable[[str], Any]) -> Action:
    """Return the action of a command that changes one search option."""
    return lambda translator, state, argument: change_search(
        state, replace(state.settings.options, **{name: parse(argument)})
    )


def set_n_best(translator: Translator, state: State, argument: str) -> Reply:
    """Run :nbest."""
    count, options = whole_number(1, LARGEST_BEAM)(argument), state.settings.options
    return change_search(state, replace(options, n_best=count, beam_size=max(count, options.beam_size)))


def start_sampling(translator: Translator, state: State, argument: str) -> Reply:
    """Run :sample."""
    options = state.settings.options
    temperature = finite_number(argument) if argument else options.temperature
    return change_search(state, replace(options, sampling=True, temperature=temperature))


def show_alignment(translator: Translator, state: State, argument: str) -> Reply:
    """Run :align."""
    translator.require_attention()
    if argument:
        return change(state, replace(state.settings, show_alignment=on_or_off(argument)))
    return Reply(draw(translator, last_translation(state)), state)


def save_figure(translator: Translator, state: State, argument: str) -> Reply:
    """Run :figure."""
    if not argument or argument != printable(argument):
        raise UserError(f"give a path that ends in {', '.join(FORMATS)}, not {quote(argument)}")
    path = Path(os.path.expanduser(argument))
    alignment_figure(path, *translator.align(last_translation(state)))
    return Reply(Text(f"{path}: drawn", "dim"), state)


def last_translation(state: State) -> Translation:
    """Return the last translation. Raise UserError if nothing has been translated yet."""
    if state.last is None:
        raise UserError("translate a sentence first")
    return state.last


def show_help(translator: Translator, state: State, argument: str) -> Reply:
    """Run :help."""
    lines = [f"{f'{name} {command.argument}':<22} {command.help}" for name, command in COMMANDS.items()]
    lines.append("A line that begins with a space is translated, even if a : follows.")
    return Reply(Text("\n".join(lines)), state)


def show_settings(translator: Translator, state: State, argument: str) -> Reply:
    """Run :settings."""
    lines = [f"{name:<22} {value}" for name, value in describe_settings(state.settings).items()]
    return Reply(Text("\n".join(lines)), state)


def leave(translator: Translator, state: State, argument: str) -> Reply:
    """Run :quit."""
    return Reply(Text(), None)


COMMANDS = {
    ":help": Command("", "list the commands", show_help),
    ":beam-size": Command(
        "N", "keep N hypotheses; 1: greedy search", option_setter("beam_size", whole_number(1, LARGEST_BEAM))
    ),
    ":nbest": Command("N", "show the N best translations (and keep at least N hypotheses)", set_n_best),
    ":length-penalty": Command(
        "X",
        "0: prefer short translations; 1: rank by roughly the mean per token; more: prefer long ones",
        option_setter("length_penalty", finite_number),
    ),
    ":coverage-penalty": Command(
        "X",
        "penalty for source tokens that got little attention; 0: off",
        option_setter("coverage_penalty", finite_number),
    ),
    ":sample": Command("[TEMPERATURE]", "draw translations at random, as many as :nbest says", start_sampling),
    ":search": Command(
        "", "search for the most probable translations again", option_setter("sampling", lambda _: False)
    ),
    ":top-k": Command(
        "N", "sample from the N most probable tokens; 0: from all", option_setter("top_k", whole_number(0, 10**9))
    ),
    ":top-p": Command(
        "X",
        "sample from the most probable tokens that together have probability X; 1: from all",
        option_setter("top_p", finite_number),
    ),
    ":seed": Command("N", "set the seed of the next sample", setter("seed", whole_number(0, SEEDS - 1))),
    ":prefix": Command("[TEXT]", "begin every translation with TEXT; without TEXT: no prefix", setter("prefix", str)),
    ":align": Command(
        "[on|off]", "draw the alignment of the last translation; on: of every translation", show_alignment
    ),
    ":figure": Command("PATH", "save the alignment of the last translation as PNG, SVG or PDF", save_figure),
    ":scores": Command("on|off", "show the score of each translation", setter("show_scores", on_or_off)),
    ":settings": Command("", "show all settings", show_settings),
    ":quit": Command("", "leave; Ctrl-D leaves, too", leave),
}

"""What the prompt answers to a line: a translation, or what a command does. State in, state out; no terminal."""

import math
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.text import Text

from seq2seq import figures, passages
from seq2seq.alignment import printable, render
from seq2seq.errors import SEEDS, UserError
from seq2seq.passages import Passage
from seq2seq.search import SearchOptions
from seq2seq.tokenizer import normalise
from seq2seq.translator import Translator

WIDEST = 1000  # hypotheses; a slip of the finger must not take all memory


@dataclass(frozen=True)
class Settings:
    """What commands change.

    Args:
        options: how translations are searched for.
        prefix: what each of them must begin with.
        show_alignment: draw it below each translation.
        show_scores: write it before each translation.
        seed: of the next sentence's sampling; it goes up by one with each, so that another try gives other samples.
    """

    options: SearchOptions
    prefix: str = ""
    show_alignment: bool = False
    show_scores: bool = False
    seed: int = 1


class State(NamedTuple):
    """What the prompt knows between two lines."""

    settings: Settings
    last: Passage | None = None  # the best translation of the last sentence


class Reply(NamedTuple):
    """What to print, and what to go on from: None means leave."""

    text: Text
    state: State | None


Act = Callable[[Translator, State, str], Reply]


class Command(NamedTuple):
    """A command: what follows its name, what it does in words, and in deed."""

    argument: str
    help: str
    act: Act


def respond(translator: Translator, state: State, line: str) -> Reply:
    """Translate a line, or obey it if it begins with ":". A mistake gives one line, and the state as it was."""
    try:
        if not line.startswith(":"):
            return translate(translator, state, line)
        name, *rest = line.split(maxsplit=1)
        if name not in COMMANDS:
            raise UserError(f"no command {shown(name)}; :help lists them, and a space before it translates it")
        return COMMANDS[name].act(translator, state, rest[0].strip() if rest else "")
    except UserError as error:
        return Reply(Text(str(error), "red"), state)
    except (MemoryError, torch.OutOfMemoryError):
        return Reply(Text("out of memory; a smaller :width or a shorter sentence needs less", "red"), state)


def translate(translator: Translator, state: State, line: str) -> Reply:
    """Translate a line, as the settings say; a blank one gives nothing."""
    if not normalise(line):
        return Reply(Text(), state)
    settings = state.settings
    generator = passages.seeded(translator, settings.seed)
    [found] = passages.translate(translator, [line], settings.options, settings.prefix, generator)
    lines = []
    for rank, passage in enumerate(found, start=1):
        number = Text(f"{rank:>2}  " if len(found) > 1 else "", "dim")
        score = Text(f"{passage.score:8.4f}  " if settings.show_scores else "", "dim")
        lines.append(number + score + (Text(printable(passage.text)) if passage.text else Text("(empty)", "dim")))
    if settings.show_alignment:
        lines.append(drawn(translator, found[0]))
    if settings.options.sampling:
        settings = replace(settings, seed=(settings.seed + 1) % SEEDS)
    return Reply(Text("\n").join(lines), State(settings, found[0]))


def drawn(translator: Translator, passage: Passage) -> Text:
    """A translation's alignment, or why there is none: the translation above it is worth printing all the same."""
    try:
        return render(passages.whole(passages.align(translator, passage)))
    except UserError as error:
        return Text(str(error), "red")


def change(state: State, settings: Settings) -> Reply:
    """Go on with other settings, and say what is different."""
    before, after = describe(state.settings), describe(settings)
    changed = [f"{name}: {value}" for name, value in after.items() if before[name] != value]
    return Reply(Text(", ".join(changed) or "as it was", "dim"), state._replace(settings=settings))


def describe(settings: Settings) -> Mapping[str, str]:
    """Settings in words, in the order shown."""
    options = settings.options
    return {
        "search": "sampling" if options.sampling else "beam" if options.width > 1 else "greedy",
        "width": f"{options.width}",
        "nbest": f"{options.n_best}",
        "length penalty": f"{options.length_penalty:g}",
        "coverage penalty": f"{options.coverage_penalty:g}",
        "temperature": f"{options.temperature:g}",
        "top-k": f"{options.top_k or 'all'}",
        "top-p": f"{options.top_p:g}",
        "seed": f"{settings.seed}",
        "prefix": printable(settings.prefix) or "none",
        "align": "on" if settings.show_alignment else "off",
        "scores": "on" if settings.show_scores else "off",
    }


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A parser of integers from `least` to `most`. It raises UserError: this is none."""

    def parse(argument: str) -> int:
        with suppress(ValueError):
            if least <= (number := int(argument)) <= most:
                return number
        raise UserError(f"give a whole number from {least} to {most}, not {shown(argument)}")

    return parse


def finite(argument: str) -> float:
    """Raises UserError: no finite number."""
    with suppress(ValueError):
        if math.isfinite(number := float(argument)):
            return number
    raise UserError(f"give a number, not {shown(argument)}")


def switch(argument: str) -> bool:
    """Raises UserError: neither on nor off."""
    if argument not in ("on", "off"):
        raise UserError(f"give on or off, not {shown(argument)}")
    return argument == "on"


def shown(argument: str) -> str:
    """What was typed, for one line of complaint."""
    return printable(argument if len(argument) <= 40 else argument[:39] + "…") or "nothing"


def setting(name: str, parse: Callable[[str], Any]) -> Act:
    """The command that changes one setting."""
    return lambda translator, state, argument: change(state, replace(state.settings, **{name: parse(argument)}))


def option(name: str, parse: Callable[[str], Any]) -> Act:
    """The command that changes one search option."""
    return lambda translator, state, argument: change(state, searching(state.settings, **{name: parse(argument)}))


def searching(settings: Settings, **options: Any) -> Settings:
    """Settings with other search options."""
    return replace(settings, options=replace(settings.options, **options))


def n_best(translator: Translator, state: State, argument: str) -> Reply:
    """:nbest"""
    count = whole_number(1, WIDEST)(argument)
    return change(state, searching(state.settings, n_best=count, width=max(count, state.settings.options.width)))


def sample(translator: Translator, state: State, argument: str) -> Reply:
    """:sample"""
    temperature = finite(argument) if argument else state.settings.options.temperature
    return change(state, searching(state.settings, sampling=True, temperature=temperature))


def align(translator: Translator, state: State, argument: str) -> Reply:
    """:align"""
    passages.require_attention(translator)
    if argument:
        return change(state, replace(state.settings, show_alignment=switch(argument)))
    return Reply(drawn(translator, last(state)), state)


def figure(translator: Translator, state: State, argument: str) -> Reply:
    """:figure"""
    if not argument or argument != printable(argument):
        raise UserError(f"give a path that ends in {', '.join(figures.FORMATS)}, not {shown(argument)}")
    path = Path(os.path.expanduser(argument))
    figures.alignment_figure(path, *passages.whole(passages.align(translator, last(state))))
    return Reply(Text(f"{path}: drawn", "dim"), state)


def last(state: State) -> Passage:
    """Raises UserError: nothing has been translated yet."""
    if state.last is None:
        raise UserError("translate a sentence first")
    return state.last


def show_help(translator: Translator, state: State, argument: str) -> Reply:
    """:help"""
    lines = [f"{f'{name} {command.argument}':<22} {command.help}" for name, command in COMMANDS.items()]
    lines.append("A line that begins with a space is translated, even if a : follows.")
    return Reply(Text("\n".join(lines)), state)


def show_settings(translator: Translator, state: State, argument: str) -> Reply:
    """:settings"""
    return Reply(Text("\n".join(f"{name:<22} {value}" for name, value in describe(state.settings).items())), state)


COMMANDS = {
    ":help": Command("", "list the commands", show_help),
    ":width": Command("N", "keep N hypotheses; 1 is greedy", option("width", whole_number(1, WIDEST))),
    ":nbest": Command("N", "show N translations, and keep at least N hypotheses", n_best),
    ":length-penalty": Command("X", "0 favours short translations, more long ones", option("length_penalty", finite)),
    ":coverage-penalty": Command("X", "more favours reading all of it; 0 is off", option("coverage_penalty", finite)),
    ":sample": Command("[TEMPERATURE]", "draw translations at random, as many as :nbest says", sample),
    ":search": Command("", "search for the most probable ones again", option("sampling", lambda _: False)),
    ":top-k": Command("N", "sample from the N likeliest words; 0 is all", option("top_k", whole_number(0, 10**9))),
    ":top-p": Command("X", "sample from the likeliest words that hold X; 1 is all", option("top_p", finite)),
    ":seed": Command("N", "sample as from seed N", setting("seed", whole_number(0, SEEDS - 1))),
    ":prefix": Command("[TEXT]", "begin every translation so; without TEXT, freely", setting("prefix", str)),
    ":align": Command("[on|off]", "show the last alignment; on: each one", align),
    ":figure": Command("PATH", "draw the last alignment as PNG, SVG or PDF", figure),
    ":scores": Command("on|off", "show the scores", setting("show_scores", switch)),
    ":settings": Command("", "show all settings", show_settings),
    ":quit": Command("", "leave; so does Ctrl-D", lambda translator, state, argument: Reply(Text(), None)),
}

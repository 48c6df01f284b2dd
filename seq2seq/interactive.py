"""The prompt: a line editor around `commands.respond`."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.output import create_output
from rich.console import Console

from seq2seq.commands import COMMANDS, Settings, State, respond
from seq2seq.search import SearchOptions
from seq2seq.translator import Translator


def run(translator: Translator, options: SearchOptions, name: str, seed: int = 1) -> None:
    """Translate what is typed, until Ctrl-D or :quit.

    Ctrl-C clears the line, or ends a translation that takes too long. Text pasted in several lines is as many
    sentences.
    Translations go to standard output; where that is no terminal, the line editor takes standard error.

    Args:
        options: to begin with; see :help for what changes them.
        name: of the run, to greet with.
        seed: of sampling, to begin with.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a character shows ? for it
    console = Console(soft_wrap=True, markup=False, highlight=False, emoji=False)
    session: PromptSession[str] = PromptSession(
        history=history(),
        completer=completer(),
        output=create_output(always_prefer_tty=True),
    )
    print(f"{name}: type a sentence to translate it; :help lists the commands, Ctrl-D leaves.", file=sys.stderr)
    state = State(Settings(options, seed=seed))
    while True:
        try:
            typed = session.prompt("> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        try:
            for line in typed.split("\n"):
                reply = respond(translator, state, line)
                if reply.text.plain:
                    console.print(reply.text)
                if reply.state is None:
                    return
                state = reply.state
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)


def completer() -> WordCompleter:
    """Completes commands, and says what they do."""
    return WordCompleter(
        [*COMMANDS, ":align on", ":align off", ":scores on", ":scores off"],
        meta_dict={name: command.help for name, command in COMMANDS.items()},
        sentence=True,
    )


def history() -> History:
    """Earlier lines, kept in $XDG_STATE_HOME; where that cannot be written, for this time only."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    path = Path(home) / "seq2seq" / "history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.open("a+b"):
            return Forgiving(path)
    except OSError:
        return InMemoryHistory()


class Forgiving(FileHistory):
    """A history that a full disk does not end."""

    def store_string(self, string: str) -> None:
        """Keep a line, if possible."""
        with suppress(OSError):
            super().store_string(string)

"""The interactive prompt: a line editor around `prompt_commands.respond`."""

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

from seq2seq.cli.prompt_commands import COMMANDS, State, respond
from seq2seq.cli.prompt_settings import Settings
from seq2seq.search.options import SearchOptions
from seq2seq.stop_signals import stay_after_ctrl_c
from seq2seq.terminal_text import write_message
from seq2seq.translation.translator import Translator


def run(translator: Translator, options: SearchOptions, name: str, seed: int = 1) -> None:
    """Translate what is typed, until Ctrl-D or :quit.

    Ctrl-C clears the line, or stops a translation that takes too long. Each line of a pasted text is a sentence.
    Translations go to standard output. If standard output is not a terminal, the line editor uses standard error.

    Args:
        translator: the trained model.
        options: how to search at first; commands change it.
        name: the run's name, for the greeting.
        seed: for sampling, at first.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # show ? for a character that the terminal does not have
    console = Console(soft_wrap=True, markup=False, highlight=False, emoji=False)
    session: PromptSession[str] = PromptSession(
        history=make_history(),
        completer=make_completer(),
        output=create_output(always_prefer_tty=True),
    )
    write_message(f"{name}: type a sentence to translate it; :help lists the commands, Ctrl-D leaves.")
    state = State(Settings(options, seed=seed))
    while True:
        try:
            typed = session.prompt("> ")
        except KeyboardInterrupt as error:
            stay_after_ctrl_c(error)
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
        except KeyboardInterrupt as error:
            stay_after_ctrl_c(error)
            print("stopped", file=sys.stderr)


def make_completer() -> WordCompleter:
    """Return a completer of commands that shows what each of them does."""
    return WordCompleter(
        [*COMMANDS, ":align on", ":align off", ":scores on", ":scores off"],
        meta_dict={name: command.help for name, command in COMMANDS.items()},
        sentence=True,
    )


def make_history() -> History:
    """Return the history of typed lines. It is kept in $XDG_STATE_HOME, or only in memory if that cannot be written."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    path = Path(home) / "seq2seq" / "history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.open("a+b"):
            return ForgivingHistory(path)
    except OSError:
        return InMemoryHistory()


class ForgivingHistory(FileHistory):
    """A history in a file that goes on in memory when the file cannot be written, for example on a full disk."""

    def store_string(self, string: str) -> None:
        """Write a line to the file if possible."""
        with suppress(OSError):
            super().store_string(string)

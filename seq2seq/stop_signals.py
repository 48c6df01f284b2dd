"""Stop when the process gets SIGTERM, SIGHUP or Ctrl-C: keep what there is, say so in one line, exit with 128 + n.

This file imports nothing slow, because the imports of a command take seconds, and a signal may come during them.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from seq2seq.parent_process import follow_parent

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

SIGNALS: list[signal.Signals] = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
LOST_SECONDS = 0.1  # after these, a signal whose exception was lost is sent again
BLOCKED_SECONDS = 5.0  # after these, a signal that the main thread has not noticed ends the process
GOES_ON = ("train", "compare")  # the verbs that go on where they were
SHOW_CURSOR_ON_AN_EMPTY_LINE = "\x1b[?25h\r\x1b[K"


class Stopped(KeyboardInterrupt):
    """The process got a signal to stop. Libraries treat it as Ctrl-C.

    Attributes:
        signal: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = signal.Signals(number)


class State:
    """What this process knows about its signals.

    Attributes:
        received: the signal that stops the process; None as long as there was none.
        handled: the signals that stop the process.
        ends: the process is about to end, and does not stop any more.
        silent: another process writes the message.
        first_process: the id of the training process that started this one; None if there is none.
    """

    received: signal.Signals | None = None
    handled: tuple[signal.Signals, ...] = ()
    ends = False
    silent = False
    first_process: int | None = None


_state = State()


def install() -> None:
    """Make the signals raise `Stopped` in the main thread. A signal that is ignored, as under nohup, stays ignored."""
    _state.received, _state.ends = None, False
    _state.handled = tuple(handlers())
    install_again()


def install_again() -> None:
    """Set the handlers of `install` again, where a library has replaced them.

    Raises:
        Stopped: a signal has come in the meantime, and the library has swallowed its exception.
    """
    for number in _state.handled:
        signal.signal(number, stop)
    check()


def stop(number: int, frame: FrameType | None = None) -> None:
    """Handle a signal: raise `Stopped`, unless the process stops or ends already."""
    if _state.received is None and not _state.ends:
        raise_stopped(number)


def raise_stopped(number: int) -> NoReturn:
    """Raise `Stopped`. From now on, signals are ignored."""
    _state.received = signal.Signals(number)
    if hasattr(signal, "SIGCHLD"):  # torch would report that its data loader's workers got the signal, too
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if _state.first_process is not None and os.getppid() == _state.first_process:
        os.kill(_state.first_process, number)  # the others cannot go on without this process
    raise Stopped(number)


def check() -> None:
    """Raise `Stopped` if a signal has come, in case a library has swallowed its exception."""
    if _state.handled and _state.received is not None:
        raise Stopped(_state.received)


def stay_after_ctrl_c(error: KeyboardInterrupt) -> None:
    """Let the next Ctrl-C raise `Stopped` again, for a prompt that Ctrl-C does not end.

    Raises:
        Stopped: it was another signal than Ctrl-C's.
    """
    if isinstance(error, Stopped) and error.signal != signal.SIGINT:
        raise error
    _state.received = None


def be_silent() -> None:
    """Leave the message to another process."""
    _state.silent = True


def exit_if_stopped(function: Callable[[], None], process_ends: bool = False) -> None:
    """Call a function. If a signal stops it, write one line to standard error and raise SystemExit(128 + n).

    Whatever else is raised after a signal, for example because another process has stopped, is not reported.

    Args:
        function: what to do.
        process_ends: the process ends afterwards. Otherwise, the handlers from before are set again.
    """
    before = handlers()
    hook = sys.unraisablehook
    sys.unraisablehook = repeat_lost_signal
    try:
        install()
        if process_ends:
            follow()
            end_if_blocked()
        function()
    except BaseException as error:
        number = _state.received or stop_signal(error)
        if number is None:
            raise
        _state.ends = True
        if not _state.silent:
            report(number)
        sys.exit(exit_status(number))
    finally:
        _state.ends, _state.handled = True, ()
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler_at_exit() if process_ends else handler)


def exit_status(number: int) -> int:
    """Return the exit status after a signal. A further process has none: Lightning kills the first one if it had."""
    return 0 if _state.first_process is not None else 128 + number


def follow() -> None:
    """Let this process end with the seq2seq process that started it, if there is one. See `follow_parent`."""
    _state.first_process = follow_parent()
    _state.silent = _state.first_process is not None


def handler_at_exit() -> signal.Handlers:
    """Return the handler while Python ends, when an exception would be a traceback. It must not change the status."""
    return signal.SIG_DFL if _state.received is None else signal.SIG_IGN


def stop_signal(error: BaseException) -> signal.Signals | None:
    """Return the signal that an exception stands for; None if it stands for none."""
    if isinstance(error, Stopped):
        return error.signal
    return signal.SIGINT if isinstance(error, KeyboardInterrupt) else None


def handlers() -> dict[signal.Signals, Any]:
    """Return the handlers of the signals that this process does not ignore. Only the main thread has handlers."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    every = {number: signal.getsignal(number) for number in SIGNALS}
    return {number: handler for number, handler in every.items() if handler not in (signal.SIG_IGN, None)}


def report(number: signal.Signals) -> None:
    """Write the line that says what has happened, and how to go on."""
    name = "Ctrl-C" if number == signal.SIGINT else number.name
    way_on = ""
    if sys.argv[1:2] and sys.argv[1] in GOES_ON:
        without_force = " without --force" if "--force" in sys.argv else ""
        way_on = f"; the same command{without_force} goes on where it was"
    with suppress(OSError, ValueError, AttributeError):  # the terminal may be gone (SIGHUP), or the stream closed
        if sys.stderr.isatty():  # a progress bar hides the cursor
            print(SHOW_CURSOR_ON_AN_EMPTY_LINE, end="", file=sys.stderr)
        print(f"seq2seq: stopped by {name}{way_on}", file=sys.stderr, flush=True)


def repeat_lost_signal(lost: "UnraisableHookArgs") -> None:
    """Send a signal again if its exception was raised where Python cannot raise one, for example in a finalizer."""
    if not isinstance(lost.exc_value, Stopped):
        sys.__unraisablehook__(lost)
    elif not _state.ends:
        _state.received = None
        threading.Timer(LOST_SECONDS, os.kill, (os.getpid(), lost.exc_value.signal)).start()


def end_if_blocked() -> None:
    """Start a thread that ends the process on a signal whose handler cannot run.

    Python runs handlers in the main thread, between two of its own instructions. SentencePiece's training takes minutes
    without any; and a training that waits for its further processes to begin waits for half an hour if one has ended.
    """
    if sys.platform == "win32":  # there, it would need a socket
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=wait_for_signals, args=(reader,), daemon=True).start()


def wait_for_signals(reader: int) -> None:
    """Read the number of each signal from a pipe. End the process if the main thread has not noticed it in time."""
    while number := os.read(reader, 1):
        if number[0] in _state.handled:
            time.sleep(BLOCKED_SECONDS)
            if _state.received is None and not _state.ends:
                _state.ends = True
                if not _state.silent:
                    report(signal.Signals(number[0]))
                os._exit(exit_status(number[0]))


def leave_to_parent() -> None:
    """In a process that this one has forked, let SIGTERM end it, and leave Ctrl-C and SIGHUP to this one."""
    if _state.handled:
        signal.set_wakeup_fd(-1)
    for number in SIGNALS:
        if signal.getsignal(number) is stop:
            signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=leave_to_parent)  # the workers of data loaders and of `datasets`

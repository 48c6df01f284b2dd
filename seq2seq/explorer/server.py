"""Start the server: find a free port, say where the page is, load the models, and serve until a signal comes."""

import errno
import ipaddress
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from seq2seq.errors import UserError
from seq2seq.explorer.app import Explorer, make_app
from seq2seq.explorer.examples import Example, read_examples
from seq2seq.explorer.guard import is_loopback
from seq2seq.explorer.limits import BODY_BYTES, CONNECTIONS
from seq2seq.explorer.model_thread import ModelThread
from seq2seq.explorer.runs import ShownRun
from seq2seq.run import Run
from seq2seq.run_names import unique_names
from seq2seq.terminal_text import write_message, write_output

PORT = 8765
PORTS_TRIED = 100
CLOSE_SECONDS = 2  # for requests that are answered when a signal comes


@dataclass(frozen=True)
class ServerOptions:
    """Where the server listens, and what it says.

    Args:
        host: an IP address or a name of this machine. Others can reach the page only if it is not a loopback address.
        port: the first port to try. 0: any free one.
        allowed_hosts: further names by which browsers may call this server: a proxy's, for example.
        opens_browser: open the page in the browser.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    allowed_hosts: Sequence[str] = ()
    opens_browser: bool = True


def load_runs(paths: Sequence[Path], device: str) -> list[ShownRun]:
    """Load the models of some runs.

    Raises:
        UserError: see `unique_names` and `Run.load_translator`.
    """
    return [ShownRun(name, Run(path), device) for name, path in zip(unique_names(paths), paths, strict=True)]


def serve(paths: Sequence[Path], device: str, overrides: Sequence[str], options: ServerOptions) -> None:
    """Serve the page until a signal comes.

    The address is printed at once. The models are loaded while the page is already there.

    Args:
        paths: the runs' folders.
        device: where to compute.
        overrides: keys of the first run's `corpus`, for the examples.
        options: see `ServerOptions`.

    Raises:
        UserError: no port is free, a folder is not a run's, or a run cannot be loaded.
    """
    unique_names(paths)
    for path in paths:
        Run(path).check_exists()
    listener = open_port(options.host, options.port)
    thread, reader = ModelThread(), ThreadPoolExecutor(1, "examples")
    runs: Future[Sequence[ShownRun]] = thread.first(lambda: load_runs(paths, device))
    examples: Future[list[Example]] = reader.submit(read_examples, Run(paths[0]), overrides)
    app = make_app(Explorer(thread, runs, examples), options.host, options.allowed_hosts)
    server = uvicorn.Server(server_settings(app))
    runs.add_done_callback(lambda loaded: stop_or_tell(server, loaded))
    address = page_address(options.host, listener)
    write_output(address)
    sys.stdout.flush()
    tell_about(listener, options)
    if options.opens_browser and has_display():
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    try:
        server.run(sockets=[listener])
    finally:
        listener.close()
        reader.shutdown(wait=False, cancel_futures=True)
        thread.close()
    if runs.done() and not runs.cancelled() and (error := runs.exception()) is not None:
        raise error


def server_settings(app: object) -> uvicorn.Config:
    """Return the settings of the server: it writes nothing by itself."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # uvicorn's types of an application are not Starlette's
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=CLOSE_SECONDS,
        h11_max_incomplete_event_size=BODY_BYTES,
    )


def stop_or_tell(server: uvicorn.Server, loaded: "Future[Sequence[ShownRun]]") -> None:
    """Say that the models are loaded, or stop the server if they are not."""
    if loaded.cancelled():
        return
    if loaded.exception() is not None:
        server.should_exit = True
        return
    for run in loaded.result():
        if not run.run.is_finished():
            epoch = run.epoch()
            of_epoch = "" if epoch is None else f" of epoch {epoch:g}"
            write_message(f"{run.name}: its training has not ended; shown are the last saved weights{of_epoch}")
    write_message("loaded; Ctrl-C ends the server")


def open_port(host: str, first: int) -> socket.socket:
    """Return a socket that listens on the first free port.

    Raises:
        UserError: no port is free, or this machine has no such address.
    """
    if not 0 <= first <= 65535:
        raise UserError(f"--port {first}: must be from 0 to 65535")
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            listener = socket.socket(family, kind)
        except (OSError, UnicodeError) as error:
            raise UserError(f"--host {host}: no address of this machine; give an IP address") from error
        try:
            if os.name == "posix":  # a port whose last connections have just ended is free
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(128)
            return listener
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE:
                raise UserError(f"{host}, port {port}: cannot be used: {error.strerror or error}") from error
    raise UserError(f"--port {first}: no port is free from there on; give another one, or 0 for any")


def page_address(host: str, listener: socket.socket) -> str:
    """Return the page's address, as a browser on this machine takes it."""
    name = host
    try:
        ip = ipaddress.ip_address(host)
        name = "localhost" if ip.is_unspecified else f"[{ip}]" if ip.version == 6 else host
    except ValueError:
        pass
    return f"http://{name}:{listener.getsockname()[1]}/"


def tell_about(listener: socket.socket, options: ServerOptions) -> None:
    """Say that another port was taken, and that others can reach the server."""
    port = listener.getsockname()[1]
    if options.port not in (0, port):
        write_message(f"port {options.port} is busy, so the page is on port {port}")
    if not is_loopback(options.host):
        write_message("everybody who reaches this machine over its network can use the page; there is no password")


def has_display() -> bool:
    """Return whether a browser has a window to open in. Without one, it would take over the terminal."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))

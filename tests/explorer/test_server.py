"""The server as its user sees it: ports, addresses, messages and the end."""

import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seq2seq.errors import UserError
from seq2seq.explorer.server import ServerOptions, open_port, page_address, tell_about


@contextlib.contextmanager
def busy_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@contextlib.contextmanager
def explore(*words: object) -> Iterator[subprocess.Popen[str]]:
    """Start `seq2seq explore`. The process ends with the block."""
    command = [sys.executable, "-P", "-m", "seq2seq", "explore", *map(str, words), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ask(port: int, method: str, path: str, body: str | None = None) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    connection.request(method, path, body, {"content-type": "application/json"})
    answer = connection.getresponse().read()
    connection.close()
    return answer


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_page_is_there_at_once_and_a_signal_ends_it_with_one_line(untrained_run: Path, number: int) -> None:
    with busy_port() as busy, explore(untrained_run, "--port", busy) as process:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        started = time.monotonic()
        port = int(first_line.removeprefix("http://127.0.0.1:").rstrip("/\n"))
        assert busy < port < busy + 100
        assert b"<!doctype html>" in ask(port, "GET", "/")
        assert time.monotonic() - started < 1 + 4  # the machine of a test may be busy; the benchmarks measure it
        asked = json.dumps({"run": "untrained", "text": "der Hund"})
        assert "text" in json.loads(ask(port, "POST", "/api/translate", asked))
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
    assert output == ""
    assert errors.splitlines() == [
        f"port {busy} is busy, so the page is on port {port}",
        "untrained: its training has not ended; shown are the last saved weights",
        "loaded; Ctrl-C ends the server",
        f"seq2seq: stopped by {name}",
    ]
    assert process.returncode == 128 + number


def test_a_run_that_cannot_be_loaded_ends_the_server(untrained_run: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text((untrained_run / "recipe.yaml").read_text())
    with explore(untrained_run, tmp_path, "--port", 0) as process:
        output, errors = process.communicate(timeout=100)
    assert output.startswith("http://127.0.0.1:")
    assert "tokenizer.model: cannot be read" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    assert process.returncode == 2


def test_a_port_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with busy_port() as busy:
        listener = open_port("127.0.0.1", busy)
        assert listener.getsockname()[1] > busy
        listener.close()
        for port in (-1, 65536):
            with pytest.raises(UserError, match="must be from 0 to 65535"):
                open_port("127.0.0.1", port)
        monkeypatch.setattr("seq2seq.explorer.server.PORTS_TRIED", 1)
        with pytest.raises(UserError, match="no port is free"):
            open_port("127.0.0.1", busy)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(UserError, match=r"192\.0\.2\.1, port 8765: cannot be used"):
        open_port("192.0.2.1", 8765)
    with pytest.raises(UserError, match="--host a b: no address of this machine"):
        open_port("a b", 8765)


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("::1", "[::1]"), ("0.0.0.0", "localhost")],
)
def test_the_address_is_one_that_a_browser_takes(host: str, address: str) -> None:
    listener = open_port("127.0.0.1", 0)
    assert page_address(host, listener) == f"http://{address}:{listener.getsockname()[1]}/"
    listener.close()


def test_an_open_server_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    listener = open_port("127.0.0.1", 0)
    port = listener.getsockname()[1]
    tell_about(listener, ServerOptions(port=port))
    assert capsys.readouterr().err == ""
    tell_about(listener, ServerOptions(host="0.0.0.0", port=port))
    assert "there is no password" in capsys.readouterr().err
    listener.close()

"""A server with two untrained runs, and a client that speaks plain HTTP."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uvicorn
from conftest import model_options

from seq2seq.explorer.app import Explorer, make_app
from seq2seq.explorer.examples import Example
from seq2seq.explorer.model_thread import ModelThread
from seq2seq.explorer.runs import ShownRun
from seq2seq.explorer.server import load_runs, open_port, server_settings
from seq2seq.model.attention import FixedContext
from seq2seq.recipe import Recipe
from seq2seq.run import Run
from seq2seq.text.corpus import CorpusOptions
from seq2seq.translation.translator import Translator

EXAMPLES = [Example("der Hund", "the dog")]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        assert self.headers["content-type"] == "application/json"
        assert list(self.json) == ["error"]
        return str(self.json["error"])


class Site(NamedTuple):
    """A running server."""

    port: int
    thread: ModelThread
    runs: list[ShownRun]

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=with_dashes(headers))

    def post(self, path: str, value: object, **headers: str) -> Answer:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask("POST", path, body, {"content-type": "application/json"} | with_dashes(headers))


def with_dashes(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture(scope="session")
def blind_run(untrained_run: Path, blind_translator: Translator) -> Path:
    """The folder of a run with the model of `blind_translator`."""
    run = Run(untrained_run.with_name("blind"))
    corpus = CorpusOptions(str(Path(__file__).parents[2] / "data" / "grammar"))
    run.save_recipe(Recipe(corpus, model=model_options(FixedContext), search=blind_translator.options))
    run.save_tokenizer(blind_translator.tokenizer)
    run.save_weights(blind_translator.model)
    return run.folder


@contextmanager
def serving(paths: list[Path], thread: ModelThread, names: tuple[str, ...] = ()) -> Iterator[Site]:
    """Serve some runs at a free port in a thread."""
    examples: Future[list[Example]] = Future()
    examples.set_result(EXAMPLES)
    runs = thread.first(lambda: load_runs(paths, "cpu"))
    listener = open_port("127.0.0.1", 0)
    server = uvicorn.Server(server_settings(make_app(Explorer(thread, runs, examples), "127.0.0.1", names)))
    background = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    background.start()
    try:
        loaded = runs.result()
        while not server.started:
            time.sleep(0.01)
        yield Site(listener.getsockname()[1], thread, loaded)
    finally:
        server.should_exit = True
        background.join()
        listener.close()
        thread.close()


@pytest.fixture(scope="session")
def site(untrained_run: Path, blind_run: Path) -> Iterator[Site]:
    """A server with a run that attends, "untrained", and one that does not, "blind"."""
    with serving([untrained_run, blind_run], ModelThread(), names=("proxy.example",)) as running:
        yield running

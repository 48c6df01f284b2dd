"""The server's application: the page, and its API in JSON. docs/explore.md describes the API."""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

import seq2seq
from seq2seq.errors import UserError
from seq2seq.explorer.answers import answer_inspect, answer_translate
from seq2seq.explorer.examples import Example
from seq2seq.explorer.guard import Guard
from seq2seq.explorer.limits import BODY_BYTES, BODY_SECONDS, Limits
from seq2seq.explorer.model_thread import ModelThread, QueueFull, Result, TooSlow, Work
from seq2seq.explorer.page import PAGE, static_file
from seq2seq.explorer.requests import InspectRequest, TranslateRequest, parse_request
from seq2seq.explorer.responses import RequestError, error_response, json_response
from seq2seq.explorer.runs import RunSummary, ShownRun
from seq2seq.terminal_text import one_line, write_message

GONE = 499  # nginx's status for a client that has left


@dataclass(frozen=True)
class RunsAnswer:
    """The runs, and what else the page needs at its start."""

    runs: list[RunSummary]
    examples: list[Example]
    limits: Limits
    version: str


class Explorer:
    """Answers the requests of the page.

    Args:
        thread: does everything that needs a model.
        runs: the runs, once they are loaded.
        examples: sentences of the first run's test split, once they are read.
    """

    def __init__(
        self, thread: ModelThread, runs: "Future[Sequence[ShownRun]]", examples: "Future[list[Example]]"
    ) -> None:
        self.thread = thread
        self.runs = runs
        self.examples = examples

    def routes(self) -> list[Route]:
        """Return the addresses, and what answers them."""
        return [
            Route("/", self.page),
            Route("/static/{name}", self.static),
            Route("/favicon.ico", self.no_icon),
            Route("/healthz", self.health),
            Route("/api/runs", self.list_runs),
            Route("/api/translate", self.translate, methods=["POST"]),
            Route("/api/inspect", self.inspect, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Return the page."""
        return file_response(PAGE)

    async def static(self, request: Request) -> Response:
        """Return a file of the page."""
        return file_response(request.path_params["name"])

    async def no_icon(self, request: Request) -> Response:
        """Return nothing to browsers that ask for an icon, instead of an error in their console."""
        return Response(status_code=204)

    async def health(self, request: Request) -> Response:
        """Say that the server answers."""
        return json_response({"ok": True})

    async def list_runs(self, request: Request) -> Response:
        """Describe the runs. `?examples=false` does not wait until the examples are read."""
        summaries = await self.do(request, lambda _: [run.summary() for run in self.runs.result()])
        waits = request.query_params.get("examples") != "false"
        examples = await asyncio.wrap_future(self.examples) if waits or self.examples.done() else []
        return json_response(asdict(RunsAnswer(summaries, examples, Limits(), seq2seq.__version__)))

    async def translate(self, request: Request) -> Response:
        """Translate a text."""
        asked = parse_request(TranslateRequest, await read_body(request))
        return await self.do(
            request, lambda observe: json_response(asdict(answer_translate(self.run(asked.run), asked, observe)))
        )

    async def inspect(self, request: Request) -> Response:
        """Translate a text, and return everything that the model did."""
        asked = parse_request(InspectRequest, await read_body(request))
        return await self.do(
            request, lambda observe: json_response(asdict(answer_inspect(self.run(asked.run), asked, observe)))
        )

    def run(self, name: str) -> ShownRun:
        """Return the run of a name.

        Raises:
            RequestError: there is none.
        """
        runs = {run.name: run for run in self.runs.result()}
        if name not in runs:
            raise RequestError(404, f"run: there is no run {name[:60]!r}; the runs are {', '.join(runs)}")
        return runs[name]

    async def do(self, request: Request, work: Work[Result]) -> Result:
        """Do a piece of work in the models' thread. It is given up when its reader leaves.

        Raises:
            RequestError: too many requests wait, it took too long, or its reader has left.
        """
        task = asyncio.ensure_future(self.thread.do(work))
        leaving = asyncio.ensure_future(until_gone(request))
        try:
            await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise RequestError(GONE, "the reader has left")
            return task.result()
        except QueueFull as error:
            raise RequestError(503, "too many requests wait for the model; try again in a moment") from error
        except TooSlow as error:
            message = f"no answer within {self.thread.seconds:g} seconds; try a shorter text or a smaller beam"
            raise RequestError(504, message) from error
        finally:
            leaving.cancel()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await leaving


def make_app(explorer: Explorer, address: str, names: Iterable[str] = ()) -> Guard:
    """Return the application, behind its guard. See `Guard` for the arguments."""
    handlers: dict[Any, Any] = {
        UserError: lambda request, error: error_response(400, one_line(str(error))),
        RequestError: lambda request, error: error_response(error.status, one_line(str(error)), retry(error.status)),
        HTTPException: explain,
        Exception: report,
    }
    return Guard(Starlette(routes=explorer.routes(), exception_handlers=handlers), address, names)


def retry(status: int) -> dict[str, str]:
    """Return the header that says when to try again."""
    return {"retry-after": "1"} if status == 503 else {}


async def explain(request: Request, error: HTTPException) -> Response:
    """Return the answer for an address that does not exist, or does not take this method."""
    messages = {404: "there is nothing here; see /api/runs, /api/translate, /api/inspect", 405: "not with this method"}
    return error_response(error.status_code, messages.get(error.status_code, error.detail), dict(error.headers or {}))


async def report(request: Request, error: Exception) -> Response:
    """Return the answer for an error of our own, and say in the terminal what it is."""
    write_message(one_line(f"seq2seq: {request.method} {request.url.path}: {type(error).__name__}: {error}"))
    return error_response(500, "an error inside the server; its terminal says which")


async def until_gone(request: Request) -> None:
    """Wait until the reader of a request leaves."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def file_response(name: str) -> Response:
    """Return a file of the page.

    Raises:
        RequestError: there is no such file.
    """
    found = static_file(name)
    if found is None:
        raise RequestError(404, "there is no such file")
    return Response(found[0], media_type=found[1])


async def read_body(request: Request) -> bytes:
    """Return the body of a request in JSON.

    Raises:
        RequestError: it is not called JSON, is too large, or does not arrive.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestError(415, "send JSON, with the header content-type: application/json")
    too_large = RequestError(413, f"the body has more than {BODY_BYTES:,} bytes; send a shorter text")
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length[:20]) > BODY_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > BODY_BYTES:
                    raise too_large
    except TimeoutError as error:
        raise RequestError(408, f"the body did not arrive within {BODY_SECONDS:g} seconds") from error
    except ClientDisconnect as error:
        raise RequestError(GONE, "the reader has left") from error
    return bytes(body)

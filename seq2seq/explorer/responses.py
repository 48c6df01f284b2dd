"""Write answers in JSON, and errors as a status and one sentence that says what is wrong and what to do about it."""

from starlette.responses import Response

from seq2seq.json_text import to_json


class RequestError(Exception):
    """A request that cannot be answered.

    Args:
        status: of the answer: 400, 404, ….
        message: what is wrong, and the way out.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """Return the answer to a request that failed."""
    return json_response({"error": message}, status, headers)


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer in JSON. Numbers that JSON does not have become null."""
    return Response(to_json(value), status, headers, "application/json")

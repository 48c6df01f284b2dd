"""Write the page as one file with the answers for some sentences: for slides, and for readers without the model."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from seq2seq.errors import UserError
from seq2seq.explorer.answers import answer_inspect
from seq2seq.explorer.packing import pack
from seq2seq.explorer.page import single_file
from seq2seq.explorer.requests import InspectRequest
from seq2seq.explorer.rounding import rounded
from seq2seq.explorer.runs import ShownRun
from seq2seq.files import write
from seq2seq.json_text import to_script

SIZE = 2_000_000  # bytes of a file; single units are added as long as it is smaller
UNITS = 32  # of each layer, for the first sentences
MOST_SENTENCES = 200
INPUT_BYTES = 2**20


def read_sentences(data: bytes) -> list[str]:
    """Return the lines of standard input that are not blank.

    Raises:
        UserError: it is not UTF-8, or has no sentence or too many.
    """
    if len(data) > INPUT_BYTES:
        raise UserError(f"standard input: more than {INPUT_BYTES:,} bytes; an export holds some sentences")
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserError(f"standard input, line {line}: not UTF-8; convert it, e.g. with iconv") from error
    sentences = [line.strip() for line in lines if line.strip()]
    if not 1 <= len(sentences) <= MOST_SENTENCES:
        raise UserError(f"standard input: {len(sentences):,} sentences; give 1 to {MOST_SENTENCES}, one on each line")
    return sentences


def export(path: Path, runs: Sequence[ShownRun], sentences: Sequence[str]) -> int:
    """Write the page with what the runs do with some sentences. Return its size in bytes.

    Args:
        path: the file, which is written completely or not at all.
        runs: the runs.
        sentences: raw text, each short enough for a request.

    Raises:
        UserError: a sentence is too long, or the file cannot be written.
    """
    requests = [InspectRequest(run.name, text) for text in sentences for run in runs]
    by_name = {run.name: run for run in runs}
    answers = [ask(by_name[request.run], request) for request in requests]
    exported = {"runs": [asdict(run.summary()) for run in runs], "answers": answers}
    size = len(single_file(exported).encode())
    for place, answer in with_units(by_name, requests):
        size += packed_size(answer) - packed_size(answers[place])
        if size > SIZE:
            break
        answers[place] = answer
    page = single_file(exported)
    write(path, page)
    return len(page.encode())


def packed_size(answer: dict[str, Any]) -> int:
    """Return the bytes that an answer takes in the file."""
    return len(to_script(pack(answer)).encode())


def ask(run: ShownRun, request: InspectRequest) -> dict[str, Any]:
    """Return a run's answer as the page holds it, with rounded numbers.

    Raises:
        UserError: the sentence is too long.
    """
    try:
        answer = asdict(answer_inspect(run, request))
    except UserError as error:
        raise UserError(f"{request.text[:40]!r}: {error}") from error
    return {"run": request.run, "text": request.text, "answer": rounded(answer)}


def with_units(runs: dict[str, ShownRun], requests: Sequence[InspectRequest]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each answer's place, and the answer with the first units of each layer."""
    for place, request in enumerate(requests):
        run = runs[request.run]
        yield place, ask(run, replace(request, units=tuple(range(min(UNITS, run.units)))))

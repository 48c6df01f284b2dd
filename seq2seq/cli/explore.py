"""Run `seq2seq explore`: serve the page, or write it as one file."""

import argparse
import sys
from collections.abc import Sequence

from seq2seq.errors import UserError
from seq2seq.explorer.export import INPUT_BYTES, SIZE, export, read_sentences
from seq2seq.explorer.server import PORT, ServerOptions, load_runs, serve
from seq2seq.recipe import check_only_corpus
from seq2seq.terminal_text import write_message


def run(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Serve the page, or write it.

    Raises:
        UserError: an option does not fit the others; or see `serve` and `export`.
    """
    check_only_corpus(overrides)
    if arguments.export is None:
        host, port = arguments.host or ServerOptions.host, PORT if arguments.port is None else arguments.port
        options = ServerOptions(host, port, arguments.allow_host, not arguments.no_browser)
        serve(arguments.runs, arguments.device, overrides, options)
        return
    for option in ("port", "host", "allow_host", "no_browser"):
        if getattr(arguments, option) not in (None, [], False):
            raise UserError(f"--{option.replace('_', '-')} is for the server; --export needs none")
    if arguments.export.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--export {arguments.export}: the file is a page, so its name ends in .html")
    runs = load_runs(arguments.runs, arguments.device)
    size = export(arguments.export, runs, read_sentences(sys.stdin.buffer.read(INPUT_BYTES + 1)))
    write_message(f"written: {arguments.export} ({size:,} bytes)")
    if size > SIZE:
        write_message(f"it has more than {SIZE:,} bytes; fewer or shorter sentences make it smaller")

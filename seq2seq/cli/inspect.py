"""Run `seq2seq inspect`: one function for a sentence, and one for each measurement that needs no sentence."""

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.console import Console
from rich.progress import Progress

from seq2seq.cli.given_arguments import check_no_unknown, override_search
from seq2seq.errors import UserError
from seq2seq.files import check_file_name
from seq2seq.insight.gate_drawings import draw_gates, save_gates
from seq2seq.insight.gradient_drawings import draw_gradients, draw_memory_task, gradient_table, memory_task_table
from seq2seq.insight.gradients import measure_gradients
from seq2seq.insight.inspection import Inspection, inspect_pair, inspect_text
from seq2seq.insight.memory_task import run_memory_task
from seq2seq.insight.probe_records import ProbeReport
from seq2seq.insight.probe_views import draw_probes, format_probes
from seq2seq.insight.probes import probe_memory
from seq2seq.json_text import to_json
from seq2seq.plotting.canvas import check_figure_format
from seq2seq.plotting.search_steps import draw_search
from seq2seq.plotting.search_tree import search_figure
from seq2seq.recipe import check_only_corpus
from seq2seq.run import Run
from seq2seq.run_names import unique_names
from seq2seq.seeding import check_seed
from seq2seq.terminal_text import printable, write_message, write_output
from seq2seq.text.corpus import CorpusOptions
from seq2seq.translation.translator import Translator

NARROWEST, WIDEST = 40, 160  # columns of a drawing
FIRST_PAIRS = 100  # of a split for gradients
MOST_SENTENCES = 10_000  # of a split for probes, which use no more

MEASUREMENTS = ("gradients", "memory", "cells")
OF_SEARCH = ("prefix", "search_figure", "beam_size", "length_penalty", "coverage_penalty")
OPTIONS = {  # what each option is for
    **dict.fromkeys(("target", "units", "only", *OF_SEARCH), ("sentence",)),
    "split": ("gradients", "memory"),
    "sentences": ("gradients",),
    "beside": ("memory",),
    "seed": ("memory", "cells"),
}
MOST_UNITS = 26  # letters of a drawing
NOT_GIVEN: tuple[object, ...] = (None, [])

Count = Callable[[int, int], None]  # takes the work that is done and the whole work


class Splits(NamedTuple):
    """The source sentences of three splits."""

    training: list[str]
    validation: list[str]
    test: list[str]


def run(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Inspect what the arguments ask for.

    Raises:
        UserError: an option does not fit the others, or the run, the corpus or a file does not fit.
    """
    check_arguments(arguments, overrides)
    if arguments.cells:
        inspect_cells(arguments)
    elif arguments.gradients:
        inspect_gradients(arguments, overrides)
    elif arguments.memory:
        inspect_memory(arguments, overrides)
    else:
        inspect_sentence(arguments)


def check_arguments(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Raise UserError if the arguments do not fit each other."""
    mode = next((name for name in MEASUREMENTS if getattr(arguments, name)), "sentence")
    for option, modes in OPTIONS.items():
        if getattr(arguments, option) not in NOT_GIVEN and mode not in modes:
            right = " and ".join("a sentence" if each == "sentence" else f"--{each}" for each in modes)
            raise UserError(f"--{option.replace('_', '-')} is for {right}")
    if mode == "sentence" and (arguments.run is None or arguments.sentence is None):
        raise UserError('what to inspect? seq2seq inspect RUN "A sentence." or RUN --gradients, RUN --memory, --cells')
    if mode == "cells" and arguments.run is not None:
        raise UserError("--cells needs no run")
    if mode in ("gradients", "memory") and (arguments.run is None or arguments.sentence is not None):
        raise UserError(f"--{mode} needs a run and no sentence")
    of_search = [option for option in OF_SEARCH if getattr(arguments, option) not in NOT_GIVEN]
    if arguments.target is not None and (arguments.only == "search" or of_search):
        raise UserError("--target is read as it is: there is no search, and so no option or drawing of it")
    if arguments.units and arguments.only == "search":
        raise UserError("--units are drawn with the gates; leave out --only search")
    if len(arguments.units) > MOST_UNITS:
        raise UserError(f"--units: at most {MOST_UNITS} can be shown")
    if arguments.figure is not None and arguments.figure == arguments.search_figure:
        raise UserError(f"--figure and --search-figure {arguments.figure}: give each a file of its own")
    if mode in ("sentence", "cells"):
        if overrides and overrides[0].startswith("--corpus."):
            raise UserError(f"{overrides[0]} is for --gradients and --memory")
        check_no_unknown(overrides)
    check_only_corpus(overrides)
    check_seed(seed(arguments))
    for path in filter(None, (arguments.figure, arguments.search_figure)):
        check_figure_format(path)


def inspect_sentence(arguments: argparse.Namespace) -> None:
    """Show the search, the gates and the states for one text."""
    translator = Run(arguments.run).load_translator(arguments.device)
    units = list(dict.fromkeys(arguments.units))
    if arguments.target is not None:
        inspections = [inspect_pair(translator, arguments.sentence, arguments.target, units)]
    else:
        options = override_search(replace(translator.options, n_best=1, sampling=False), arguments)
        inspections = inspect_text(translator, arguments.sentence, options, arguments.prefix or "", units)
    record = {"run": str(arguments.run), "sentences": [asdict(inspection) for inspection in inspections]}
    drawing = "\n\n".join(draw(inspection, arguments.only) for inspection in inspections)
    searches = [inspection.search for inspection in inspections if inspection.search is not None]
    if len(inspections) > 1 and (arguments.figure or arguments.search_figure):
        write_message("the text was translated in parts; figures show the first one")
    with figure(arguments.search_figure if searches else None, lambda path: search_figure(path, searches[0])):
        show(arguments, record, drawing, lambda path: save_gates(path, inspections[0].gates))


def draw(inspection: Inspection, only: str | None) -> str:
    """Return the translation of one sentence, and the drawings of its search and its gates."""
    gates, search = inspection.gates, inspection.search
    total = f"log P(translation | source) = {sum(gates.log_probabilities):.2f}"
    parts = [f"{printable(inspection.source)}\n→ {printable(gates.text)}\n{total}"]
    if search is not None and only != "gates":
        parts.append(draw_search(search, columns()).plain)
    if only != "search":
        parts.append(draw_gates(gates, columns()))
    return "\n\n".join(parts)


def inspect_gradients(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Show how far back the gradients of a run reach."""
    from seq2seq.text.loading import load_split_in_memory  # imports `datasets`, which is slow

    most = FIRST_PAIRS if arguments.sentences is None else arguments.sentences
    if most < 1:
        raise UserError(f"--sentences {most}: must be at least 1")
    trained = Run(arguments.run)
    translator = trained.load_translator(arguments.device)
    corpus = trained.load_recipe(overrides).corpus
    rows = load_split_in_memory(corpus, measured_split(arguments, corpus))
    pairs = list(zip(rows["source"], rows["target"], strict=True))[:most]
    write_message(f"{trained}: gradients of {len(pairs):,} sentence pairs …")
    report = measure_gradients(translator, pairs)
    record = {"run": str(trained), **asdict(report)}
    show(arguments, record, gradient_table(report, columns()), lambda path: draw_gradients(path, report))


def inspect_memory(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    """Show what the encoder's vectors of one or several runs know of the source."""
    paths = [arguments.run, *arguments.beside]
    names = unique_names(paths)
    corpus = Run(arguments.run).load_recipe(overrides).corpus
    translators = [Run(path).load_translator(arguments.device) for path in paths]
    splits = Splits(
        *(read_sources(corpus, name) for name in (corpus.train, corpus.validation, measured_split(arguments, corpus)))
    )
    tokens = [translator.tokenizer.encode_source(splits.test) for translator in translators]
    for path, other in zip(paths, tokens, strict=True):
        if other != tokens[0]:
            raise UserError(f"{path}: has another tokenizer than {paths[0]}, so its tokens cannot be compared")
    reports = {
        name: probe(Run(path), translator, splits, seed(arguments))
        for name, path, translator in zip(names, paths, translators, strict=True)
    }
    record = {"runs": {name: asdict(report) for name, report in reports.items()}}
    drawing = format_probes(reports, columns()).rstrip("\n")
    show(arguments, record, drawing, lambda path: draw_probes(path, reports))


def probe(run: Run, translator: Translator, splits: Splits, seed: int) -> ProbeReport:
    """Measure what the encoder's vectors of one run know of the source, beside those of random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        tokenizer = translator.tokenizer
        untrained = run.load_recipe().build_model(tokenizer.source_size, tokenizer.target_size)
    with progress_bar(f"{run}: probes") as count:
        return probe_memory(translator, *splits, untrained.to(translator.sentences.device), count)


def seed(arguments: argparse.Namespace) -> int:
    """Return the seed that was given, or 1."""
    return 1 if arguments.seed is None else int(arguments.seed)


def measured_split(arguments: argparse.Namespace, corpus: CorpusOptions) -> str:
    """Return the name of the split to measure on."""
    split: str = (corpus.test or corpus.validation) if arguments.split is None else arguments.split
    check_file_name(split, "split")
    return split


def read_sources(corpus: CorpusOptions, split: str) -> list[str]:
    """Return source sentences of a split: all of them, or the first ones of a stream."""
    from seq2seq.text.loading import load_split  # imports `datasets`, which is slow

    rows = load_split(corpus, split)
    if corpus.streaming:
        return [row["source"] for row in islice(rows, MOST_SENTENCES)]
    return list(rows["source"])


def inspect_cells(arguments: argparse.Namespace) -> None:
    """Train an RNN, a GRU and an LSTM on the memory task, and show what they solve and how their gradients decay."""
    with progress_bar("training an RNN, a GRU and an LSTM on the memory task") as count:
        report = run_memory_task(seed(arguments), progress=count)
    table = memory_task_table(report, columns())
    show(arguments, asdict(report), table, lambda path: draw_memory_task(path, report))


def show(
    arguments: argparse.Namespace, record: dict[str, Any], drawing: str, draw_figure: Callable[[Path], object]
) -> None:
    """Draw the figure if the arguments ask for one. Then write the record as JSON, or its drawing."""
    with figure(arguments.figure, draw_figure):
        if arguments.json:
            print(to_json(record))
        else:
            write_output(drawing)


@contextmanager
def figure(path: Path | None, draw_figure: Callable[[Path], object]) -> Iterator[None]:
    """Draw a figure, then run the block. It runs even if drawing fails, so that what was measured is not lost."""
    try:
        if path is not None:
            draw_figure(path)
            write_message(f"drawn: {path}")
    finally:
        yield


def columns() -> int:
    """Return the width of a drawing: the terminal's, or 80 columns in a file or a pipe."""
    return min(WIDEST, max(NARROWEST, shutil.get_terminal_size((80, 24)).columns))


@contextmanager
def progress_bar(label: str) -> Iterator[Count]:
    """Say what begins, and show a progress bar on a terminal. Yields what counts the work."""
    write_message(f"{label} …")
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)

"""Show what probes measured of one or several runs: as tables for the terminal, and as one figure."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from seq2seq.errors import UserError
from seq2seq.insight.probe_records import VECTORS, LengthGroup, ProbeCurve, ProbeReport, Side, Vector
from seq2seq.plotting.probe_figure import Curve, Row, probe_figure
from seq2seq.plotting.text_table import text_table, text_width

# As many of these as fit into a line are shown.
SHOWN_POSITIONS = (1, 2, 3, 5, 10, 20, 4, 7, 15, 30, 6, 8, 9, 12, 25, 40)
FEWEST_POSITIONS = 4  # beside the names; if fewer fit, the names stand above the numbers
NUMBER_WIDTH = 7  # "100.0" and a gap of two
BASELINE = "most frequent token"

Reports = Mapping[str, ProbeReport]  # by the runs' names


class Measured(NamedTuple):
    """One vector of one run."""

    name: str
    report: ProbeReport
    vector: Vector
    trained: bool


def format_probes(reports: Reports, columns: int) -> str:
    """Return the accuracies by sentence length and by position, as plain text.

    Args:
        reports: of runs with the same test sentences and tokenizer.
        columns: the terminal's width, 40 or more.

    Raises:
        UserError: the runs cannot be compared.
    """
    first = check_comparable(reports)
    measured = list(measured_vectors(reports))
    title = (
        f"Source tokens that a linear probe guesses from the encoder's vectors, in percent: {first.test:,} test "
        f"sentences, probes trained on {first.training:,}"
    )
    half_widths = [total.high - total.low for report in reports.values() for total in report.totals]
    note = (
        f"95% confidence intervals by length: ± {50 * max(half_widths):.1f} or less (bootstrap over sentences). "
        f"Positions that fewer than {first.minimum} sentences have are left out."
    )
    blocks = [
        fill(title, columns),
        "By the tokens in a sentence:\n" + text_table(list(length_rows(measured, first)), columns),
        "By position, from the start:\n" + text_table(list(position_rows(measured, first, "start", columns)), columns),
        "By position, from the end:\n" + text_table(list(position_rows(measured, first, "end", columns)), columns),
        fill(note, columns),
    ]
    return "\n\n".join(blocks) + "\n"


def draw_probes(path: Path, reports: Reports) -> None:
    """Draw the accuracy by position for each group of lengths, with 95% intervals (Wilson) as bands.

    The figure has the summary of each run, the memory of each run that attends, the baseline, and the untrained model's
    summary if it was measured.

    Raises:
        UserError: the runs cannot be compared, the suffix is not a figure's, or the file cannot be written.
    """
    first = check_comparable(reports)
    shown = [
        each
        for each in measured_vectors(reports)
        if (each.vector == "summary" or (each.report.attends and each.trained))
    ]
    rows = []
    for group in first.groups:
        sides: dict[Side, dict[str, Curve]] = {"start": {}, "end": {}}
        for side, curves in sides.items():
            for name, report, vector, trained in shown:
                curves[name] = band(report.curve(vector, side, group, trained))
            curves[BASELINE] = baseline(first.curve("summary", side, group))
        rows.append(Row(f"{describe(group)} tokens ({group.sentences} sentences)", sides["start"], sides["end"]))
    references = [BASELINE, *(each.name for each in shown if not each.trained)]
    probe_figure(path, rows, references, "tokens guessed by a linear probe, %")


def check_comparable(reports: Reports) -> ProbeReport:
    """Return the first report, if all have the same groups of lengths.

    Raises:
        UserError: they have not, or there is no report.
    """
    if not reports:
        raise UserError("no run to show")
    first, *others = reports.values()
    if any(other.groups != first.groups for other in others):
        raise UserError(
            "the runs' test sentences do not have the same numbers of tokens: they were measured on other sentences, "
            "or have another tokenizer; show each run alone"
        )
    return first


def measured_vectors(reports: Reports) -> Iterator[Measured]:
    """Yield the vectors of all runs, then those of the first untrained model: another would be much the same."""
    for name, report in reports.items():
        prefix = f"{name}: " if len(reports) > 1 else ""
        for vector in VECTORS:
            yield Measured(f"{prefix}{vector}", report, vector, True)
    for report in reports.values():
        if report.has_control:
            for vector in VECTORS:
                yield Measured(f"{vector} (untrained)", report, vector, False)
            return


def length_rows(measured: Sequence[Measured], first: ProbeReport) -> Iterator[list[str]]:
    """Yield the rows of the table by sentence length."""
    groups = [None, *first.groups]
    yield ["tokens", *(describe(group) for group in groups)]
    yield ["sentences", *(f"{group.sentences if group else first.test:,}" for group in groups)]
    for name, report, vector, trained in measured:
        yield [name, *(percent(report.total(vector, group, trained).accuracy) for group in groups)]
    yield [BASELINE, *(percent(first.total("summary", group).baseline) for group in groups)]


def position_rows(measured: Sequence[Measured], first: ProbeReport, side: Side, columns: int) -> Iterator[list[str]]:
    """Yield the rows of the table by position, with as many positions as fit."""
    points = {point.position: point for point in first.curve("summary", side).points}
    beside = (columns - max(text_width(name) for name in (BASELINE, *(each.name for each in measured)))) // NUMBER_WIDTH
    fitting = beside if beside >= FEWEST_POSITIONS else columns // NUMBER_WIDTH
    positions = sorted([position for position in SHOWN_POSITIONS if position in points][:fitting])
    yield ["position", *map(str, positions)]
    yield ["sentences", *(f"{points[position].sentences:,}" for position in positions)]
    for name, report, vector, trained in measured:
        accuracy = {point.position: point.accuracy for point in report.curve(vector, side, None, trained).points}
        yield [name, *(percent(accuracy[position]) for position in positions)]
    yield [BASELINE, *(percent(points[position].baseline) for position in positions)]


def band(curve: ProbeCurve) -> Curve:
    """Return the accuracies of a curve, with their intervals."""
    points = curve.points
    return Curve(
        [point.position for point in points],
        [point.accuracy for point in points],
        [point.low for point in points],
        [point.high for point in points],
    )


def baseline(curve: ProbeCurve) -> Curve:
    """Return the baselines of a curve."""
    return Curve([point.position for point in curve.points], [point.baseline for point in curve.points])


def describe(group: LengthGroup | None) -> str:
    """Return a group's range of lengths."""
    if group is None:
        return "all"
    return f"{group.low}" if group.low == group.high else f"{group.low}–{group.high}"


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.1f}"

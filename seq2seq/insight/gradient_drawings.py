"""Show the gradients of a run, and the memory task, as figures and as tables for a terminal."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from seq2seq.insight.decay import DecayCurve, LayerDecay
from seq2seq.insight.gradients import GradientReport
from seq2seq.insight.memory_task import MemoryTaskReport
from seq2seq.plotting.decay import BarChart, Bars, Line, Panel, decay_figure
from seq2seq.plotting.decay_tables import decay_table, gap_table, paragraph

NAMES = {"forget": "forget gates", "update": "update gates"}  # of the curves of gates


def draw_gradients(path: Path, report: GradientReport) -> None:
    """Draw a run's gradients: one panel for each layer and direction.

    Args:
        path: the suffix chooses PNG, SVG or PDF.

    Raises:
        UserError: the suffix is not a figure's, or the file cannot be written.
    """
    quantities = list(dict.fromkeys(curve.quantity for layer in report.layers for curve in layer.curves))
    panels = [
        Panel(
            heading(layer), [line(curve_name(curve), quantities.index(curve.quantity), curve) for curve in layer.curves]
        )
        for layer in report.layers
    ]
    decay_figure(path, panels)


def draw_memory_task(path: Path, report: MemoryTaskReport) -> None:
    """Draw the memory task: the gradients of all cells before and after training, and the share solved by gap.

    Args:
        path: the suffix chooses PNG, SVG or PDF.

    Raises:
        UserError: the suffix is not a figure's, or the file cannot be written.
    """
    bars = [Bars(colour, cell.solved_mixed, cell.solved_alone) for colour, cell in enumerate(report.cells)]
    panels = [
        Panel("at the start", list(cell_lines((cell.cell, cell.at_start) for cell in report.cells))),
        Panel("trained on all gaps", list(cell_lines((cell.cell, cell.after_training) for cell in report.cells))),
    ]
    decay_figure(path, panels, BarChart(report.gaps, bars, chance=1 / report.symbols))


def gradient_table(report: GradientReport, columns: int = 80) -> str:
    """Return a run's gradients as a table, at most `columns` wide (40 or more)."""
    text = (
        f"Share of a gradient that is left k steps back: mean over {report.sentences:,} sentences. Decoder: of the "
        "loss of each token. Encoder: of the gradient that arrives at the last state read. Gates: their product."
    )
    groups = {heading(layer): curves_by_name(layer.curves) for layer in report.layers}
    return f"{paragraph(text, columns)}\n\n{decay_table(groups, columns)}"


def memory_task_table(report: MemoryTaskReport, columns: int = 80) -> str:
    """Return the memory task as two tables, at most `columns` wide (40 or more): shares solved, and gradients."""
    text = (
        f"Memory task: name 1 of {report.symbols} symbols after a gap of distractors. Guessing solves "
        f"{100 / report.symbols:.1f} %. {report.hidden} units, {report.updates:,} updates for each training, "
        f"seed {report.seed}. A network is trained on all gaps, or on one gap alone."
    )
    rows = {f"{cell.cell}, all gaps": cell.solved_mixed for cell in report.cells}
    rows |= {f"{cell.cell}, one gap": cell.solved_alone for cell in report.cells}
    second = (
        f"Share of the loss's gradient that is left k steps back, over a gap of {max(report.gaps)}: at the start, and "
        "trained on all gaps."
    )
    groups: dict[str, Mapping[str, list[float]]] = {}
    for cell in report.cells:
        groups[f"{cell.cell}, at the start"] = curves_by_name(cell.at_start)
        groups[f"{cell.cell}, trained"] = curves_by_name(cell.after_training)
    parts = (
        paragraph(text, columns),
        gap_table(rows, report.gaps, columns),
        paragraph(second, columns),
        decay_table(groups, columns),
    )
    return "\n\n".join(parts)


def cell_lines(cells: Iterable[tuple[str, list[DecayCurve]]]) -> Iterable[Line]:
    """Yield the lines of the gradients of each cell, without those of its gates. Those of c are dotted."""
    for colour, (cell, curves) in enumerate(cells):
        for curve in curves:
            if curve.norm_at_zero is not None:
                yield line(f"{cell}, {curve.quantity}", colour, curve, dotted=curve.quantity == "c")


def line(name: str, colour: int, curve: DecayCurve, dotted: bool = False) -> Line:
    """Return a curve in the form that figures take."""
    return Line(name, colour, dotted, curve.means, curve.lows, curve.highs)


def heading(layer: LayerDecay) -> str:
    """Return the name of a layer and direction."""
    return f"{layer.side}, layer {layer.layer}" + (f", {layer.direction}" if layer.side == "encoder" else "")


def curve_name(curve: DecayCurve) -> str:
    """Return what a curve is of: "h", "c", "forget gates" or "update gates"."""
    return NAMES.get(curve.quantity, curve.quantity)


def curves_by_name(curves: Iterable[DecayCurve]) -> dict[str, list[float]]:
    """Return the means of curves by name."""
    return {curve_name(curve): curve.means for curve in curves}

"""Write training.html from what a run has measured at its validations."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from seq2seq.insight.gate_statistics import GateStatistics
from seq2seq.plotting.line_chart import Chart, Point
from seq2seq.plotting.training_page import ChartSection, Sentence, TrainingPage, training_page
from seq2seq.run import Run
from seq2seq.run_metrics import EpochMetrics
from seq2seq.run_snapshots import Snapshot
from seq2seq.text.corpus import CorpusOptions

Moment = Callable[[EpochMetrics | Snapshot], float]

GATES_TEXT = (
    "The mean of each gate over its units and over the tokens of a few validation sentences, and the share of its "
    "values that are saturated: below 0.1 or above 0.9 (a candidate: below −0.9 or above 0.9). Layer 1 is the lowest."
)
GRADIENTS_TEXT = (
    "The norm of the gradients of each layer's weights in the last update before each validation, after clipping. The "
    "vertical axis is logarithmic."
)


def write_training_page(run: Run, corpus: CorpusOptions) -> None:
    """Write training.html. It has no times in it: the same training gives the same bytes.

    Args:
        run: has metrics.csv, with at least one row, and snapshots.jsonl. Runs of earlier versions have no snapshots.
        corpus: names the languages.

    Raises:
        UserError: a file is damaged, or the page cannot be written.
    """
    if not run.writes:
        return
    rows, snapshots = run.metrics(), run.snapshots()
    name, moment = choose_moment(rows)
    sections = [
        learning_section(rows, name, moment),
        *gate_sections(snapshots, name, moment),
        *gradient_sections(snapshots, name, moment),
    ]
    sentences = collect_sentences(snapshots, moment)
    run.save_training_page(
        training_page(TrainingPage(corpus.source, corpus.target, summarise(rows), name, sections, sentences))
    )


def choose_moment(rows: Sequence[EpochMetrics]) -> tuple[str, Moment]:
    """Return what validations are numbered by: their epochs; or their updates if epochs repeat, as in a stream."""
    if all(before.epoch < after.epoch for before, after in pairwise(rows)):
        return "epoch", lambda row: row.epoch
    return "update", lambda row: row.update


def summarise(rows: Sequence[EpochMetrics]) -> str:
    """Return a paragraph about the training so far."""
    last, best = rows[-1], max(rows, key=lambda row: row.validation_bleu)
    return (
        f"Epoch {last.epoch:g}, update {last.update:,.0f}: training loss {last.training_loss:.3f}, validation loss "
        f"{last.validation_loss:.3f}, validation BLEU {last.validation_bleu:.2f}. The highest BLEU so far: "
        f"{best.validation_bleu:.2f} at epoch {best.epoch:g}, update {best.update:,.0f}."
    )


def learning_section(rows: Sequence[EpochMetrics], name: str, moment: Moment) -> ChartSection:
    """Return the charts of metrics.csv."""
    losses = {
        "training": [(moment(row), row.training_loss) for row in rows],
        "validation": [(moment(row), row.validation_loss) for row in rows],
    }
    bleu = {"validation": [(moment(row), row.validation_bleu) for row in rows]}
    text = "The mean loss of each target token, in nats, and the BLEU of greedy translations of the validation split."
    return ChartSection("Learning curves", text, [Chart("Loss", losses, name), Chart("BLEU", bleu, name, (0.0,))])


def gate_sections(snapshots: Sequence[Snapshot], name: str, moment: Moment) -> list[ChartSection]:
    """Return the charts of the gates, two for each layer and direction; none if no cell has gates."""
    charts = []
    for layer in [statistics.layer for statistics in snapshots[-1].gates if statistics.gates] if snapshots else []:
        means: dict[str, list[Point]] = {}
        saturated: dict[str, list[Point]] = {}
        for snapshot in snapshots:
            for gate, values in gates_of(snapshot, layer).items():
                means.setdefault(gate, []).append((moment(snapshot), values.mean))
                saturated.setdefault(gate, []).append((moment(snapshot), 100 * values.saturated))
        charts.append(Chart(f"{layer}: mean", means, name, (0.0, 1.0)))
        charts.append(Chart(f"{layer}: saturated, %", saturated, name, (0.0, 100.0)))
    return [ChartSection("Gates", GATES_TEXT, charts)] if charts else []


def gates_of(snapshot: Snapshot, layer: str) -> dict[str, GateStatistics]:
    """Return the gates of a layer."""
    return next((statistics.gates for statistics in snapshot.gates if statistics.layer == layer), {})


def gradient_sections(snapshots: Sequence[Snapshot], name: str, moment: Moment) -> list[ChartSection]:
    """Return the chart of the gradients; none without snapshots."""
    lines: dict[str, list[Point]] = {}
    for snapshot in snapshots:
        for layer, norm in snapshot.gradients.items():
            lines.setdefault(layer, []).append((moment(snapshot), norm))
    chart = Chart("Gradient norm", lines, name, logarithmic=True)
    return [ChartSection("Gradients", GRADIENTS_TEXT, [chart])] if lines else []


def collect_sentences(snapshots: Sequence[Snapshot], moment: Moment) -> list[Sentence]:
    """Return the sentences of all snapshots in the order of their rows, each with its translations."""
    collected: dict[int, list[tuple[Snapshot, int]]] = {}
    for snapshot in snapshots:
        for index, sample in enumerate(snapshot.samples):
            collected.setdefault(sample.row, []).append((snapshot, index))
    sentences = []
    for _, places in sorted(collected.items()):
        last = places[-1][0].samples[places[-1][1]]
        moments = [moment(snapshot) for snapshot, _ in places]
        translations = [snapshot.samples[index].translation for snapshot, index in places]
        sentences.append(Sentence(last.source, last.reference, moments, translations))
    return sentences

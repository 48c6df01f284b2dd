"""Read and write snapshots.jsonl: what training.html shows of each validation, besides metrics.csv."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seq2seq.errors import UserError
from seq2seq.files import read_bytes, write
from seq2seq.insight.gate_statistics import GateStatistics, LayerStatistics

LARGEST = 2**25  # bytes of a file that is read
MOST = 200  # snapshots that are kept


@dataclass(frozen=True)
class Sample:
    """A sentence of the validation split and its translation, both possibly cut.

    Args:
        row: which sentence of the split it is, counted from 0.
        source: the sentence.
        reference: its translation in the corpus.
        translation: the model's own.
    """

    row: int
    source: str
    reference: str
    translation: str


@dataclass(frozen=True)
class Snapshot:
    """The model at one validation: a line of snapshots.jsonl.

    Args:
        epoch: epochs so far, a fraction if the validation was inside an epoch.
        update: updates so far.
        gates: each layer's gates on a sample of the validation split.
        gradients: the norm of each layer's gradients in the last update, after clipping.
        samples: translations of the same sentences at every validation.
    """

    epoch: float
    update: int
    gates: list[LayerStatistics]
    gradients: dict[str, float]
    samples: list[Sample]

    @staticmethod
    def from_plain(values: Any) -> "Snapshot":
        """Return the snapshot that a line of the file holds.

        Raises:
            TypeError, ValueError, LookupError, AttributeError, ArithmeticError: it holds none.
        """
        epoch, update = float(values["epoch"]), int(values["update"])
        if not (0 <= epoch < 1e15 and 0 <= update < 1e15):
            raise ValueError(f"epoch {epoch}, update {update}")
        gates = [
            LayerStatistics(
                str(layer["layer"]),
                {
                    name: GateStatistics(float(gate["mean"]), float(gate["saturated"]))
                    for name, gate in layer["gates"].items()
                },
            )
            for layer in values["gates"]
        ]
        gradients = {layer: float(norm) for layer, norm in values["gradients"].items()}
        names = ("source", "reference", "translation")
        samples = [Sample(int(each["row"]), *(str(each[name]) for name in names)) for each in values["samples"]]
        return Snapshot(epoch, update, gates, gradients, samples)


def read_snapshots(path: Path) -> list[Snapshot]:
    """Return the lines of a snapshots.jsonl. If there is no such file, the list is empty.

    Raises:
        UserError: the file is damaged.
    """
    if not path.exists():
        return []
    try:
        lines = read_bytes(path, LARGEST).decode("utf-8").split("\n")
        return [Snapshot.from_plain(json.loads(line)) for line in lines if line]
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        problem = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UserError(f"{path}: damaged ({problem}); delete it, and run the command again") from error


def append_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Add a line to a snapshots.jsonl. The file is written anew. When it is full, it is thinned out before.

    Raises:
        UserError: the file cannot be read or written.
    """
    snapshots = [before for before in read_snapshots(path) if before.update < snapshot.update]
    if len(snapshots) >= MOST:
        snapshots = thin_out(snapshots)
    write_snapshots(path, [*snapshots, snapshot])


def thin_out(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the first half of the snapshots, where the model changes most, and every second one of the rest."""
    half = len(snapshots) // 2
    return [*snapshots[:half], *snapshots[half::2]]


def write_snapshots(path: Path, snapshots: Sequence[Snapshot]) -> None:
    """Write a snapshots.jsonl.

    Raises:
        UserError: the file cannot be written.
    """
    write(path, "".join(json.dumps(asdict(snapshot), ensure_ascii=False) + "\n" for snapshot in snapshots))

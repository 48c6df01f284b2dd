"""Read and write metrics.csv: a row for each validation of a run."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

from seq2seq.errors import UserError
from seq2seq.files import read_bytes, write

LARGEST = 2**25  # bytes of a file that is read


@dataclass(frozen=True)
class EpochMetrics:
    """The results of one validation: a row of metrics.csv.

    Args:
        epoch: epochs so far, a fraction if the validation was inside an epoch.
        update: updates so far.
        training_loss: the mean loss of each label since the last validation, in nats.
        validation_loss: the mean loss of each label of the validation split, in nats, without label smoothing.
        validation_bleu: BLEU of greedy translations of the validation split.
        learning_rate: of the next update.
        tokens_per_second: target tokens trained on in a second.
        validation_chrf: chrF of the same translations, if the recipe chooses the best epoch by chrF. Otherwise, the
            column is missing.
    """

    epoch: float
    update: float
    training_loss: float
    validation_loss: float
    validation_bleu: float
    learning_rate: float
    tokens_per_second: float
    validation_chrf: float | None = None

    def check(self) -> None:
        """Check that the values are possible. A loss may be infinite or not a number: training may have diverged.

        Raises:
            ValueError: one is not; the message names it.
        """
        for name, value in asdict(self).items():
            if value is not None and not (abs(value) < 1e15 or (name.endswith("_loss") and not math.isfinite(value))):
                raise ValueError(f"{name} is {value}")


COLUMNS = [field.name for field in fields(EpochMetrics)]
REQUIRED_COLUMNS = [field.name for field in fields(EpochMetrics) if field.default is MISSING]


def read_metrics(path: Path) -> list[EpochMetrics]:
    """Return the rows of a metrics.csv. If there is no such file, the list is empty.

    Earlier versions may have written two rows for an update. The last one counts.

    Raises:
        UserError: the file is damaged.
    """
    if not path.exists():
        return []
    try:
        reader = csv.DictReader(io.StringIO(read_bytes(path, LARGEST).decode("utf-8"), newline=""))
        columns = reader.fieldnames or ()
        if missing := [name for name in REQUIRED_COLUMNS if name not in columns]:
            raise ValueError(f"it has no column {missing[0]}")
        names = [name for name in COLUMNS if name in columns]
        rows = [EpochMetrics(**{name: float(row[name]) for name in names}) for row in reader]
        for row in rows:
            row.check()
    except (TypeError, ValueError, csv.Error) as error:
        raise UserError(f"{path}: damaged: {error}; train the run anew") from error
    return list({row.update: row for row in rows}.values())


def append_metrics(path: Path, row: EpochMetrics) -> None:
    """Append a row to a metrics.csv. The file is written anew: a hard link to it elsewhere keeps its text.

    Raises:
        UserError: the file cannot be read or written.
    """
    write_metrics(path, [*read_metrics(path), row])


def write_metrics(path: Path, rows: Sequence[EpochMetrics]) -> None:
    """Write a metrics.csv. A column that no row has a value for is left out.

    Raises:
        UserError: the file cannot be written.
    """
    values = [{**asdict(row), "epoch": float(row.epoch), "update": int(row.update)} for row in rows]
    columns = [name for name in COLUMNS if any(row[name] is not None for row in values)] or REQUIRED_COLUMNS
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(values)
    write(path, table.getvalue())

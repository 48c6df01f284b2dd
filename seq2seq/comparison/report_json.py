"""Turn a comparison's results into the dictionaries of report.json."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from seq2seq.comparison import results
from seq2seq.evaluation.significance import Interval

# The keys of report.json that are not called as their fields, so that programs which read the file keep working.
KEYS: dict[type, dict[str, str]] = {
    results.LengthBucketResult: {"over_test_sets": "test_sets"},
    results.PairedResult: {"over_test_sets": "test_sets"},
    results.Difference: {"over_test_sets": "test_sets", "over_seeds": "trainings", "by_seed": "seeds"},
    results.AlignmentResult: {"upper_bound": "best"},
    results.PhenomenonResult: {"correct": "right"},
    results.Conditions: {"differences": "differs"},
    results.ComparisonResults: {"test_sets": "sets"},
}


def to_json(value: Any) -> Any:
    """Return a record as values that JSON can hold. A field that is None by default is left out if it is None."""
    if is_dataclass(value):
        keys = KEYS.get(type(value), {})
        present = [
            field for field in fields(value) if getattr(value, field.name) is not None or field.default is not None
        ]
        return {keys.get(field.name, field.name): to_json(getattr(value, field.name)) for field in present}
    if isinstance(value, Interval):
        return value._asdict()
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_json(item) for item in value]
    return value

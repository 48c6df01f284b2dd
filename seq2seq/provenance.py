"""Record what a run was made with: software versions, fingerprints of the data, hardware, commands and time."""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from pathlib import Path
from types import UnionType
from typing import Any

PACKAGE = Path(__file__).parent
PACKAGES = ("seq2seq", "torch", "lightning", "sentencepiece", "sacrebleu", "datasets")

Values = Mapping[str, Any]  # by key: `training.batch_tokens`, `versions.torch`
Differences = dict[str, dict[str, Any]]  # by key, the value on each side


@dataclass(frozen=True)
class SplitFingerprint:
    """The number of pairs in a split, and the SHA-256 of their text. Both are None for a stream."""

    pairs: int | None
    sha256: str | None


@dataclass(frozen=True)
class Provenance:
    """Everything that somebody needs in order to repeat a run, or to check that two runs are comparable.

    A value that a run did not record is None or empty.

    Args:
        seed: the seed of everything random.
        parameters: the number of trained parameters.
        tokenizer: the fingerprint of the tokenizer.
        data: a fingerprint for each split that was read.
        several_sentences: the share of training lines, on the source side, that have several sentences (from 0 to 1).
        batches: the SHA-256 of the first epoch's batches, in their order.
        versions: what `versions` returned.
        hardware: the processor or GPU, and the number of threads.
        earlier: for a resumed run, the values that were different before: by key, a list.
        commands: the command lines that trained the run.
        training_seconds: the time that they took together.
        finished: whether the training reached its end.
    """

    seed: int | None = None
    parameters: int | None = None
    tokenizer: str | None = None
    data: Mapping[str, SplitFingerprint] = field(default_factory=dict)
    several_sentences: float | None = None
    batches: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    hardware: str | None = None
    earlier: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    commands: Sequence[str] = field(default_factory=list)
    training_seconds: float | None = None
    finished: bool = True

    def __post_init__(self) -> None:
        share = self.several_sentences
        if share is not None and not (isinstance(share, int | float) and 0 <= share <= 1):
            raise ValueError(f"several_sentences is {share!r:.60}, not a number from 0 to 1")

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary that JSON can hold."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> "Provenance":
        """Return the record that `to_dict` described. Unknown keys are ignored, missing ones keep their defaults.

        Raises:
            TypeError, ValueError, AttributeError: a value has the wrong type.
        """
        names = {attribute.name for attribute in fields(Provenance)}
        recorded = {name: value for name, value in values.items() if name in names}
        splits = {name: SplitFingerprint(**split) for name, split in recorded.pop("data", {}).items()}
        provenance = Provenance(data=splits, **recorded)
        provenance.check_types()
        return provenance

    def check_types(self) -> None:
        """Check that a record that was read from a file has the types that it is written with.

        Raises:
            TypeError: a value has another type; the message names it.
            ValueError: the time is negative, infinite or not a number.
        """
        expected: list[tuple[str, object, type | UnionType]] = [
            ("seed", self.seed, int),
            ("parameters", self.parameters, int),
            *((name, getattr(self, name), str) for name in ("tokenizer", "batches", "hardware")),
            *((f"data.{split}", fingerprint.pairs, int) for split, fingerprint in self.data.items()),
            *((f"data.{split}", fingerprint.sha256, str) for split, fingerprint in self.data.items()),
            *((f"versions.{name}", version, str) for name, version in self.versions.items()),
            *((f"earlier.{name}", values, list) for name, values in self.earlier.items()),
            ("commands", self.commands, list),
            *(("commands", command, str) for command in self.commands),
            ("training_seconds", self.training_seconds, int | float),
            ("finished", self.finished, bool),
        ]
        for name, value, kind in expected:
            if value is not None and not isinstance(value, kind):
                raise TypeError(f"{name} is {value!r:.60}")
        if self.training_seconds is not None and not 0 <= self.training_seconds < 1e12:
            raise ValueError(f"training_seconds is {self.training_seconds}")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages, and a hash of our own source, to detect local edits."""
    numbers = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **numbers, "source": source_fingerprint(PACKAGE)}


def source_fingerprint(package: Path) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a package's Python files, in all its folders."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def hardware(use_gpu: bool) -> str:
    """Return the name of the GPU or processor, and the number of threads of this process.

    Args:
        use_gpu: name the GPU, if there is one.
    """
    import torch

    device = torch.cuda.get_device_name() if use_gpu and torch.cuda.is_available() else _processor_name()
    return f"{device}, threads a process: {torch.get_num_threads()}"


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def flatten(tree: Values, prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one mapping whose keys are joined by dots. Empty mappings disappear."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def differences(sides: Mapping[str, Values]) -> Differences:
    """Return the keys whose values are not the same on all sides, in the order in which they first appear.

    Args:
        sides: a flat mapping for each side, by the side's name. A missing key counts as None.
    """
    keys = dict.fromkeys(key for side in sides.values() for key in side)
    values = {key: {name: side.get(key) for name, side in sides.items()} for key in keys}
    return {
        key: by_side
        for key, by_side in values.items()
        if any(value != next(iter(by_side.values())) for value in by_side.values())
    }

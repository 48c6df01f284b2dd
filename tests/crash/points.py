"""Stop a process at a chosen moment: the Nth time that it writes, renames, validates or trains.

Only libraries are patched, so that the same moments exist in every version of the project.
"""

import io
import os
import pathlib
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

counts: Counter[str] = Counter()  # how often each event has happened in this process


class Point(NamedTuple):
    """A moment, and the signal that the process gets then.

    event: what happens, see `install`.
    number: the Nth time that it happens.
    signal: SIGKILL ends the process at once; others are delivered to it.
    rank: the process of a training in several processes.
    """

    event: str
    number: int
    signal: int = signal.SIGKILL
    rank: int = 0


def install(point: Point | None, log: Path | None = None) -> None:
    """Patch the libraries, so that the process stops at a point.

    Args:
        point: when. None counts the events only.
        log: gets a byte for each update of the weights.
    """
    rank = int(os.environ.get("LOCAL_RANK", "0"))

    def happens(event: str) -> bool:
        counts[event] += 1
        return point is not None and (event, counts[event], rank) == (point.event, point.number, point.rank)

    def stop() -> None:
        assert point is not None
        os.kill(os.getpid(), point.signal)

    before(os, "replace", "rename", happens, stop)
    before(os, "rename", "rename", happens, stop)
    before(os, "fsync", "fsync", happens, stop)
    before(os, "unlink", "unlink", happens, stop)
    before(os, "mkdir", "mkdir", happens, stop)
    patch_writers(happens, stop)
    patch_computation(happens, stop, log if rank == 0 else None)


Happens = Callable[[str], bool]
Stop = Callable[[], None]


def before(owner: Any, name: str, event: str, happens: Happens, stop: Stop) -> None:
    """Patch a function, so that the process may stop before or after it."""
    function = getattr(owner, name)

    def patched(*arguments: Any, **options: Any) -> Any:
        if happens(f"before {event}"):
            stop()
        result = function(*arguments, **options)
        if happens(f"after {event}"):
            stop()
        return result

    setattr(owner, name, patched)


def halve(path: str | Path) -> None:
    """Leave the first half of a file."""
    os.truncate(path, os.path.getsize(path) // 2)


def patch_writers(happens: Happens, stop: Stop) -> None:
    """Patch what writes files, so that the process may stop when half of one is written."""
    import fsspec.implementations.local
    import safetensors.torch
    import torch
    from matplotlib.figure import Figure

    save = torch.save

    def patched_save(value: Any, file: Any, *arguments: Any, **options: Any) -> None:
        if not isinstance(file, io.IOBase) and happens("half a checkpoint"):
            save(value, file, *arguments, **options)
            halve(file)
            stop()
        save(value, file, *arguments, **options)

    torch.save = patched_save
    write = fsspec.implementations.local.LocalFileOpener.write  # what Lightning's own checkpoints go through

    def patched_write(self: Any, data: bytes) -> Any:
        if happens("half a checkpoint"):
            write(self, data[: len(data) // 2])
            self.f.flush()
            stop()
        return write(self, data)

    fsspec.implementations.local.LocalFileOpener.write = patched_write
    copyfile = shutil.copyfile  # of a move from another file system

    def patched_copyfile(source: Any, target: Any, **options: Any) -> Any:
        result = copyfile(source, target, **options)
        if happens("half a copy"):
            halve(target)
            stop()
        return result

    shutil.copyfile = patched_copyfile

    def patch_path_writer(owner: Any, name: str, event: str, position: int) -> None:
        function = getattr(owner, name)

        def patched(*arguments: Any, **options: Any) -> Any:
            result = function(*arguments, **options)
            if happens(event):
                halve(arguments[position])
                stop()
            return result

        setattr(owner, name, patched)

    patch_path_writer(safetensors.torch, "save_file", "half the weights", 1)
    patch_path_writer(safetensors.torch, "save_model", "half the weights", 1)
    patch_path_writer(pathlib.Path, "write_bytes", "half the weights", 0)
    patch_path_writer(pathlib.Path, "write_text", "half a text", 0)
    patch_path_writer(Figure, "savefig", "half a figure", 1)


def patch_computation(happens: Happens, stop: Stop, log: Path | None) -> None:
    """Patch the optimizer and the scores, so that the process may stop in a training, a validation or an evaluation."""
    import sacrebleu.metrics
    import torch

    step = torch.optim.Adam.step

    def patched_step(self: Any, *arguments: Any, **options: Any) -> Any:
        if happens("update"):
            stop()
        if log is not None:
            with open(log, "ab") as file:
                file.write(b".")
        return step(self, *arguments, **options)

    torch.optim.Adam.step = patched_step
    before(sacrebleu.metrics.BLEU, "corpus_score", "score", happens, stop)

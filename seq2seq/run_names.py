"""Name runs after their folders, where several are shown together."""

from collections.abc import Sequence
from pathlib import Path

from seq2seq.errors import UserError


def unique_names(folders: Sequence[Path]) -> list[str]:
    """Return a name for each run: its folder's name, or the whole path if another run has this name.

    Raises:
        UserError: a run is given twice.
    """
    resolved = [folder.resolve() for folder in folders]
    for folder, real in zip(folders, resolved, strict=True):
        if resolved.count(real) > 1:
            raise UserError(f"{folder}: the same run is given twice")
    names = [real.name for real in resolved]
    return [
        name if name and names.count(name) == 1 else str(folder) for name, folder in zip(names, folders, strict=True)
    ]

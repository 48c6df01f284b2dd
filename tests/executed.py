"""An object whose pickle runs code, for the tests that nothing is executed."""

import os
from collections.abc import Callable
from pathlib import Path


class Code:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)

"""The user's own files that docs/own-parts.md shows: code blocks that begin with the name of their file."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "own-parts.md"
FILE = re.compile(r"^```python\n(# (\w+\.py)\n.*?)^```$", re.MULTILINE | re.DOTALL)


def write_own_parts(folder: Path) -> list[Path]:
    """Write the page's files into a folder, and return their paths."""
    paths = []
    for text, name in FILE.findall(PAGE.read_text(encoding="utf-8")):
        paths.append(folder / name)
        paths[-1].write_text(text, encoding="utf-8")
    return paths

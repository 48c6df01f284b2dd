"""Word alignments as text, in Pharaoh's format: "0-0 1-2" links source word 0 to target word 0, and 1 to 2."""

import re
from collections.abc import Sequence
from typing import TypeAlias

WordLinks: TypeAlias = list[tuple[int, int]]  # (source word, target word), both counted from 0


def format_pharaoh(links: Sequence[tuple[int, int]]) -> str:
    """Return links (source word, target word) in Pharaoh's format."""
    return " ".join(f"{source}-{target}" for source, target in links)


def parse_pharaoh(text: str) -> WordLinks:
    """Return the links that a text in Pharaoh's format holds, in the text's order. The inverse of `format_pharaoh`.

    Raises:
        ValueError: the text is not in Pharaoh's format.
    """
    links: WordLinks = []
    for link in text.split():
        match = re.fullmatch(r"(\d+)-(\d+)", link)
        if not match:
            raise ValueError(f'"{text}" is not in Pharaoh\'s format, such as "0-0 1-2"')
        links.append((int(match[1]), int(match[2])))
    return links

"""What a training is done by."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path


def versions() -> dict[str, str]:
    """Of the software: packages by their numbers, this one by the SHA-256 of its files, too, for who changes them."""
    packages = ("seq2seq", "torch", "lightning", "sentencepiece", "sacrebleu", "datasets")
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    numbers = {name: version(name) for name in packages}
    return {"python": platform.python_version(), **numbers, "source": digest.hexdigest()[:16]}

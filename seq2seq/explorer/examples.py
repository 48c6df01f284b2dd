"""Read sentences that the page offers: the first ones of a run's test split."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from seq2seq.explorer.limits import EXAMPLES
from seq2seq.run import Run


@dataclass(frozen=True)
class Example:
    """A sentence of the corpus, and its translation there."""

    source: str
    reference: str


def read_examples(run: Run, overrides: Sequence[str] = ()) -> list[Example]:
    """Return the first sentences of a run's test split, or an empty list if it cannot be read.

    The network is not used: a corpus from the Hub is read from its cache.

    Args:
        run: the run.
        overrides: keys of its recipe's `corpus`, for a corpus that has moved.
    """
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):  # read by `datasets` when it is imported
        os.environ.setdefault(name, "1")
    try:
        from seq2seq.text.loading import load_split  # imports `datasets`, which is slow

        corpus = run.load_recipe(overrides).corpus
        rows = load_split(corpus, corpus.test or corpus.validation)
        return [Example(row["source"], row["target"]) for row in islice(rows, EXAMPLES)]
    except Exception:  # whatever it is, a page without examples is still a page
        return []

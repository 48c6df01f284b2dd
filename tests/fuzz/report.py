"""All cases, and what is printed about a finding."""

import os
from collections.abc import Sequence

from fuzz import corpora, recipes, run_folders
from fuzz.base import Case
from fuzz.sandbox import Finding

SEED = int(os.environ.get("FUZZ_SEED", "1"))  # another seed gives other cases


def all_cases() -> list[Case]:
    """Return the cases of every kind."""
    return [*recipes.cases(), *corpora.cases(), *run_folders.cases()]


def explain(case: Case, findings: Sequence[Finding]) -> str:
    """Return what was found, and how to repeat it."""
    lines = [f"repeat it with: FUZZ_SEED={SEED} pytest -n 0 tests/fuzz -k {case}-"]
    for finding in findings:
        lines += [f"{finding.kind}: {finding.cause}", f"seq2seq {finding.command}", finding.text]
    return "\n".join(lines)

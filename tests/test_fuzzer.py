"""The fuzzer of tests/fuzz notices what no command may do, and a sample of its cases finds nothing.

`pytest -n 0 tests/fuzz` runs the whole.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz.base import Case, make_base
from fuzz.report import SEED, all_cases, explain
from fuzz.sandbox import SECRET, Command, Sandbox, open_sandbox

EVERY = 12  # of so many cases, one is in the sample, with one of its commands
SAMPLE = [
    Case(case.kind, case.number, case.damage, [case.commands[index % len(case.commands)]])
    for index, case in enumerate(all_cases()[::EVERY])
]


@pytest.fixture(scope="module")
def misbehaving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with open_sandbox(tmp_path_factory.mktemp("misbehaving"), "fuzz.misbehaving") as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("deed", "kinds"),
    [
        ("behave", []),
        ("complain", []),
        ("raise", ["traceback"]),
        ("wait", ["hang"]),
        ("die", ["killed"]),
        ("status", ["status"]),
        ("two lines", ["message"]),
        ("control", ["control character"]),
        ("reorder", ["control character"]),
        ("write", ["write outside"]),
        ("follow a link", ["write outside"]),
        ("remove", ["write outside"]),
        ("system", ["executed"]),
        ("program", ["executed"]),
        ("network", ["network"]),
        ("report", ["secret"]),
        ("many", ["too many processes"]),
    ],
)
def test_the_sandbox_notices(deed: str, kinds: list[str], misbehaving: Sandbox, tmp_path: Path) -> None:
    for name in ("run", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "outside" / "secret.txt").write_text(SECRET, encoding="utf-8")
    found = misbehaving.findings(Command([deed], "run"), tmp_path)
    assert sorted({finding.kind for finding in found}) == kinds


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with open_sandbox(tmp_path_factory.mktemp("fuzz")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def base(sandbox: Sandbox) -> Path:
    return make_base(sandbox)


@pytest.mark.parametrize("case", SAMPLE, ids=str)
def test_a_sample_finds_nothing(case: Case, sandbox: Sandbox, base: Path) -> None:
    found = case.findings(sandbox, base, SEED)
    assert not found, explain(case, found)

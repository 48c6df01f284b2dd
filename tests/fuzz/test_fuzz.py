"""No damaged or hostile recipe, corpus or run makes a command fail in another way than by one clear line.

`pytest -n 0 tests/fuzz` takes about half an hour. FUZZ_SEED=2 gives other cases. `make fuzz` counts findings by cause.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from fuzz.base import DAMAGED, RECIPE_NAME, Case, make_base
from fuzz.report import SEED, all_cases, explain
from fuzz.sandbox import ROOT, Command, Sandbox, open_sandbox

pytestmark = pytest.mark.timeout(900)  # each command has its own limit


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with open_sandbox(tmp_path_factory.mktemp("fuzz")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def base(sandbox: Sandbox) -> Path:
    return make_base(sandbox)


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: f"{case}-")
def test_nothing_is_found(case: Case, sandbox: Sandbox, base: Path) -> None:
    found = case.findings(sandbox, base, SEED)
    assert not found, explain(case, found)


@pytest.mark.parametrize("number", range(0, len(all_cases()), 64))
def test_a_process_of_its_own_ends_as_a_fork_does(number: int, sandbox: Sandbox, base: Path, tmp_path: Path) -> None:
    case = all_cases()[number]
    command = case.commands[0]
    results = []
    for name in ("fork", "process"):
        folder = tmp_path / name
        copy_base(base, folder)
        case.damage(folder, Random(f"{case.kind} {SEED} {case.number}"))
        if name == "fork":
            answer, _, stderr = sandbox.execute(command, folder)
            results.append((answer["status"], stderr.splitlines()[-1:]))
        else:
            words = [sys.executable, "-m", "seq2seq", *map(str, command.words)]
            environment = {**sandbox.environment, "PYTHONPATH": str(ROOT), "PATH": ""}
            ended = subprocess.run(
                words, cwd=folder, env=environment, input=command.stdin, capture_output=True, timeout=300
            )
            results.append((ended.returncode, ended.stderr.splitlines()[-1:]))
    assert results[0] == results[1]


def copy_base(base: Path, folder: Path) -> None:
    """Copy the sound corpus, recipe and runs, as a case does."""
    shutil.copytree(base, folder, symlinks=True)
    (folder / "outside").mkdir()


def test_sound_input_finds_nothing_and_succeeds(sandbox: Sandbox, base: Path, tmp_path: Path) -> None:
    for number, words in enumerate(
        (
            ["translate", DAMAGED],
            ["evaluate", DAMAGED],
            ["compare", RECIPE_NAME, "--plan", "--run", "runs"],
            ["train", RECIPE_NAME, "--run", "runs/new"],
        )
    ):
        copy_base(base, folder := tmp_path / str(number))
        answer, _, stderr = sandbox.execute(Command(words, words[-1], b"x\n"), folder)
        assert answer["status"] == 0, stderr.decode()

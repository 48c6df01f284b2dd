"""A tiny recipe, and a comparison of its variants with two seeds, that the tests of this folder share."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tiny_training import RECIPE, write_corpus

from seq2seq.cli import main
from seq2seq.cli.parser import make_parser
from seq2seq.comparison import compare, trainings
from seq2seq.comparison.compare import ComparisonRequest, compare_recipe
from seq2seq.comparison.finished_runs import FinishedRun, gather_runs
from seq2seq.comparison.variants import plan

RunComparison = Callable[[Path, Sequence[int]], None]


def run_in_this_process(arguments: Sequence[str]) -> None:
    """Do what `trainings.run_command` does, without the seconds that a process takes to start."""
    parsed, overrides = make_parser().parse_known_args(list(arguments))
    main.VERBS[parsed.verb](parsed, overrides)


@pytest.fixture(scope="session")
def joining_request() -> ComparisonRequest:
    """The request that `run_comparison` makes."""
    return ComparisonRequest(allowed=[], joins=[4], command="seq2seq compare tiny.yaml")


@pytest.fixture(scope="session")
def plain_request(joining_request: ComparisonRequest) -> ComparisonRequest:
    """A request without joined sentences, which takes less time."""
    return joining_request._replace(joins=[])


@pytest.fixture(scope="session")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipe")
    corpus = write_corpus(folder, train=120, validation=13, test=40, test_long=4)
    path = folder / "tiny.yaml"
    recipe = RECIPE.replace("path: CORPUS", f"path: {corpus}, test_long: test_long")
    # Learn fast enough that the translations are not empty, and so have attention to draw.
    path.write_text(recipe.replace("learning_rate: 0.01", "learning_rate: 0.03"), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def run_comparison(recipe_file: Path, joining_request: ComparisonRequest) -> RunComparison:
    """A function that compares the recipe's variants. It takes the folder and the seeds."""

    def run(folder: Path, seeds: Sequence[int]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(trainings, "run_command", run_in_this_process)
            patch.setattr(compare, "forecast", lambda jobs: None)  # it has tests of its own, and takes seconds
            compare_recipe(recipe_file, plan(recipe_file, [], seeds, [], folder), folder, joining_request)

    return run


@pytest.fixture(scope="session")
def compared(run_comparison: RunComparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a comparison with two seeds."""
    folder = tmp_path_factory.mktemp("compared")
    run_comparison(folder, (1, 2))
    return folder


@pytest.fixture(scope="session")
def runs(compared: Path) -> list[FinishedRun]:
    """The four runs of `compared`."""
    return gather_runs(sorted(path.parent for path in compared.glob("*/recipe.yaml")))

"""A training that is killed at any moment, starts or goes on, and ends like one that was never disturbed, bit by bit.

`pytest -n 0 tests/crash` takes about ten minutes. `make crash` counts what happened.
"""

import os

import pytest
from crash.cases import Case, Laboratory, all_cases, full_disks, stopped_by_signals
from crash.commands import import_everything


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    import_everything()
    return Laboratory(tmp_path_factory.mktemp("crash"))


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_a_kill_loses_nothing(case: Case, laboratory: Laboratory) -> None:
    outcome = laboratory.examine(case)
    assert outcome.kills
    assert not outcome.problems


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_full_disk_loses_nothing(laboratory: Laboratory) -> None:
    assert {size: problems for size, problems in full_disks(laboratory) if problems} == {}


def test_a_signal_loses_nothing(laboratory: Laboratory) -> None:
    assert {name: problems for name, problems in stopped_by_signals(laboratory) if problems} == {}


def test_at_least_half_of_the_kills_are_at_the_worst_moments() -> None:
    worst = ("half", "before rename", "after rename", "score")
    assert 2 * sum(any(word in case.event for word in worst) for case in all_cases()) >= len(all_cases()) == 100


def test_a_disturbed_run_is_noticed(laboratory: Laboratory) -> None:
    """Without this, the other tests could not fail."""
    from crash.cases import contents, is_equal

    expected, events = laboratory.reference("epochs")
    other, _ = laboratory.reference("averaged")
    assert events["update"] == 27
    assert is_equal(expected, contents(laboratory.folder / "reference-epochs" / "run"))
    assert not is_equal(expected["weights"], other["weights"])

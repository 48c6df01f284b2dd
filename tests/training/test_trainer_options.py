"""An option of Lightning's Trainer that cannot be is one line that names it, before anything is loaded."""

from typing import Any

import pytest
from absurd import ABSURD

from seq2seq.errors import UserError
from seq2seq.training.trainer_options import RESERVED, RULES, check_trainer_options


def mistake(**options: Any) -> str:
    with pytest.raises(UserError) as caught:
        check_trainer_options(options)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 300
    return message


@pytest.mark.parametrize(
    "options",
    [
        {"max_epochs": 9, "gradient_clip_val": 1.0, "precision": "bf16-mixed", "devices": 2, "strategy": "ddp"},
        {"max_epochs": -1, "max_steps": 60000, "val_check_interval": 2000, "check_val_every_n_epoch": None},
        {
            "accelerator": "cpu",
            "enable_progress_bar": False,
            "precision": 32,
            "devices": [0, 1],
            "max_time": "00:01:00:00",
        },
        {
            "accelerator": "gpu",
            "devices": "auto",
            "precision": "16-mixed",
            "limit_train_batches": 0.5,
            "deterministic": "warn",
        },
    ],
)
def test_options_that_work_are_accepted(options: dict[str, Any]) -> None:
    check_trainer_options(options)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("value", [*ABSURD, -5, 1.5, True, "\x1b[31m", "x" * 1000], ids=lambda value: repr(value)[:20])
def test_an_absurd_value_is_accepted_only_where_it_makes_sense(name: str, value: Any) -> None:
    rule = RULES[name]
    if not rule.is_valid(value):
        assert mistake(**{name: value}).startswith(f"trainer.{name}: must be {rule.words}, not ")
    else:  # text is Lightning's to judge, when the Trainer is made
        assert not isinstance(value, int | float) or abs(value) < 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("max_epochs", value) for value in (0, -5, 1.5, True, "ten", 10**30, float("nan"), float("inf"))),
        *(("devices", value) for value in (0, -2, None, [], [-1], ["x"], 10**9, 1.5)),
        *(("precision", value) for value in ("bf16-true", "16-true", "transformer-engine", 7, None)),
        *(("strategy", value) for value in ("deepspeed", "fsdp", "ddp_spawn", "x", 3, {"class_path": "os.system"})),
        *(("accelerator", value) for value in ("hpu", "CPU", "x", 3, None)),
        *(("gradient_clip_val", value) for value in (-1, float("nan"), float("inf"), "x", True)),
        *(("limit_val_batches", value) for value in (0, 0.0, -1, 1.5)),
        *(("accumulate_grad_batches", value) for value in (0, -1, 1.5)),
        *(("enable_progress_bar", value) for value in (1, "no", None)),
    ],
)
def test_a_value_that_cannot_be_is_named(name: str, value: Any) -> None:
    assert f"trainer.{name}: must be" in mistake(**{name: value})


def test_an_unknown_option_is_named_with_the_nearest() -> None:
    assert "did you mean trainer.max_epochs" in mistake(max_epoch=3)
    assert "trainer.1: lightning.Trainer has no such option" in mistake(**{"1": 3})


@pytest.mark.parametrize("name", RESERVED)
def test_what_a_run_decides_is_not_set(name: str) -> None:
    assert f"trainer.{name} is decided by the run itself" in mistake(**{name: True})


def test_no_more_processes_than_processors_are_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    check_trainer_options({"accelerator": "cpu", "devices": 4})
    assert "this machine has 4 processors, not 999" in mistake(accelerator="cpu", devices=999)


def test_several_machines_need_a_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    assert "torchrun" in mistake(num_nodes=2)
    monkeypatch.setenv("MASTER_ADDR", "localhost")
    check_trainer_options({"num_nodes": 2})

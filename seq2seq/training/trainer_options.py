"""Check the options of lightning.Trainer in a recipe: their names, their types, and that their values make sense."""

import inspect
import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

import lightning

from seq2seq.errors import UserError
from seq2seq.files import shorten

# Options of lightning.Trainer that a recipe cannot set, because a run depends on them.
RESERVED = (
    *("logger", "callbacks", "default_root_dir", "use_distributed_sampler", "reload_dataloaders_every_n_epochs"),
    *("barebones", "enable_checkpointing", "fast_dev_run", "inference_mode", "plugins"),
)

ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps", "tpu")
# "16-true" and "bf16-true" are left out: searching and validating keep their scores in full precision.
PRECISIONS = ("16-mixed", "bf16-mixed", "32-true", "64-true", "16", "bf16", "32", "64")
# Others share the weights among the processes, or start processes that cannot find the run.
STRATEGIES = (
    *("auto", "single_device", "ddp", "ddp_fork", "ddp_find_unused_parameters_true"),
    *("ddp_find_unused_parameters_false", "ddp_static_graph"),
)
LAUNCHERS = ("MASTER_ADDR", "SLURM_", "OMPI_", "LSB_")  # torchrun's and clusters' variables in the environment
MOST = 10**12  # epochs, updates or batches


class Rule(NamedTuple):
    """What an option's value must be: a test, and its words."""

    is_valid: Callable[[Any], bool]
    words: str


def is_whole(value: object, low: int, high: int = MOST) -> bool:
    """Return whether a value is a whole number in a range; true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_number(value: object, low: float, high: float) -> bool:
    """Return whether a value is a number in a range; true and false, infinity and "not a number" are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def is_part(value: object) -> bool:
    """Return whether a value is a number of batches, or a fraction of an epoch."""
    return is_whole(value, 1) or (isinstance(value, float) and 0 < value <= 1)


def is_time(value: object) -> bool:
    """Return whether a value is a time: a text, which Lightning reads, or numbers of days, hours, minutes, seconds."""
    if isinstance(value, dict):
        units = ("days", "hours", "minutes", "seconds")
        return bool(value) and all(name in units and is_whole(number, 0, 10**6) for name, number in value.items())
    return isinstance(value, str)


def one_of(*words: str) -> Rule:
    """Return the rule for a choice between words."""
    return Rule(lambda value: str(value) in words and isinstance(value, str | int), f"one of {', '.join(words)}")


def is_devices(value: object) -> bool:
    """Return whether a value chooses devices: how many, or which."""
    if isinstance(value, list):
        return 0 < len(value) <= 1024 and all(is_whole(number, 0, 1023) for number in value)
    return isinstance(value, str) or value == -1 or is_whole(value, 1, 1024)


OPTIONAL_COUNT = Rule(lambda value: value is None or is_whole(value, 0), "a whole number")
LIMIT = Rule(lambda value: value is None or is_part(value), "a number of batches, or a fraction up to 1.0 of them")
SWITCH = Rule(lambda value: isinstance(value, bool), "true or false")
TIME = Rule(lambda value: value is None or is_time(value), 'a time such as "00:12:00:00"')

RULES = {
    "accelerator": one_of(*ACCELERATORS),
    "strategy": one_of(*STRATEGIES),
    "devices": Rule(is_devices, "auto, a number of devices, or a list of their numbers"),
    "num_nodes": Rule(lambda value: is_whole(value, 1, 10_000), "a number of machines"),
    "precision": one_of(*PRECISIONS),
    "max_epochs": Rule(lambda value: value is None or value == -1 or is_whole(value, 1), "at least 1, or -1: no limit"),
    "min_epochs": OPTIONAL_COUNT,
    "max_steps": Rule(lambda value: value == -1 or is_whole(value, 1), "at least 1, or -1: no limit"),
    "min_steps": OPTIONAL_COUNT,
    "max_time": TIME,
    "limit_train_batches": LIMIT,
    "limit_val_batches": LIMIT,
    "limit_test_batches": LIMIT,
    "limit_predict_batches": LIMIT,
    "overfit_batches": Rule(lambda value: value == 0 or is_part(value), "0, a number of batches, or a fraction"),
    "val_check_interval": Rule(lambda value: LIMIT.is_valid(value) or is_time(value), LIMIT.words),
    "check_val_every_n_epoch": Rule(
        lambda value: value is None or is_whole(value, 1), "a whole number from 1, or null"
    ),
    "num_sanity_val_steps": Rule(lambda value: value is None or is_whole(value, -1), "a whole number from -1"),
    "log_every_n_steps": OPTIONAL_COUNT,
    "enable_progress_bar": SWITCH,
    "enable_model_summary": SWITCH,
    "accumulate_grad_batches": Rule(lambda value: is_whole(value, 1), "a whole number from 1"),
    "gradient_clip_val": Rule(lambda value: value is None or is_number(value, 0, 1e9), "a number from 0, or null"),
    "gradient_clip_algorithm": Rule(lambda value: value in (None, "norm", "value"), "norm or value"),
    "deterministic": Rule(lambda value: value in (None, "warn") or isinstance(value, bool), "true, false or warn"),
    "benchmark": Rule(lambda value: value is None or isinstance(value, bool), "true or false"),
    "profiler": Rule(lambda value: value in (None, "simple", "advanced", "pytorch", "xla"), "simple or advanced"),
    "detect_anomaly": SWITCH,
    "sync_batchnorm": SWITCH,
    "enable_autolog_hparams": SWITCH,
    "model_registry": Rule(lambda value: value is None, "left out"),
}


def check_trainer_options(options: Mapping[str, Any]) -> None:
    """Check that lightning.Trainer has every option of a recipe's `trainer` section, and that its value is possible.

    Raises:
        UserError: it has no such option, a recipe may not set it, or its value is invalid.
    """
    known = inspect.signature(lightning.Trainer.__init__).parameters.keys() - {"self", *RESERVED}
    for name, value in options.items():
        if name in RESERVED:
            raise UserError(f"trainer.{name} is decided by the run itself; leave it out of the recipe")
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f"; did you mean trainer.{near[0]}?" if near else ""
            raise UserError(f"trainer.{name}: lightning.Trainer has no such option{hint}")
        rule = RULES.get(name)
        if rule is not None and not rule.is_valid(value):
            raise UserError(f"trainer.{name}: must be {rule.words}, not {shorten(value)}")
    check_processes(options)


def check_processes(options: Mapping[str, Any]) -> None:
    """Check that a training does not wait for other machines, and starts no more processes than it has processors for.

    Raises:
        UserError: it would.
    """
    if options.get("num_nodes", 1) > 1 and not any(name.startswith(LAUNCHERS) for name in os.environ):
        raise UserError("trainer.num_nodes: several machines need a launcher: torchrun or srun; see docs/devices.md")
    devices, processors = options.get("devices", 1), max(os.cpu_count() or 1, 2)
    if options.get("accelerator") == "cpu" and is_whole(devices, processors + 1):
        raise UserError(f"trainer.devices: this machine has {processors} processors, not {devices}")

"""Define what a fair comparison holds equal, and why, and check it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from seq2seq.errors import UserError
from seq2seq.provenance import Differences, Values, differences, flatten

if TYPE_CHECKING:
    from seq2seq.comparison.finished_runs import FinishedRun
    from seq2seq.provenance import Provenance
    from seq2seq.recipe import Recipe
    from seq2seq.run_metrics import EpochMetrics


class Scope(Enum):
    """The runs that must have the same value."""

    EVERY_RUN = "every variant and seed"
    EVERY_VARIANT = "every variant"
    SAME_SEED = "runs with the same seed"
    SAME_SEED_FIXED_LENGTH = "runs with the same seed, unless training.patience ends them"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Control:
    """One value that a comparison holds equal, or deliberately does not.

    Args:
        key: the value's name, as `--allow-difference` takes it. It stands for all keys below it, too.
        source: where the value comes from: the recipe, the run's provenance, its metrics, or the set of runs.
        scope: the runs that must have the same value.
        reason: why they must, or why not.
    """

    key: str
    source: Literal["recipe", "provenance", "metrics", "runs"]
    scope: Scope
    reason: str


CONTROLS = (
    Control("corpus", "recipe", Scope.EVERY_RUN, "Variants learn from the same pairs and are tested on the same ones."),
    Control("tokenizer", "recipe", Scope.EVERY_RUN, "The vocabulary's size and method change BLEU."),
    Control("training", "recipe", Scope.EVERY_RUN, "A better learning rate would look like a better model."),
    Control("search", "recipe", Scope.EVERY_RUN, "A larger beam would look like a better model."),
    Control(
        "evaluation", "recipe", Scope.EVERY_RUN, "Another tokenizer gives other BLEU; another score, other epochs."
    ),
    Control("trainer", "recipe", Scope.EVERY_RUN, "Epochs, precision and the choice of the best epoch change BLEU."),
    Control("data", "provenance", Scope.EVERY_RUN, "A corpus can change while its path stays: the text is compared."),
    Control("tokenizer", "provenance", Scope.EVERY_RUN, "The trained tokenizers must split text into the same tokens."),
    Control("earlier", "provenance", Scope.EVERY_RUN, "A resumed run may have been trained with other values before."),
    Control("versions", "provenance", Scope.EVERY_RUN, "Another version of the software can train differently."),
    Control("seeds", "runs", Scope.EVERY_VARIANT, "Each difference is taken between two runs with the same seed."),
    Control("batches", "provenance", Scope.SAME_SEED, "The same pairs come together, in the same order."),
    Control("epoch", "metrics", Scope.SAME_SEED_FIXED_LENGTH, "All variants see the data equally often."),
    Control("update", "metrics", Scope.SAME_SEED_FIXED_LENGTH, "All variants are updated equally often."),
    Control("model", "recipe", Scope.NOT_CHECKED, "This is what is compared."),
    Control("seed", "recipe", Scope.NOT_CHECKED, "Trainings are repeated with other seeds. See seeds."),
    Control("comparison", "recipe", Scope.NOT_CHECKED, "It only lists variants."),
    Control("parameters", "provenance", Scope.NOT_CHECKED, "They follow from the model. The report shows them."),
    Control("several_sentences", "provenance", Scope.NOT_CHECKED, "It follows from the data."),
    Control("hardware", "provenance", Scope.NOT_CHECKED, "It changes speeds more than scores. The report shows it."),
)


def control_keys(source: str, *scopes: Scope) -> list[str]:
    """Return the keys of the controls of a source that have one of the scopes."""
    return [control.key for control in CONTROLS if control.source == source and control.scope in scopes]


def checked_keys() -> list[str]:
    """Return every key that is checked, once, in the order of the table."""
    return list(dict.fromkeys(control.key for control in CONTROLS if control.scope is not Scope.NOT_CHECKED))


def recipe_values(recipe: "Recipe") -> dict[str, Any]:
    """Return what every recipe of a comparison must have in common. A section that CONTROLS lacks is included."""
    unchecked = control_keys("recipe", Scope.NOT_CHECKED)
    return flatten({name: value for name, value in recipe.to_dict().items() if name not in unchecked})


def model_values(recipe: "Recipe") -> dict[str, Any]:
    """Return the part of a recipe that variants may differ in."""
    return flatten({"model": recipe.to_dict()["model"]})


def provenance_values(provenance: "Provenance") -> dict[str, Any]:
    """Return what the provenances of all runs must have in common. A value that was not recorded is None."""
    recorded = provenance.to_dict()
    values = {key: recorded[key] or None for key in control_keys("provenance", Scope.EVERY_RUN)}
    if not provenance.earlier:  # the run was never resumed
        del values["earlier"]
    del values["versions"]
    return flatten(values) | software_values(provenance.versions)


def software_values(versions: Mapping[str, str]) -> dict[str, Any]:
    """Return the versions of the software by key. Earlier versions did not record the hash of our own source."""
    values = flatten({"versions": versions or None})
    return values if "versions.source" in values else {**values, "versions.source": None}


def same_seed_values(provenance: "Provenance", last_epoch: "EpochMetrics", patience: int) -> dict[str, Any]:
    """Return what runs with the same seed must have in common.

    Args:
        provenance: the run's provenance.
        last_epoch: the metrics of the run's last validation.
        patience: the recipe's patience. If it is not 0, the same rule ends each training, but not after the same number
            of updates.
    """
    values = {key: getattr(provenance, key) for key in control_keys("provenance", Scope.SAME_SEED)}
    if not patience:
        values |= {key: getattr(last_epoch, key) for key in control_keys("metrics", Scope.SAME_SEED_FIXED_LENGTH)}
    return values


def check_equal(sides: Mapping[str, Values], allowed: Sequence[str]) -> Differences:
    """Check that nothing differs except what is allowed.

    Args:
        sides: the values of each side by key.
        allowed: keys that may differ, each with all keys below it (`versions`).

    Returns:
        the differences, which are all allowed.

    Raises:
        UserError: another key differs; the message names the key, the values, and how to allow it.
    """
    different = differences(sides)
    for key, values in different.items():
        if not any(key == name or key.startswith(f"{name}.") for name in allowed):
            (first, value), *others = values.items()
            other = next(name for name, another in others if another != value)
            raise UserError(
                f"no fair comparison: {key} is not the same: {first} has {value!r}, {other} has {values[other]!r}; "
                f"make it the same, or let the report say that it is not: --allow-difference {key}"
            )
    return different


def check_runs(runs: Sequence["FinishedRun"], allowed: Sequence[str]) -> Differences:
    """Check that the trainings were fair: everything that CONTROLS lists.

    Returns:
        the differences, which are all allowed.

    Raises:
        UserError: see `check_equal`; a variant has a seed twice; or variants have different numbers of seeds.
    """
    counts = Counter((run.variant, run.seed) for run in runs)
    [((variant, seed), count), *_] = counts.most_common(1)
    if count > 1:
        raise UserError(f"{variant} with seed {seed} is there {count} times; give each run once")
    different = check_equal({str(run.folder): recipe_values(run.recipe) for run in runs}, allowed)
    different |= check_seeds(runs, allowed)
    different |= check_equal({str(run.folder): provenance_values(run.provenance) for run in runs}, allowed)
    patience = max(run.recipe.training.patience for run in runs)
    for seed in {run.seed for run in runs}:
        sides = {
            str(run.folder): same_seed_values(run.provenance, run.epochs[-1], patience)
            for run in runs
            if run.seed == seed
        }
        # One key may differ for several seeds: keep the values of all runs.
        for key, values in check_equal(sides, allowed).items():
            different[key] = {**different.get(key, {}), **values}
    return different


def check_seeds(runs: Sequence["FinishedRun"], allowed: Sequence[str]) -> Differences:
    """Check that all variants have the same seeds.

    Returns:
        the differences, which are all allowed.

    Raises:
        UserError: see `check_equal`; or variants have different numbers of seeds, which cannot be allowed.
    """
    seeds: dict[str, list[int]] = {}
    for run in runs:
        seeds[run.variant] = sorted([*seeds.get(run.variant, []), run.seed])
    different = check_equal({variant: {"seeds": values} for variant, values in seeds.items()}, allowed)
    if len(set(map(len, seeds.values()))) > 1:
        raise UserError(f"every variant needs as many seeds: {seeds}")
    return different


def unchecked_keys(runs: Sequence["FinishedRun"]) -> list[str]:
    """Return what `check_runs` could not check, in words. Streams have no fingerprints, for example."""
    values = [{"batches": run.provenance.batches, **provenance_values(run.provenance)} for run in runs]
    unchecked = [key for key in values[0] if any(side.get(key) is None for side in values)]
    if any(run.recipe.training.patience for run in runs):
        unchecked.append("updates of runs that training.patience may end early")
    if 1 in Counter(run.seed for run in runs).values():
        unchecked.append("batches and updates of a seed that only one run has")
    return unchecked

"""What a fair comparison holds equal: all but the models. A difference that nobody allowed is refused by its name."""

from collections.abc import Mapping, Sequence
from typing import Any

from seq2seq.errors import UserError

FREE = ("model", "seed", "comparison")  # of a recipe: what is compared, what is repeated, and their list
Values = Mapping[str, Any]  # by key: `training.batch_tokens`, `versions.torch`
Differences = dict[str, dict[str, Any]]  # by key, the value of each side


def flat(tree: Values, prefix: str = "") -> dict[str, Any]:
    """A tree of mappings as one, its keys joined by dots; an empty one has none."""
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def differences(sides: Mapping[str, Values]) -> Differences:
    """The keys whose values are not the same on all sides, in the order in which they come."""
    keys = dict.fromkeys(key for side in sides.values() for key in side)
    found = {key: {name: side.get(key) for name, side in sides.items()} for key in keys}
    return {
        key: values
        for key, values in found.items()
        if any(value != values[next(iter(sides))] for value in values.values())
    }


def check(sides: Mapping[str, Values], allowed: Sequence[str]) -> Differences:
    """See that nothing differs but what is allowed: a key by its name, or all below it (`versions`).

    Returns:
        the differences that there are, all of them allowed.

    Raises:
        UserError: another one; it names the key, the values, and the way to allow it.
    """
    found = differences(sides)
    for key, values in found.items():
        if not any(key == name or key.startswith(f"{name}.") for name in allowed):
            (first, value), *others = values.items()
            other = next(name for name, another in others if another != value)
            raise UserError(
                f"no fair comparison: {key} is not the same: {first} has {value!r}, {other} has {values[other]!r}; "
                f"make it so, or have the report say that it is not: --allow-difference {key}"
            )
    return found


def of_recipe(resolved: Values) -> dict[str, Any]:
    """What of a recipe has to be the same for every variant: corpus, tokenizer, training, search, trainer."""
    return flat({name: value for name, value in resolved.items() if name not in FREE})


def of_model(resolved: Values) -> dict[str, Any]:
    """What of a recipe may differ."""
    return flat({"model": resolved["model"]})


def of_training(scores: Values) -> dict[str, Any]:
    """What all trainings have to share, of a run's scores.json."""
    facts = {name: scores.get(name) for name in ("data", "tokenizer")} | {"earlier": scores.get("earlier", {})}
    return flat(facts) | of_software(scores)


def of_software(scores: Values) -> dict[str, Any]:
    """The versions of what a run was last trained by; the fingerprint of our own files is not in old ones."""
    found = flat({"versions": scores.get("versions")})
    return found if "versions.source" in found else {**found, "versions.source": None}


def of_seed(scores: Values, last: Values, patience: int) -> dict[str, Any]:
    """What the trainings with one seed have to share: which pairs came together follows from it, and so their number.

    Args:
        scores: the run's scores.json.
        last: the last row of its metrics.csv.
        patience: the recipe's; where it stops trainings early, the rule is the same, and the number of updates is not.
    """
    length = {} if patience else {name: last[name] for name in ("epoch", "update")}
    return {"batches": scores.get("batches"), **length}

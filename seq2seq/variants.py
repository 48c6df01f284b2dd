"""What is compared: variants of one recipe, each to be trained with every seed. Plans only: nothing is trained here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml

from seq2seq.errors import UserError
from seq2seq.model import Model, parameters
from seq2seq.recipe import Recipe, read

Keys = Mapping[str, Any]  # what a variant sets: {"model.encoder.layers": 2}

CONTEXT = "model.decoder.context"
BUILT_IN: dict[str, Keys] = {
    "bottleneck": {CONTEXT: "FixedContext"},
    "initial-state": {CONTEXT: "NoContext"},
    "attention": {CONTEXT: "AdditiveAttention"},
    "dot": {CONTEXT: "DotAttention"},
}
DEFAULT = ("bottleneck", "attention")

WIDENED = "model.decoder.hidden"
TOLERANCE = 0.02  # of the largest variant's parameters


class Job(NamedTuple):
    """One variant with one seed: a training."""

    variant: str
    seed: int
    folder: Path
    options: tuple[str, ...]  # of `seq2seq train`, beside the recipe's file and --run
    recipe: Recipe
    resolved: dict[str, Any]  # every key with its value, as YAML makes them
    widened: Keys  # what was set to match other variants' parameters


def plan(
    path: Path, names: Sequence[str], seeds: Sequence[int], overrides: Sequence[str], folder: Path, match: bool = False
) -> list[Job]:
    """The trainings of a comparison, one seed's after another's.

    Args:
        path: the recipe.
        names: of variants, the first being the one that the others are compared with; none for those of the recipe's
            `comparison`, or else for `DEFAULT`.
        seeds: none for the recipe's own.
        overrides: of the recipe, for all variants, as on the command line.
        folder: where the runs' folders will be.
        match: widen the decoders of smaller variants until all have as many parameters.

    Raises:
        UserError: a mistake in the recipe or its overrides; no such variant; fewer than two.
    """
    recipe, _ = read(Recipe, path, overrides)
    known = {**BUILT_IN, **recipe.comparison}
    for name in names:
        if name not in known:
            raise UserError(f"no variant {name!r}; there are {', '.join(known)}, and what a recipe's comparison: names")
    chosen = list(dict.fromkeys(names or recipe.comparison or DEFAULT))
    if len(chosen) < 2:
        raise UserError(f"{path}: a comparison takes two variants or more, not only {chosen[0]}")
    for key in {key for name in chosen for key in known[name]}:
        if any(word.split("=")[0] == f"--{key}" for word in overrides):
            raise UserError(f"--{key} is what the variants differ in; leave it out, or name a variant in comparison:")
    options = {name: (*overrides, *as_options(known[name])) for name in chosen}
    widths: dict[str, Keys] = {name: {} for name in chosen}
    if match:
        widths = matching({name: read(Recipe, path, given)[0] for name, given in options.items()})
    jobs = []
    for seed in dict.fromkeys(seeds or [recipe.seed]):
        for name in chosen:
            given = (*options[name], *as_options(widths[name]), "--seed", str(seed))
            seeded, resolved = read(Recipe, path, given)
            check_search(name, seeded)
            jobs.append(
                Job(name, seed, folder / f"{name}-{seed}", given, seeded, yaml.safe_load(resolved), widths[name])
            )
    return jobs


def check_search(name: str, recipe: Recipe) -> None:
    """Raises UserError: the model cannot be searched as the recipe says, or not twice with one result."""
    if recipe.search.sampling:
        raise UserError("search.sampling: translations drawn at random cannot be compared; set it to false")
    if recipe.search.coverage_penalty and not unbuilt(recipe).decoder.context.attends:
        raise UserError(f"search.coverage_penalty: {name} does not attend, so it has no coverage; set it to 0")


def widenings(jobs: Sequence[Job]) -> list[str]:
    """What was widened, in words."""
    widths = {job.variant: job.widened for job in jobs}
    return [
        f"So that {name} has as many parameters as the largest variant, within 2%, its {key} was set to {value}."
        for name, keys in widths.items()
        for key, value in keys.items()
    ]


def as_options(keys: Keys) -> tuple[str, ...]:
    """Keys and values as `seq2seq train` takes them."""
    values = (value if isinstance(value, str) else json.dumps(value) for value in keys.values())
    return tuple(part for key, value in zip(keys, values, strict=True) for part in (f"--{key}", value))


def matching(recipes: Mapping[str, Recipe]) -> dict[str, Keys]:
    """For each variant the decoder's width that gives it as many parameters as the largest has; nothing if it has them.

    Raises:
        UserError: no width comes within `TOLERANCE`.
    """
    counts = {name: count(recipe) for name, recipe in recipes.items()}
    largest = max(counts.values())
    found: dict[str, Keys] = {}
    for name, recipe in recipes.items():
        if counts[name] >= (1 - TOLERANCE) * largest:
            found[name] = {}
            continue
        low = recipe.model.decoder.hidden  # too narrow
        high = 2 * low
        while count(recipe, high) < largest:
            high *= 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if count(recipe, middle) < largest else (low, middle)
        best = min((low, high), key=lambda hidden: abs(count(recipe, hidden) - largest))
        if abs(count(recipe, best) - largest) > TOLERANCE * largest:
            raise UserError(f"{name}: no {WIDENED} gives it {largest:,} parameters; the nearest is {best}")
        found[name] = {WIDENED: best}
    return found


def count(recipe: Recipe, hidden: int | None = None) -> int:
    """The parameters of a recipe's model, with another width of the decoder perhaps."""
    if hidden is not None:
        decoder = replace(recipe.model.decoder, hidden=hidden)
        recipe = replace(recipe, model=replace(recipe.model, decoder=decoder))
    return parameters(unbuilt(recipe))


def unbuilt(recipe: Recipe) -> Model:
    """A recipe's model, in shape only: it takes no memory."""
    size = recipe.tokenizer.vocab_size
    with torch.device("meta"):
        return Model(recipe.model, size, size, recipe.tokenizer.joint)

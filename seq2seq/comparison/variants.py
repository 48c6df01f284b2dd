"""Plan a comparison: the variants of one recipe, each to be trained with every seed. Nothing is trained here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from seq2seq.comparison.built_in_variants import BUILT_IN, DEFAULT, Keys
from seq2seq.errors import UserError
from seq2seq.model.encoder_decoder import EncoderDecoder, count_parameters
from seq2seq.recipe import Recipe

WIDENED = "model.decoder.hidden"  # the key that is set to match the numbers of parameters
TOLERANCE = 0.02  # how far the numbers may differ, as a fraction of the largest variant's


class Job(NamedTuple):
    """The training of one variant with one seed."""

    variant: str
    seed: int
    folder: Path
    options: tuple[str, ...]  # of `seq2seq train`, beside the recipe's file and --run
    recipe: Recipe
    widened: Keys  # what was set to match the parameters of other variants


def plan(
    path: Path, names: Sequence[str], seeds: Sequence[int], overrides: Sequence[str], folder: Path, match: bool = False
) -> list[Job]:
    """Return the trainings of a comparison, one seed after the other.

    Args:
        path: the recipe's file.
        names: the variants; the others are compared with the first. By default, those of the recipe's `comparison`, or
            else `DEFAULT`.
        seeds: by default, the recipe's own.
        overrides: options of the recipe for all variants, as typed on the command line.
        folder: where the runs' folders will be.
        match: widen the decoders of smaller variants until all have the same number of parameters.

    Raises:
        UserError: the recipe or an override is invalid, a variant is unknown, or there are fewer than two variants.
    """
    recipe = Recipe.load(path, overrides)
    variants = choose_variants(path, recipe, names)
    check_overrides(variants, overrides)
    options = {name: (*overrides, *as_options(keys)) for name, keys in variants.items()}
    widened: dict[str, Keys] = {name: {} for name in variants}
    if match:
        widened = match_parameters({name: Recipe.load(path, given) for name, given in options.items()})
    jobs = []
    for seed in dict.fromkeys(seeds or [recipe.seed]):
        for name in variants:
            given = (*options[name], *as_options(widened[name]), "--seed", str(seed))
            seeded = Recipe.load(path, given)
            check_search(name, seeded)
            jobs.append(Job(name, seed, folder / f"{name}-{seed}", given, seeded, widened[name]))
    return jobs


def choose_variants(path: Path, recipe: Recipe, names: Sequence[str]) -> dict[str, Keys]:
    """Return the variants to compare, each with the keys that it sets. See `plan` for the arguments.

    Raises:
        UserError: a variant is unknown, or there are fewer than two.
    """
    built_in = {name: variant.keys for name, variant in BUILT_IN.items()}
    available = {**built_in, **recipe.comparison}
    for name in names:
        if name not in available:
            listed = ", ".join(available)
            raise UserError(f"no variant {name!r}; there are {listed}, and those that a recipe's comparison: names")
    chosen = list(dict.fromkeys(names or recipe.comparison or DEFAULT))
    if len(chosen) < 2:
        raise UserError(f"{path}: a comparison takes two variants or more, not only {chosen[0]}")
    return {name: available[name] for name in chosen}


def check_overrides(variants: Mapping[str, Keys], overrides: Sequence[str]) -> None:
    """Check that no override sets a key that the variants set.

    Raises:
        UserError: an override sets such a key.
    """
    for key in {key for keys in variants.values() for key in keys}:
        if any(argument.split("=")[0] == f"--{key}" for argument in overrides):
            raise UserError(f"--{key} is what the variants differ in; leave it out, or name a variant in comparison:")


def check_search(name: str, recipe: Recipe) -> None:
    """Check that a variant can be searched as the recipe says, and that a second search gives the same result.

    Raises:
        UserError: the search draws samples, or has a coverage penalty that the variant does not support.
    """
    if recipe.search.sampling:
        raise UserError("search.sampling: translations drawn at random cannot be compared; set it to false")
    if recipe.search.coverage_penalty and not build_without_memory(recipe).decoder.context.attends:
        raise UserError(f"search.coverage_penalty: {name} does not attend, so it has no coverage; set it to 0")


def widening_remarks(jobs: Sequence[Job]) -> list[str]:
    """Return a sentence about each variant that was widened."""
    widened = {job.variant: job.widened for job in jobs}
    return [
        f"So that {name} has as many parameters as the largest variant, within 2%, its {key} was set to {value}."
        for name, keys in widened.items()
        for key, value in keys.items()
    ]


def as_options(keys: Keys) -> tuple[str, ...]:
    """Return keys and values as options of `seq2seq train`."""
    values = (value if isinstance(value, str) else json.dumps(value, default=str) for value in keys.values())
    return tuple(part for key, value in zip(keys, values, strict=True) for part in (f"--{key}", value))


def match_parameters(recipes: Mapping[str, Recipe]) -> dict[str, Keys]:
    """Return, for each variant, the hidden size of the decoder that gives it as many parameters as the largest has.

    A variant that has as many already gets no keys.

    Raises:
        UserError: no hidden size comes within `TOLERANCE`, or a variant can have no other size.
    """
    counts = {name: count_recipe_parameters(recipe) for name, recipe in recipes.items()}
    largest = max(counts.values())
    widened: dict[str, Keys] = {}
    for name, recipe in recipes.items():
        widened[name] = {}
        if counts[name] < (1 - TOLERANCE) * largest:
            try:
                hidden = nearest_hidden_size(recipe, largest)
            except UserError as error:
                raise UserError(f"{name}: its {WIDENED} cannot be changed to match the others: {error}") from error
            if abs(count_recipe_parameters(recipe, hidden) - largest) > TOLERANCE * largest:
                raise UserError(f"{name}: no {WIDENED} gives it {largest:,} parameters; the nearest is {hidden}")
            widened[name] = {WIDENED: hidden}
    return widened


def nearest_hidden_size(recipe: Recipe, parameters: int) -> int:
    """Return the hidden size of the decoder that comes nearest to a number of parameters, by bisection.

    Raises:
        UserError: the variant's attention fits no other size.
    """
    low = recipe.model.decoder.hidden  # too small
    high = 2 * low
    while count_recipe_parameters(recipe, high) < parameters:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count_recipe_parameters(recipe, middle) < parameters else (low, middle)
    return min((low, high), key=lambda hidden: abs(count_recipe_parameters(recipe, hidden) - parameters))


def count_recipe_parameters(recipe: Recipe, hidden: int | None = None) -> int:
    """Return the number of parameters of a recipe's model.

    Args:
        recipe: describes the model.
        hidden: another hidden size of the decoder.
    """
    if hidden is not None:
        decoder = replace(recipe.model.decoder, hidden=hidden)
        recipe = replace(recipe, model=replace(recipe.model, decoder=decoder))
    return count_parameters(build_without_memory(recipe))


def build_without_memory(recipe: Recipe) -> EncoderDecoder:
    """Return a recipe's model on the meta device: it has shapes, but takes no memory."""
    size = recipe.tokenizer.vocab_size
    with torch.device("meta"):
        return recipe.build_model(size, size)

"""Seeds: everything random follows from the one seed of a recipe, or from a seed or generator that a caller hands in.

A training seeds torch with the recipe's seed before it builds the model (training/train.py), and again at the start of
each epoch (training/module.py); the order of the batches has generators of its own (text/batching.py). Sampled
translations come from the generator of `Translator.generator`.
"""

from seq2seq.errors import UserError

SEEDS = 2**63  # a seed must be smaller: torch's generators take no more


def check_seed(seed: int) -> None:
    """Check that a seed is in the range that torch's generators accept.

    Raises:
        UserError: it is not.
    """
    if not 0 <= seed < SEEDS:
        raise UserError(f"seed: must be from 0 to {SEEDS - 1}, not {seed}")


def mix_seeds(seed: int, *numbers: int) -> int:
    """Combine several numbers into one seed, such that neighbouring numbers give unrelated seeds."""
    for number in numbers:
        seed = (seed * 6364136223846793005 + number * 1442695040888963407 + 1) % SEEDS
    return seed

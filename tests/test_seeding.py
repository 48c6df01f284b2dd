"""Seeds that are mixed from neighbouring numbers have nothing in common."""

import pytest

from seq2seq.errors import UserError
from seq2seq.seeding import SEEDS, check_seed, mix_seeds


def test_mixed_seeds_differ() -> None:
    mixed = {mix_seeds(seed, epoch, rank) for seed in range(10) for epoch in range(10) for rank in range(10)}
    assert len(mixed) == 1000
    assert all(0 <= seed < 2**63 for seed in mixed)


@pytest.mark.parametrize("seed", [-1, SEEDS])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    check_seed(0)
    check_seed(SEEDS - 1)
    with pytest.raises(UserError, match="seed: must be from 0 to"):
        check_seed(seed)

"""The options of a search."""

from typing import Any

import pytest

from seq2seq.errors import OptionError
from seq2seq.search.options import SearchOptions


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("beam_size", 0),
        ("n_best", 0),
        ("n_best", 6),
        ("coverage_penalty", -0.1),
        ("max_length", 0),
        ("temperature", 0.0),
        ("temperature", float("nan")),
        ("top_k", -1),
        ("top_p", 0.0),
        ("top_p", 1.1),
    ],
)
def test_an_option_out_of_range_is_named(key: str, value: Any) -> None:
    with pytest.raises(OptionError, match=rf"^{key}: .*not {value}$") as error:
        SearchOptions(**{key: value})
    assert error.value.owner is SearchOptions

"""The options of a search."""

from dataclasses import Field, fields
from typing import Any

import pytest
from absurd import NUMBERS

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
        ("beam_size", 10_001),
        ("beam_size", 100_000),
        ("max_length", 10_001),
        ("top_k", 10**25),
        ("length_penalty", 101.0),
    ],
)
def test_an_option_out_of_range_is_named(key: str, value: Any) -> None:
    with pytest.raises(OptionError, match=rf"^{key}: .*not {value}$") as error:
        SearchOptions(**{key: value})
    assert error.value.owner is SearchOptions


@pytest.mark.parametrize("field", fields(SearchOptions), ids=lambda field: field.name)
@pytest.mark.parametrize("value", NUMBERS)
def test_a_number_that_nobody_means_is_named(field: Field[Any], value: Any) -> None:
    fits = isinstance(value, int) or field.type is float  # the recipe's reader refuses others
    if fits and field.type is not bool and not (field.name == "length_penalty" and value == -1):
        with pytest.raises(OptionError, match=rf"^{field.name}: must be "):
            SearchOptions(**{field.name: value})

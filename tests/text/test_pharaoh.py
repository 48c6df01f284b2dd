"""Word links survive Pharaoh's format, and other texts are rejected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.text.pharaoh import WordLinks, format_pharaoh, parse_pharaoh


def test_links_are_source_first_and_in_their_own_order() -> None:
    assert format_pharaoh([(1, 0), (0, 1), (2, 3)]) == "1-0 0-1 2-3"
    assert format_pharaoh([]) == ""


@quick
@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999))))
def test_formatting_and_parsing_give_the_same_links(links: WordLinks) -> None:
    assert parse_pharaoh(format_pharaoh(links)) == links


def test_white_space_around_links_does_not_matter() -> None:
    assert parse_pharaoh(" 0-0\t1-2\n") == [(0, 0), (1, 2)]
    assert parse_pharaoh("") == parse_pharaoh(" ") == []


@pytest.mark.parametrize("text", ["0", "0-0 1", "0-", "-1", "0-0-0", "a-b", "0 - 0", "1.5-2", "0-0,1-2"])
def test_a_text_in_another_format_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=f'"{text}" is not in Pharaoh\'s format'):
        parse_pharaoh(text)

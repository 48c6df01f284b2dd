"""A report writes numbers with signs, deviations, intervals and ranges."""

from seq2seq.comparison.formatting import format_difference, format_interval, format_p, format_range, format_spread
from seq2seq.comparison.results import Spread
from seq2seq.evaluation.significance import Interval


def test_a_difference_has_a_sign_and_zero_is_positive() -> None:
    assert [format_difference(value) for value in (1.254, -0.5, -0.001)] == ["+1.25", "−0.50", "+0.00"]


def test_only_several_seeds_have_a_deviation() -> None:
    assert format_spread(Spread([19.0, 21.0], 20.0, 1.4142)) == "20.00 ± 1.41"
    assert format_spread(Spread([20.0], 20.0, None), digits=1) == "20.0"


def test_an_interval_has_two_ends() -> None:
    assert format_interval(Interval(-1.0, 2.5)) == "−1.00 to +2.50"


def test_a_p_value_is_never_smaller_than_its_samples_allow() -> None:
    assert format_p(1 / 1001, 1000) == "≤ 0.001"
    assert format_p(2 / 1001, 1000) == "0.002"
    assert format_p(1 / 101, 100) == "≤ 0.010"
    assert format_p(1.0, 1000) == "1.000"


def test_equal_values_are_written_once() -> None:
    assert format_range([1200.0, 1200.0]) == "1,200"
    assert format_range([1500.0, 1200.0]) == "1,200–1,500"

"""Charts of a comparison are drawn in both formats for any number of variants, points and seeds."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_models import quick

from seq2seq.plotting.charts import SUFFIXES, bands, bars, lines

numbers = st.floats(0, 100)


@pytest.mark.parametrize("variants", [1, 2, 8])
@pytest.mark.parametrize("points", [1, 5])
@pytest.mark.parametrize("seeds", [1, 3])
def test_charts_of_every_size_are_drawn_in_every_format(variants: int, points: int, seeds: int, tmp_path: Path) -> None:
    series = {f"variant {name}": [[float(name + seed) for seed in range(seeds)]] * points for name in range(variants)}
    labels = [f"{point}–日本" for point in range(points)]
    lines(tmp_path / "a.b", series, dict.fromkeys(series, range(points)), ("below", "beside"), labels)
    bars(tmp_path / "c.d", series, labels, ("below", ""))
    for stem in ("a.b", "c.d"):
        for suffix in SUFFIXES:
            assert (tmp_path / f"{stem}{suffix}").stat().st_size > 1000


ODD_NAMES = ["$x^$", "$\\frac{", "_hidden", "a\x1b[31m\nb\x00", "\udc80\u202e", "name " * 300, "$", "", "عربي 日本"]


def test_names_are_drawn_as_text_whatever_they_hold(tmp_path: Path) -> None:
    series = {name: [[1.0]] * len(ODD_NAMES) for name in ODD_NAMES}
    lines(tmp_path / "lines", series, dict.fromkeys(series, range(len(ODD_NAMES))), ("x", "y"))
    bars(tmp_path / "bars", series, ODD_NAMES, ("x", "y"))
    for stem, copies in (("lines", 1), ("bars", 2)):
        text = (tmp_path / f"{stem}.svg").read_text(encoding="utf-8")
        for name in ("$x^$", "$\\frac{", "_hidden"):
            assert text.count(f"<!-- {name} -->") == copies  # the legend, and the axis of the bars


def test_many_phenomena_fit_into_a_figure(tmp_path: Path) -> None:
    names = [f"phenomenon {number}" for number in range(600)]
    bars(tmp_path / "bars", {"a": [[1.0]] * 600}, names, ("x", "y"))
    assert (tmp_path / "bars.png").exists()


def test_a_variant_may_have_fewer_points(tmp_path: Path) -> None:
    lines(tmp_path / "x", {"a": [[1.0]] * 3, "b": [[2.0]] * 2}, {"a": [1, 2, 3], "b": [2, 4]}, ("update", "BLEU"))
    assert (tmp_path / "x.svg").exists()


@quick
@given(st.lists(st.lists(numbers, min_size=1, max_size=4), min_size=1, max_size=4))
def test_bands_lie_around_their_means(points: list[list[float]]) -> None:
    for values, middle, low, high in zip(points, *bands(points), strict=True):
        assert low <= middle <= high
        assert middle == pytest.approx(sum(values) / len(values))
        assert len(values) > 1 or low == high
        assert high - middle == pytest.approx(middle - low)

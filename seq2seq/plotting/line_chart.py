"""Draw a line chart as a part of an HTML page, in milliseconds: matplotlib needs a second for the first one.

The colours of text and grid come from the page's own style, so that the chart suits light and dark pages and prints.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import NamedTuple

from seq2seq.plotting.canvas import INK, label
from seq2seq.plotting.charts import STYLES
from seq2seq.plotting.document import escape_html

Point = tuple[float, float]

WIDTH, HEIGHT = 340, 200  # in the SVG's own units; the page scales them
LEFT, RIGHT, TOP, BOTTOM = 44, 332, 8, 164  # the edges of the area that has the lines
DASHES = ("", "6 3", "2 3", "9 3 2 3", "12 4")  # besides the colours, for a grey print
MOST_DOTS = 40  # points of a line that are marked
MOST_TICKS = 6  # steps of an axis
LARGEST = 1e15  # larger values are not drawn

CHART_STYLE = """
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); gap: 0 1.5rem }
.charts figure { max-width: 28rem; break-inside: avoid }
.charts figcaption b { color: var(--ink); display: block }
.charts .key { white-space: nowrap; margin-right: .8em }
.charts .key svg { width: 2em; height: .7em; margin-right: .3em }
.charts svg { width: 100%; height: auto; overflow: visible }
.charts svg text { font-size: 11px; fill: var(--faint) }
.charts svg .grid { stroke: var(--line); fill: none }
.charts svg .line { fill: none; stroke-width: 2; stroke-linejoin: round }
.charts svg .dots { stroke-width: 5; stroke-linecap: round }
""".strip()


class Chart(NamedTuple):
    """A line chart.

    Args:
        title: stands above the chart.
        lines: the points (x, y) of each line, by its name. Values that are infinite or not a number are left out.
        axis: the label of the horizontal axis.
        bounds: values that the vertical axis covers in any case.
        logarithmic: the vertical axis shows powers of ten. Values that are not positive are left out.
    """

    title: str
    lines: Mapping[str, Sequence[Point]]
    axis: str
    bounds: Sequence[float] = ()
    logarithmic: bool = False


class Scale(NamedTuple):
    """One axis: where values stand, in the SVG's units, and which of them have a tick."""

    low: float
    high: float
    start: float  # where the lowest value stands
    end: float
    ticks: Sequence[float]

    def place(self, value: float) -> str:
        """Return where a value stands, to a tenth of a unit."""
        return f"{self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start):.1f}"


def draw_charts(charts: Sequence[Chart]) -> str:
    """Return charts as HTML, side by side where the page is wide enough. The page needs `CHART_STYLE`."""
    return f'<div class="charts">\n{"".join(map(draw_chart, charts))}</div>'


def draw_chart(chart: Chart) -> str:
    """Return one chart as a figure in HTML: its title, its legend, its drawing."""
    lines = {name: [*drawable(points, chart.logarithmic)] for name, points in chart.lines.items()}
    lines = {name: points for name, points in lines.items() if points}
    title = escape_html(chart.title)
    legend, drawing = "", ""
    for (name, points), style in zip(lines.items(), styles(), strict=False):
        legend += f'<span class="key"><svg viewBox="0 0 24 8"><path class="line" {style} d="M0 4H24"/></svg>'
        legend += f"{escape_html(label(name))}</span> "
        drawing += draw_line(points, style, *scales(lines, chart))
    body = draw_axes(*scales(lines, chart), chart) + drawing if lines else f'<text x="{LEFT}" y="90">no values</text>'
    return (
        f'<figure><figcaption><b>{title}</b>{legend}</figcaption>\n<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{title}">{body}</svg></figure>\n'
    )


def styles() -> Iterator[str]:
    """Yield the attributes of the first line, the second, and so on."""
    for (colour, _), dashes in zip(cycle(STYLES), cycle(DASHES), strict=False):
        stroke = "currentColor" if colour == INK else colour
        yield f'stroke="{stroke}" stroke-dasharray="{dashes}"' if dashes else f'stroke="{stroke}"'


def drawable(points: Sequence[Point], logarithmic: bool) -> Iterator[Point]:
    """Yield the points that can be drawn; on a logarithmic axis, with the logarithms of their values."""
    for x, y in points:
        if abs(x) < LARGEST and abs(y) < LARGEST and not (logarithmic and y <= 0):
            yield x, (math.log10(y) if logarithmic else y)


def scales(lines: Mapping[str, Sequence[Point]], chart: Chart) -> tuple[Scale, Scale]:
    """Return the horizontal and the vertical axis of lines that have at least one point."""
    xs, ys = ([point[side] for points in lines.values() for point in points] for side in (0, 1))
    low, high = min(xs), max(xs)
    if is_narrow(low, high):
        low, high = low - 1, high + 1
    ticks = round_numbers(low, high, MOST_TICKS)
    if len(whole := [tick for tick in ticks if tick == round(tick)]) > 1:  # there is no epoch 1.5
        ticks = whole
    horizontal = Scale(low, high, LEFT + 6, RIGHT - 6, ticks)
    low, high = min([*ys, *chart.bounds]), max([*ys, *chart.bounds])
    if chart.logarithmic or is_narrow(low, high):
        low, high = math.floor(low), max(math.ceil(high), math.floor(low) + 1)
    step = tick_step(low, high, MOST_TICKS)
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    ticks = round_numbers(low, high, MOST_TICKS)
    if chart.logarithmic:
        ticks = [tick for tick in ticks if tick == round(tick)]
    return horizontal, Scale(low, high, BOTTOM, TOP, ticks)


def is_narrow(low: float, high: float) -> bool:
    """Return whether the values between two numbers are too close to each other for ticks."""
    return high - low < 1e-9 * max(1.0, abs(low), abs(high))


def tick_step(low: float, high: float, most: int) -> float:
    """Return 1, 2 or 5 times a power of ten, so that an axis has at most so many steps."""
    size: float = 10.0 ** math.floor(math.log10((high - low) / most))
    return next(step for step in (size, 2 * size, 5 * size, 10 * size) if (high - low) / step <= most * (1 + 1e-9))


def round_numbers(low: float, high: float, most: int) -> list[float]:
    """Return the multiples of `tick_step` from the lowest to the highest value."""
    step = tick_step(low, high, most)
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return [number * step for number in range(first, last + 1)]


def draw_line(points: Sequence[Point], style: str, horizontal: Scale, vertical: Scale) -> str:
    """Return one line, with dots if there are few points."""
    places = [f"{horizontal.place(x)} {vertical.place(y)}" for x, y in points]
    dots = "".join(f"M{place}h0" for place in places) if len(places) <= MOST_DOTS else ""
    colour = style.split(" stroke-dasharray")[0]
    return f'<path class="line" {style} d="M{"L".join(places)}"/>' + f'<path class="dots" {colour} d="{dots}"/>' * (
        dots != ""
    )


def draw_axes(horizontal: Scale, vertical: Scale, chart: Chart) -> str:
    """Return the grid, the ticks' numbers and the horizontal axis's label."""
    grid = "".join(f"M{LEFT} {vertical.place(tick)}H{RIGHT}" for tick in vertical.ticks)
    parts = [f'<path class="grid" d="{grid}"/>']
    for tick in vertical.ticks:
        number, height = 10**tick if chart.logarithmic else tick, float(vertical.place(tick)) + 4
        parts.append(f'<text x="{LEFT - 5}" y="{height:.1f}" text-anchor="end">{format_tick(number)}</text>')
    for tick in horizontal.ticks:
        place = horizontal.place(tick)
        parts.append(f'<text x="{place}" y="{BOTTOM + 15}" text-anchor="middle">{format_tick(tick)}</text>')
    middle = (LEFT + RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{BOTTOM + 31}" text-anchor="middle">{escape_html(label(chart.axis))}</text>')
    return "".join(parts)


def format_tick(number: float) -> str:
    """Return a tick's number without the noise of its last digits, and with a minus sign instead of a hyphen."""
    return f"{number:.10g}".replace("-", "−")

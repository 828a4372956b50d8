"""Charts as SVG, drawn on the server: no script, no foreign code, the same on paper. Pure.

Every chart is a picture beside a table that says the same; screen readers are told the title and
are left to the table. Colours are attributes, because the pages allow no inline style.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians, sqrt

from markupsafe import Markup, escape

LEAF, AMBER, BLUE, GROUND, INK, MUTED = (
    "#0f6148",
    "#b26a00",
    "#1456c4",
    "#e4ebe6",
    "#16201b",
    "#4f5c55",
)
_STEPS = ("#ffffff", "#d8ebe0", "#a5d0b8", "#5fa582", "#0f6148")
"""From none to most; the last two take white letters."""
FEW = "<5"
_FONT = 'font-family="system-ui, Segoe UI, Roboto, Noto Sans, Liberation Sans, Arial, sans-serif"'


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart."""

    name: str
    values: tuple[int | None, ...]
    """None: too few to be told; the line has a gap there."""


def bars(title: str, values: Sequence[tuple[str, int | None]], unit: str = "") -> Markup:
    """Horizontal bars, one below the other; narrow, so that a phone shows them whole."""
    most = max((count or 0 for _, count in values), default=0) or 1
    row, left, width = 28, 186, 440
    parts = []
    for place, (name, count) in enumerate(values):
        top = place * row
        long = 0 if count is None else round((width - left - 52) * count / most, 1)
        parts.append(
            f'<text x="{left - 8}" y="{top + 19}" text-anchor="end" fill="{INK}">'
            f"{escape(_short(name, 24))}</text>"
            f'<rect x="{left}" y="{top + 5}" width="{long}" height="20" rx="3" fill="{LEAF}"/>'
            f'<text x="{left + long + 6}" y="{top + 19}" fill="{INK}" font-weight="600">'
            f"{number(count)}{'' if count is None else escape(unit)}</text>"
        )
    return _svg("bars", title, width, max(len(values), 1) * row, "".join(parts))


def lines(title: str, names: Sequence[str], series: Sequence[Series]) -> Markup:
    """Lines over time; `names` are the points of the axis."""
    width, height, left, top, bottom = 480, 240, 40, 34, 34
    most = _round_up(max((v or 0 for one in series for v in one.values), default=0))
    step = (width - left - 16) / max(len(names) - 1, 1)

    def x(place: int) -> float:
        return round(left + place * step, 1)

    def y(value: int) -> float:
        return round(height - bottom - (height - top - bottom) * value / most, 1)

    parts = [
        f'<line x1="{left}" x2="{width - 16}" y1="{y(mark)}" y2="{y(mark)}" stroke="{GROUND}"/>'
        f'<text x="{left - 6}" y="{y(mark) + 4}" text-anchor="end" fill="{MUTED}">{mark}</text>'
        for mark in (0, most // 2, most)
    ]
    every = max(1, -(-len(names) // 6))
    for place in range(0, len(names), every):
        anchor = "end" if place and place == len(names) - 1 else "middle" if place else "start"
        parts.append(
            f'<text x="{x(place)}" y="{height - 10}" text-anchor="{anchor}" fill="{MUTED}">'
            f"{escape(names[place])}</text>"
        )
    at = left
    for one, colour, dashes in zip(series, (LEAF, BLUE, AMBER), ("", "7 4", "2 4"), strict=False):
        parts.append(_line(one, colour, dashes, x, y))
        parts.append(
            f'<line x1="{at}" x2="{at + 28}" y1="14" y2="14" stroke="{colour}" stroke-width="3"'
            f' stroke-dasharray="{dashes}"/>'
            f'<text x="{at + 34}" y="19" fill="{INK}">{escape(one.name)}</text>'
        )
        at += 52 + 8 * len(one.name)
    return _svg("lines", title, width, height, "".join(parts))


def _line(
    one: Series, colour: str, dashes: str, x: Callable[[int], float], y: Callable[[int], float]
) -> str:
    """A line with a gap where nothing may be told; a lone point is a dot."""
    parts: list[str] = []
    run: list[str] = []
    for place, value in enumerate((*one.values, None)):
        if value is not None:
            run.append(f"{x(place)},{y(value)}")
            parts.append(f'<circle cx="{x(place)}" cy="{y(value)}" r="2.6" fill="{colour}"/>')
        elif run:
            parts.append(
                f'<polyline points="{" ".join(run)}" fill="none" stroke="{colour}"'
                f' stroke-width="2.4" stroke-dasharray="{dashes}" stroke-linejoin="round"/>'
            )
            run = []
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of the map, in degrees."""

    key: str
    name: str
    lat: float
    lon: float


def tiles(title: str, spots: Sequence[Spot], counts: Mapping[str, int | None]) -> Markup:
    """A map of equal hexagons, each near where its place lies; darker is more.

    Outlines of communes are not to be had; and in true shapes the large empty ones would shout.
    """
    size = 39.0
    wide, high = sqrt(3) * size, 1.5 * size
    most = max((count or 0 for count in counts.values()), default=0)
    placed = laid_out(tuple(spots))
    parts = []
    for spot in spots:
        column, row = placed[spot.key]
        x = round(wide * (column + 0.5 + (row % 2) / 2) + 1, 1)
        y = round(high * row + size + 1, 1)
        count = counts.get(spot.key, 0)
        shade = shade_of(count, most)
        ink = "#ffffff" if shade >= 3 else INK
        corners = " ".join(
            f"{round(x + size * cos(radians(a - 90)), 1)},{round(y - size * cos(radians(a)), 1)}"
            for a in range(0, 360, 60)
        )
        parts.append(f'<polygon points="{corners}" fill="{_STEPS[shade]}" stroke="#8fa398"/>')
        first, second = _two_lines(spot.name)
        name_at = y - 13 if second else y - 7
        parts.append(f'<text x="{x}" y="{name_at}" text-anchor="middle" fill="{ink}">')
        parts.append(f'<tspan x="{x}" font-size="11.5">{escape(first)}</tspan>')
        if second:
            parts.append(f'<tspan x="{x}" dy="12.5" font-size="11.5">{escape(second)}</tspan>')
        parts.append(
            f'<tspan x="{x}" dy="17" font-size="15" font-weight="700">{number(count)}</tspan>'
            "</text>"
        )
    columns = max((column + (row % 2) / 2 for column, row in placed.values()), default=0) + 1
    rows = max((row for _, row in placed.values()), default=0)
    return _svg(
        "map", title, round(wide * columns + 2), round(high * rows + 2 * size + 2), "".join(parts)
    )


@lru_cache(maxsize=8)
def laid_out(spots: tuple[Spot, ...]) -> Mapping[str, tuple[int, int]]:
    """A free hexagon (column, row) for each place, as near as may be to where it lies.

    Those in the middle choose first: there it is crowded, and who comes last is pushed outwards.
    """
    if not spots:
        return {}
    middle = cos(radians(sum(spot.lat for spot in spots) / len(spots)))
    xs = [spot.lon * middle for spot in spots]
    ys = [-spot.lat for spot in spots]
    span_x, span_y = max(xs) - min(xs) or 1.0, max(ys) - min(ys) or 1.0
    # A cell for each place and a third more, in the shape of the land
    pitch = sqrt(span_x * span_y / (1.35 * len(spots)))
    points = {
        spot.key: ((x - min(xs)) / pitch, (y - min(ys)) / pitch / (sqrt(3) / 2))
        for spot, x, y in zip(spots, xs, ys, strict=True)
    }
    columns, rows = int(span_x / pitch) + 3, int(span_y / pitch / (sqrt(3) / 2)) + 3
    free = {(column, row) for column in range(columns) for row in range(rows)}
    centre = (sum(p[0] for p in points.values()), sum(p[1] for p in points.values()))
    heart = (centre[0] / len(points), centre[1] / len(points))

    def away(cell: tuple[float, float], point: tuple[float, float]) -> float:
        return (cell[0] - point[0]) ** 2 + 0.75 * (cell[1] - point[1]) ** 2

    placed: dict[str, tuple[int, int]] = {}
    for key in sorted(points, key=lambda key: (away(points[key], heart), key)):
        point = points[key]
        cell = min(free, key=lambda one: (away((one[0] + (one[1] % 2) / 2, one[1]), point), one))
        free.remove(cell)
        placed[key] = cell
    left = min(column for column, _ in placed.values())
    # Rows are moved by pairs: every other one stands half a cell to the right
    up = min(row for _, row in placed.values()) // 2 * 2
    return {key: (column - left, row - up) for key, (column, row) in placed.items()}


def shade_of(count: int | None, most: int) -> int:
    """The colour of a place, 0 to 4: none, and four equal steps up to the most there is."""
    if count is None:
        return 1
    if not count:
        return 0
    return min(4, 1 + 4 * count // (most + 1)) if most else 0


def number(count: int | None) -> Markup:
    """A number as it is shown, safe in a page."""
    return escape(FEW if count is None else count)


def _two_lines(name: str) -> tuple[str, str]:
    """A name of three syllables or more is cut where both lines are about as long."""
    words = name.split()
    if len(name) <= 8 or len(words) < 2:
        return name, ""
    cuts = range(1, len(words))
    cut = min(cuts, key=lambda at: max(len(" ".join(words[:at])), len(" ".join(words[at:]))))
    return " ".join(words[:cut]), " ".join(words[cut:])


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def _round_up(most: int) -> int:
    """A number that an axis may end with: even, and not crooked."""
    for step in (4, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000):
        if most <= step:
            return step
    return -(-most // 5000) * 5000


def _svg(kind: str, title: str, width: float, height: float, body: str) -> Markup:
    return Markup(  # noqa: S704 - every name in the body is escaped  # nosec B704
        f'<svg viewBox="0 0 {width} {height}" role="img"'
        f' width="{width}" height="{height}" font-size="14" {_FONT} class="chart {kind}"'
        f' aria-label="{escape(title)}">{body}</svg>'
    )

"""Plain SVG pictures: each answers one question, written above it. Colour comes from the style sheet, by class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape

from andon.plant.time import zone as iana_zone

Values = Sequence[float | None]


def scale(low: float, high: float, start: float, end: float, value: float) -> float:
    """Where `value` of low..high falls in start..end."""
    return start + (end - start) * ((value - low) / (high - low) if high > low else 0.5)


def bounds(*columns: Values) -> tuple[float, float]:
    """Smallest and largest of all values with 5 % of air; 0..1 where there are none."""
    found = [v for column in columns for v in column if v is not None and math.isfinite(v)]
    if not found:
        return 0.0, 1.0
    low, high = min(found), max(found)
    air = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return low - air, high + air


def nice_ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round values inside low..high, about `wanted` of them (1-2-5 steps)."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    raw = span / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw)
    first = math.ceil(low / step)
    return [round(k * step, 12) for k in range(first, math.floor(high / step) + 1)]


def time_ticks(low_ms: int, high_ms: int, zone: str, wanted: int = 6) -> list[tuple[int, str]]:
    """Round local times inside the span with their labels."""
    where = iana_zone(zone)
    span_s = max((high_ms - low_ms) / 1000, 1)
    steps = (
        60,
        300,
        600,
        1800,
        3600,
        2 * 3600,
        6 * 3600,
        12 * 3600,
        86400,
        2 * 86400,
        7 * 86400,
        14 * 86400,
        30 * 86400,
        90 * 86400,
        365 * 86400,
    )
    step = next((s for s in steps if span_s / s <= wanted), steps[-1])
    first = datetime.fromtimestamp(low_ms / 1000, tz=UTC).astimezone(where)
    day = first.replace(hour=0, minute=0, second=0, microsecond=0)
    ticks = []
    at = day
    for _ in range(4000):
        ms = int(at.timestamp() * 1000)
        if ms > high_ms:
            break
        if ms >= low_ms:
            text = at.strftime("%H:%M") if step < 86400 and at.hour + at.minute else at.strftime("%d %b")
            ticks.append((ms, text))
        at = (at + timedelta(seconds=step)) if step < 86400 else (at + timedelta(days=step // 86400))
    return ticks


def path(points: Sequence[tuple[float, float] | None]) -> str:
    """An SVG path with breaks where a point is missing."""
    out: list[str] = []
    pen = "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        out.append(f"{pen}{point[0]:.1f},{point[1]:.1f}")
        pen = "L"
    return "".join(out)


def band(x: Sequence[float], low: Sequence[float | None], high: Sequence[float | None]) -> str:
    """Closed paths between two columns (already in pixels), broken where either is missing."""
    out: list[str] = []
    run: list[int] = []
    for index in range(len(x) + 1):
        whole = index < len(x) and low[index] is not None and high[index] is not None
        if whole:
            run.append(index)
        elif run:
            forth = "L".join(f"{x[i]:.1f},{high[i]:.1f}" for i in run)
            back = "L".join(f"{x[i]:.1f},{low[i]:.1f}" for i in reversed(run))
            out.append(f"M{forth}L{back}Z")
            run = []
    return "".join(out)


def number(value: float | None, digits: int = 3) -> str:
    """A figure for people: three significant digits, a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if -4 <= size < 6:
        text = f"{value:.{max(digits - 1 - size, 0)}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.{digits - 1}e}"


class Chart:
    """A picture with axes: add parts, then `render`. Width scales with the page, text does not shrink below 11 px."""

    def __init__(self, width: int, height: int, x: tuple[float, float], y: tuple[float, float], *, title: str, left: int = 56, bottom: int = 22,
                 top: int = 8, right: int = 8) -> None:  # fmt: skip
        self.width, self.height, self.title = width, height, title
        self.x0, self.x1, self.y0, self.y1 = left, width - right, height - bottom, top
        self.xr, self.yr = x, y
        self.parts: list[str] = []

    def px(self, value: float) -> float:
        """Horizontal pixel of a value."""
        return scale(self.xr[0], self.xr[1], self.x0, self.x1, value)

    def py(self, value: float) -> float:
        """Vertical pixel of a value, kept inside the picture."""
        return min(max(scale(self.yr[0], self.yr[1], self.y0, self.y1, value), self.y1 - 4), self.y0 + 4)

    def add(self, markup: str) -> None:
        """Add raw SVG."""
        self.parts.append(markup)

    def y_axis(self, labels: Sequence[tuple[float, str]] | None = None) -> None:
        """Horizontal grid lines with their values."""
        for value, text in labels if labels is not None else [(v, number(v)) for v in nice_ticks(*self.yr)]:
            y = self.py(value)
            self.add(
                f'<path class="grid" d="M{self.x0},{y:.1f}H{self.x1}"/><text class="tick" x="{self.x0 - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>'
            )

    def x_axis(self, labels: Sequence[tuple[float, str]]) -> None:
        """Labels along the bottom."""
        self.add(f'<path class="axis" d="M{self.x0},{self.y0}H{self.x1}"/>')
        for value, text in labels:
            x = self.px(value)
            anchor = "start" if x < self.x0 + 20 else "end" if x > self.x1 - 24 else "middle"
            self.add(
                f'<path class="axis" d="M{x:.1f},{self.y0}v4"/><text class="tick" x="{x:.1f}" y="{self.y0 + 17}" text-anchor="{anchor}">{escape(text)}</text>'
            )

    def line(self, xs: Sequence[float], ys: Values, kind: str) -> None:
        """A line, broken where a value is missing."""
        points = [None if y is None or not math.isfinite(y) else (self.px(x), self.py(y)) for x, y in zip(xs, ys, strict=True)]
        self.add(f'<path class="line {kind}" d="{path(points)}"/>')

    def area(self, xs: Sequence[float], low: Values, high: Values, kind: str) -> None:
        """A filled band."""
        lows = [None if v is None or not math.isfinite(v) else self.py(v) for v in low]
        highs = [None if v is None or not math.isfinite(v) else self.py(v) for v in high]
        self.add(f'<path class="{kind}" d="{band([self.px(x) for x in xs], lows, highs)}"/>')

    def span(self, low: float, high: float, kind: str, title: str = "") -> None:
        """A vertical strip from low to high, at least two pixels wide."""
        a = max(self.px(low), self.x0)
        b = min(max(self.px(high), a + 2), self.x1)
        if b > a:
            tip = f"<title>{escape(title)}</title>" if title else ""
            self.add(f'<rect class="{kind}" x="{a:.1f}" y="{self.y1}" width="{b - a:.1f}" height="{self.y0 - self.y1}">{tip}</rect>')

    def mark(self, x: float, y: float, kind: str, radius: float = 3) -> None:
        """A dot."""
        self.add(f'<circle class="{kind}" cx="{self.px(x):.1f}" cy="{self.py(y):.1f}" r="{radius}"/>')

    def upright(self, x: float, kind: str, text: str = "") -> None:
        """A vertical line with a label at its head."""
        at = self.px(x)
        self.add(f'<path class="{kind}" d="M{at:.1f},{self.y1}V{self.y0}"/>')
        if text:
            anchor = "end" if at > self.x1 - 70 else "start"
            self.add(
                f'<text class="tick" x="{at + (-4 if anchor == "end" else 4):.1f}" y="{self.y1 + 10}" text-anchor="{anchor}">{escape(text)}</text>'
            )

    def render(self) -> str:
        """The SVG element."""
        return (
            f'<svg class="chart" viewBox="0 0 {self.width} {self.height}" role="img" aria-label="{escape(self.title, quote=True)}" '
            f'preserveAspectRatio="xMidYMid meet">{"".join(self.parts)}</svg>'
        )

"""Plain pictures: SVG for lines and areas, stretched to any width, with texts and marks of the page's own size above it.

A text inside a scaled SVG shrinks with it; here only the drawing stretches, and every text keeps its size on a phone and on paper.
Colour comes from the style sheet, by class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape

from andon.plant.messages import say
from andon.plant.time import zone as iana_zone

Values = Sequence[float | None]
DAY_S = 86_400
STEPS_S = (60, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, *(days * DAY_S for days in (1, 2, 7, 14, 30, 90, 365)))
WIDTH = 1000.0
EDGE = 0.06


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
    """Round values inside low..high, about `wanted` of them (1-2-5 steps), at least two where the range has any width."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    raw = span / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    ticks: list[float] = []
    for step in (m * power for m in (10, 5, 2, 1, 0.5, 0.2)):
        if step < raw and len(ticks) >= 2:
            break
        ticks = [round(k * step, 12 - math.floor(math.log10(power))) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return ticks


def time_ticks(low_ms: int, high_ms: int, zone: str, wanted: int = 6, language: str = "en") -> list[tuple[int, str]]:
    """Round local times inside the span with their labels: the day at midnight, else the time of day."""
    where = iana_zone(zone)
    span_s = max((high_ms - low_ms) / 1000, 1)
    step = next((s for s in STEPS_S if span_s / s <= wanted), STEPS_S[-1])
    first = datetime.fromtimestamp(low_ms / 1000, tz=UTC).astimezone(where)
    at = first.replace(hour=0, minute=0, second=0, microsecond=0)
    ticks = []
    for _ in range(4000):
        ms = int(at.timestamp() * 1000)
        if ms > high_ms:
            break
        if ms >= low_ms:
            hour = step < DAY_S and at.hour + at.minute
            ticks.append((ms, f"{at:%H:%M}" if hour else day(at, language)))
        at = (at + timedelta(seconds=step)) if step < DAY_S else (at + timedelta(days=step // DAY_S))
    return ticks


def day(at: datetime, language: str) -> str:
    """A day without its year, as people write it: "9 Feb", "2月9日"."""
    return say("reporting.day", language, day=at.day, month=say(f"reporting.month.{at.month}", language))


def path(points: Sequence[tuple[float, float] | None]) -> str:
    """An SVG path with breaks where a point is missing."""
    out: list[str] = []
    pen = "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        out.append(f"{pen}{_short(point[0])},{_short(point[1])}")
        pen = "L"
    return "".join(out)


def band(x: Sequence[float], low: Values, high: Values) -> str:
    """Closed paths between two columns (already in pixels), broken where either is missing."""
    out: list[str] = []
    run: list[int] = []
    for index in range(len(x) + 1):
        whole = index < len(x) and low[index] is not None and high[index] is not None
        if whole:
            run.append(index)
        elif run:
            forth = "L".join(f"{_short(x[i])},{_short(high[i] or 0.0)}" for i in run)
            back = "L".join(f"{_short(x[i])},{_short(low[i] or 0.0)}" for i in reversed(run))
            out.append(f"M{forth}L{back}Z")
            run = []
    return "".join(out)


def _short(value: float) -> str:
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


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


def alike(values: Sequence[float | None], width: float) -> list[str]:
    """Figures that stand side by side, with as many decimals as a range of this width needs."""
    places = 1 - math.floor(math.log10(width)) if width > 0 and math.isfinite(width) else 2
    if not -4 <= places <= 6:
        return [number(value) for value in values]
    return [
        number(value) if value is None or not math.isfinite(value) else f"{round(value, places) + 0.0:.{max(places, 0)}f}"
        for value in values
    ]


class Chart:
    """A picture with axes: add parts, then `render`.

    Parameters
    ----------
    height : of the plot in pixels of the page; its width is the page's
    x, y : the ranges shown
    title : the question that the picture answers, for those who cannot see it
    """

    def __init__(self, height: int, x: tuple[float, float], y: tuple[float, float], *, title: str, kind: str = "") -> None:
        self.height, self.title, self.kind = height, title, kind
        self.xr, self.yr = x, y
        self.under: list[str] = []
        self.drawn: list[str] = []
        self.texts: list[str] = []

    def px(self, value: float) -> float:
        """Horizontal place of a value, 0..1000."""
        return scale(self.xr[0], self.xr[1], 0.0, WIDTH, value)

    def py(self, value: float) -> float:
        """Vertical pixel of a value, kept inside the picture."""
        return min(max(scale(self.yr[0], self.yr[1], self.height, 0.0, value), 0.5), self.height - 0.5)

    def y_axis(self, labels: Sequence[tuple[float, str]] | None = None) -> None:
        """Horizontal grid lines with their values."""
        for value, text in labels if labels is not None else [(v, number(v, 4)) for v in nice_ticks(*self.yr)]:
            y = self.py(value)
            self.drawn.append(f'<path class="grid" d="M0,{_short(y)}H1000"/>')
            self.texts.append(f'<span class="y" style="top:{_short(y)}px">{escape(text)}</span>')

    def x_axis(self, labels: Sequence[tuple[float, str]]) -> None:
        """Labels along the bottom; a narrow page shows every second."""
        self.drawn.append(f'<path class="axis" d="M0,{self.height - 0.5}H1000"/>')
        for index, (value, text) in enumerate(labels):
            x = self.px(value)
            self.drawn.append(f'<path class="axis" d="M{_short(x)},{self.height}v-5"/>')
            self.texts.append(f'<span class="x{" minor" if index % 2 else ""}{_side(x)}" style="left:{x / 10:.2f}%">{escape(text)}</span>')

    def line(self, xs: Sequence[float], ys: Values, kind: str) -> None:
        """A line, broken where a value is missing."""
        points = [None if y is None or not math.isfinite(y) else (self.px(x), self.py(y)) for x, y in zip(xs, ys, strict=True)]
        self.drawn.append(f'<path class="line {kind}" d="{path(points)}"/>')

    def area(self, xs: Sequence[float], low: Values, high: Values, kind: str) -> None:
        """A filled band."""
        lows = [None if v is None or not math.isfinite(v) else self.py(v) for v in low]
        highs = [None if v is None or not math.isfinite(v) else self.py(v) for v in high]
        self.drawn.append(f'<path class="{kind}" d="{band([self.px(x) for x in xs], lows, highs)}"/>')

    def span(self, low: float, high: float, kind: str, title: str = "") -> None:
        """A vertical strip from low to high, at least two pixels wide, under everything that is drawn."""
        a, b = max(self.px(low), 0.0), min(self.px(high), WIDTH)
        if b >= a:
            tip = f' title="{escape(title, quote=True)}"' if title else ""
            self.under.append(f'<i class="{kind}" style="left:{a / 10:.2f}%;width:max(2px,{(b - a) / 10:.2f}%)"{tip}></i>')

    def marks(self, xs: Sequence[float], ys: Sequence[float], kind: str) -> None:
        """Dots, round at any width."""
        where = "".join(f"M{_short(self.px(x))},{_short(self.py(y))}h0" for x, y in zip(xs, ys, strict=True))
        if where:
            self.drawn.append(f'<path class="{kind}" d="{where}"/>')

    def whiskers(self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], kind: str) -> None:
        """Vertical strokes from low to high."""
        rows = zip(xs, low, high, strict=True)
        where = "".join(f"M{_short(self.px(x))},{_short(self.py(a))}V{_short(self.py(b))}" for x, a, b in rows)
        if where:
            self.drawn.append(f'<path class="{kind}" d="{where}"/>')

    def level(self, y: float, kind: str) -> None:
        """A horizontal line."""
        self.drawn.append(f'<path class="{kind}" d="M0,{_short(self.py(y))}H1000"/>')

    def upright(self, x: float, kind: str, text: str = "") -> None:
        """A vertical line with a label at its head."""
        at = self.px(x)
        self.drawn.append(f'<path class="{kind}" d="M{_short(at)},0V{self.height}"/>')
        if text:
            side = "right" if at > WIDTH * 0.7 else "left"
            self.texts.append(f'<span class="head {side}" style="left:{at / 10:.2f}%">{escape(text)}</span>')

    def render(self) -> str:
        """The picture as markup."""
        return (
            f'<div class="chart {self.kind}" role="img" aria-label="{escape(self.title, quote=True)}"><div class="plot" style="height:{self.height}px">'
            f'{"".join(self.under)}<svg viewBox="0 0 1000 {self.height}" preserveAspectRatio="none" aria-hidden="true">{"".join(self.drawn)}</svg>'
            f"{''.join(self.texts)}</div></div>"
        )


def _side(x: float) -> str:
    return " first" if x < WIDTH * EDGE else " last" if x > WIDTH * (1 - EDGE) else ""

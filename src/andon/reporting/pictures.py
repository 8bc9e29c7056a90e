"""The pictures of the report, each made from one part of `ReportData`."""

from __future__ import annotations

import math

from andon.plant.messages import say
from andon.plant.time import format_duration
from andon.reporting.data import CurvePoint, EventCard, EventTag, Lane, QualityPanel
from andon.reporting.svg import Chart, bounds, nice_ticks, number, time_ticks

HATCH = (
    '<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs><pattern id="hatch" width="6" height="6" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0,0V6" stroke="var(--line-strong)" stroke-width="2"/></pattern></defs></svg>'
)
EVIDENCE_TOP = 5.0


def timeline(
    lane: Lane, events: tuple[EventCard, ...], labels: tuple[tuple[int, int, str], ...], zone: str, language: str, title: str
) -> str:
    """Evidence as a multiple of the threshold over the whole recording, with events, labels and unjudged time."""
    if not lane.time:
        return ""
    first, last = lane.time[0], max(lane.time[-1], lane.time[0] + 1)
    seen = [v for v in lane.evidence if v is not None]
    top = min(max([1.5, *seen]), EVIDENCE_TOP)
    chart = Chart(960, 220, (first, last), (0.0, top), title=title, left=44)
    step = (lane.time[-1] - lane.time[0]) / max(len(lane.time) - 1, 1)
    for index, why in enumerate(lane.why):
        if why and (index == 0 or not lane.why[index - 1]):
            stop = next((k for k in range(index, len(lane.why)) if not lane.why[k]), len(lane.why))
            chart.span(lane.time[index], lane.time[stop - 1] + step, "cannot")
    for event in events:
        chart.span(event.start, event.end or last, "event-span")
    for start, end, note in labels:
        if end > first and start < last:
            chart.span(start, end, "label-span", say("reporting.timeline.label", language, note=note))
    chart.y_axis([(v, f"{v:g}×") for v in nice_ticks(0, top, 4)])
    floor = [0.0] * len(lane.time)
    chart.area(lane.time, floor, [None if v is None else min(v, top) for v in lane.evidence], "evidence-area")
    chart.line(lane.time, [None if v is None else min(v, top) for v in lane.evidence], "evidence")
    y = chart.py(1.0)
    chart.add(f'<path class="threshold" d="M{chart.x0},{y:.1f}H{chart.x1}"/>')
    chart.x_axis(time_ticks(first, last, zone))
    return chart.render()


def tag_picture(tag: EventTag, event: EventCard, zone: str, title: str) -> str:
    """One tag around an event: measured over the expected range."""
    if len(tag.time) < 2:
        return ""
    chart = Chart(460, 150, (tag.time[0], tag.time[-1]), bounds(tag.value, tag.expected, tag.low, tag.high), title=title, left=60)
    chart.span(event.start, event.end or tag.time[-1], "event-span")
    chart.y_axis([(v, number(v, 4)) for v in nice_ticks(*chart.yr, 3)])
    chart.area(tag.time, tag.low, tag.high, "band")
    chart.line(tag.time, tag.expected, "expected")
    chart.line(tag.time, tag.value, "measured")
    if tag.moved_at is not None and tag.time[0] <= tag.moved_at <= tag.time[-1]:
        chart.upright(tag.moved_at, "now")
    chart.x_axis(time_ticks(tag.time[0], tag.time[-1], zone, 4))
    return chart.render()


def budget_curve(curve: tuple[CurvePoint, ...], promised: float, language: str, title: str) -> tuple[str, str, list[str]]:
    """Two pictures, share found and median delay, against promised events a week; and the names of their lines."""
    names = list(dict.fromkeys(name for point in curve for name in point.found))
    weeks = [math.log10(point.per_week) for point in curve]
    labels = [(math.log10(v), f"{v:g}") for v in sorted({round(point.per_week, 3) for point in curve})]
    shown = labels if len(labels) <= 8 else labels[:: math.ceil(len(labels) / 8)]
    xr = (min(weeks), max(weeks))
    found = Chart(960, 180, xr, (0.0, 1.0), title=title, left=56)
    found.y_axis([(v, f"{v:.0%}") for v in (0, 0.25, 0.5, 0.75, 1.0)])
    delays = [d for point in curve for d in point.delay_s.values() if d is not None and d > 0]
    low, high = (math.log10(min(delays)), math.log10(max(delays))) if delays else (0.0, 1.0)
    delay = Chart(960, 180, xr, (low - 0.1, high + 0.1), title=title, left=56)
    rungs = [1, 10, 60, 600, 3600, 6 * 3600, 86400, 7 * 86400]
    delay.y_axis([(math.log10(r), format_duration(r * 1_000_000_000)) for r in rungs if low - 0.1 <= math.log10(r) <= high + 0.1])
    for index, name in enumerate(names):
        found.line(weeks, [p.found.get(name) for p in curve], f"series-{index % 6}")
        delay.line(weeks, [math.log10(d) if (d := p.delay_s.get(name)) else None for p in curve], f"series-{index % 6}")
    for chart in (found, delay):
        if promised > 0 and xr[0] <= math.log10(promised) <= xr[1]:
            chart.upright(math.log10(promised), "threshold")
        chart.x_axis(shown)
    return found.render(), delay.render(), names


def parity(panel: QualityPanel, title: str) -> str:
    """Predicted with its interval against the laboratory value, at most 400 points."""
    points = [p for p in panel.points if p.predicted is not None]
    if not points:
        return ""
    points = points[:: max(1, math.ceil(len(points) / 400))]
    both = bounds([p.value for p in points], [p.predicted for p in points])
    chart = Chart(460, 320, both, both, title=title, left=60, bottom=26)
    chart.y_axis()
    chart.line(list(both), list(both), "diagonal")
    for p in points:
        out = p.low is not None and p.high is not None and not p.low <= p.value <= p.high
        if p.low is not None and p.high is not None:
            x = chart.px(p.value)
            chart.add(f'<path class="whisker" d="M{x:.1f},{chart.py(p.low):.1f}V{chart.py(p.high):.1f}"/>')
        chart.mark(p.value, p.predicted if p.predicted is not None else math.nan, "dot out" if out else "dot", 2)
    chart.x_axis([(v, number(v)) for v in nice_ticks(*both)])
    return chart.render()


def quality_run(panel: QualityPanel, zone: str, title: str) -> str:
    """Prediction with its interval over time, laboratory values as dots; the last 300 samples."""
    points = panel.points[-300:]
    if len(points) < 2:
        return ""
    t = [p.time for p in points]
    chart = Chart(
        960, 220, (t[0], t[-1]), bounds([p.value for p in points], [p.low for p in points], [p.high for p in points]), title=title
    )
    chart.y_axis()
    chart.area(t, [p.low for p in points], [p.high for p in points], "band")
    chart.line(t, [p.predicted for p in points], "expected")
    for p in points:
        out = p.low is not None and p.high is not None and not p.low <= p.value <= p.high
        chart.mark(p.time, p.value, "dot out" if out else "dot", 2)
    chart.x_axis(time_ticks(t[0], t[-1], zone))
    return chart.render()

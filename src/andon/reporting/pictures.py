"""The pictures of the report, each made from one part of `ReportData`."""

from __future__ import annotations

import math

from andon.plant.messages import say
from andon.plant.time import format_duration
from andon.plant.verdict import Why
from andon.reporting.data import CurvePoint, EventCard, EventTag, Lane, QualityPanel
from andon.reporting.svg import Chart, bounds, nice_ticks, number, time_ticks

EVIDENCE_TOP = 5.0
SHOWN_POINTS = 400
RUN_POINTS = 300
DELAY_RUNGS_S = (1, 10, 60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400)

Labels = tuple[tuple[int, int, str] | tuple[int, int, str, str], ...]


def priority(severity: float) -> int:
    """1 the most urgent, 4 the least."""
    return 1 if severity >= 0.75 else 2 if severity >= 0.5 else 3 if severity >= 0.25 else 4


def timeline(lane: Lane, events: tuple[EventCard, ...], labels: Labels, zone: str, language: str, title: str) -> str:
    """Evidence as a multiple of the threshold over the whole recording, with events, labels and unjudged time."""
    if not lane.time:
        return ""
    step = (lane.time[-1] - lane.time[0]) / max(len(lane.time) - 1, 1)
    first, last = lane.time[0], lane.time[-1] + max(step, 1.0)
    top = min(max([1.5, *(v for v in lane.evidence if v is not None)]), EVIDENCE_TOP)
    chart = Chart(200, (first, last), (0.0, top), title=title)
    for start, end, why in unjudged(lane):
        chart.span(start, end, "cannot", say(f"reporting.why.{why}", language))
    for start, end, note, *_ in labels:
        if end > first and start < last:
            chart.span(start, end, "labelled", say("reporting.timeline.label", language, note=note))
    for event in events:
        chart.span(event.start, event.end or last, f"event level-{priority(event.severity)}")
    chart.y_axis([(v, f"{v:g}×") for v in nice_ticks(0, top, 4)])
    shown = [None if v is None else min(v, top) for v in lane.evidence]
    chart.area(lane.time, [0.0] * len(lane.time), shown, "evidence-area")
    chart.line(lane.time, shown, "evidence")
    chart.level(1.0, "threshold")
    chart.x_axis(time_ticks(first, int(last), zone, language=language))
    return chart.render()


def unjudged(lane: Lane) -> list[tuple[float, float, str]]:
    """Stretches (start ms, end ms, name of the reason) in which it could not judge."""
    if not lane.time:
        return []
    step = (lane.time[-1] - lane.time[0]) / max(len(lane.time) - 1, 1)
    out: list[tuple[float, float, str]] = []
    for time, why in zip(lane.time, lane.why, strict=True):
        if not why:
            continue
        name = Why(why).name.lower()
        if out and out[-1][2] == name and time - out[-1][1] < step / 2:
            out[-1] = (out[-1][0], time + step, name)
        else:
            out.append((time, time + step, name))
    return out


def tag_picture(tag: EventTag, event: EventCard, zone: str, language: str, title: str) -> str:
    """One tag around an event: measured over the expected range."""
    if len(tag.time) < 2:
        return ""
    chart = Chart(120, (tag.time[0], tag.time[-1]), bounds(tag.value, tag.expected, tag.low, tag.high), title=title)
    chart.span(event.start, event.end or tag.time[-1], f"event level-{priority(event.severity)}")
    chart.y_axis([(v, number(v, 4)) for v in nice_ticks(*chart.yr, 3)])
    measured = [v is not None for v in tag.value]  # an expectation of nothing is not shown
    low, expected, high = (
        [v if ok else None for v, ok in zip(column, measured, strict=True)] for column in (tag.low, tag.expected, tag.high)
    )
    chart.area(tag.time, low, high, "band")
    chart.line(tag.time, expected, "expected")
    chart.line(tag.time, tag.value, "measured")
    if tag.moved_at is not None and tag.time[0] <= tag.moved_at <= tag.time[-1]:
        chart.upright(tag.moved_at, "moved")
    chart.x_axis(time_ticks(tag.time[0], tag.time[-1], zone, 6, language))
    return chart.render()


def fault_found(curve: tuple[CurvePoint, ...], name: str, promised: float, title: str) -> str:
    """Share of one standard fault that is found, against promised false alarms a week."""
    chart = _by_promise(curve, (0.0, 1.0), promised, title)
    chart.y_axis([(v, f"{v:.0%}") for v in (0, 0.5, 1.0)])
    weeks = [math.log10(point.per_week) for point in curve]
    shares = [point.found.get(name) for point in curve]
    chart.line(weeks, shares, "curve")
    chart.marks([w for w, s in zip(weeks, shares, strict=True) if s is not None], [s for s in shares if s is not None], "dot")
    return chart.render()


def fault_delay(curve: tuple[CurvePoint, ...], name: str, promised: float, title: str) -> str:
    """Median delay of one standard fault on a logarithmic scale that all faults share, against promised false alarms a week."""
    delays = [d for point in curve for d in point.delay_s.values() if d is not None and d > 0]
    if not delays:
        return ""
    low, high = math.log10(min(delays)) - 0.1, math.log10(max(delays)) + 0.1
    chart = _by_promise(curve, (low, high), promised, title)
    chart.y_axis([(math.log10(r), format_duration(r * 1_000_000_000)) for r in DELAY_RUNGS_S if low <= math.log10(r) <= high])
    weeks = [math.log10(point.per_week) for point in curve]
    shown = [math.log10(d) if (d := point.delay_s.get(name)) else None for point in curve]
    chart.line(weeks, shown, "curve")
    chart.marks([w for w, s in zip(weeks, shown, strict=True) if s is not None], [s for s in shown if s is not None], "dot")
    return chart.render()


def _by_promise(curve: tuple[CurvePoint, ...], y: tuple[float, float], promised: float, title: str) -> Chart:
    weeks = sorted({point.per_week for point in curve})
    low, high = math.log10(weeks[0]), math.log10(weeks[-1])
    chart = Chart(72, (low - 0.04, high + 0.04), y, title=title, kind="small")
    if promised > 0 and low <= math.log10(promised) <= high:
        chart.upright(math.log10(promised), "promise")
    every = max(1, math.ceil(len(weeks) / 5))
    chart.x_axis([(math.log10(week), f"{week:.3g}") for week in weeks[::every]])
    return chart


def parity(panel: QualityPanel, title: str) -> str:
    """Predicted with its interval against the laboratory value, at most 400 points."""
    points = [p for p in panel.points if p.predicted is not None]
    if not points:
        return ""
    points = points[:: max(1, math.ceil(len(points) / SHOWN_POINTS))]
    both = bounds([p.value for p in points], [p.predicted for p in points])
    chart = Chart(300, both, both, title=title)
    chart.y_axis()
    chart.line(list(both), list(both), "diagonal")
    ranged = [(p.value, p.low, p.high) for p in points if p.low is not None and p.high is not None]
    chart.whiskers([x for x, _, _ in ranged], [low for _, low, _ in ranged], [high for _, _, high in ranged], "whisker")
    for kind, wanted in (("dot", False), ("dot out", True)):
        chosen = [p for p in points if _outside(p.value, p.low, p.high) is wanted]
        chart.marks([p.value for p in chosen], [p.predicted for p in chosen if p.predicted is not None], kind)
    chart.x_axis([(v, number(v, 4)) for v in nice_ticks(*both)])
    return chart.render()


def quality_run(panel: QualityPanel, zone: str, language: str, title: str) -> str:
    """Prediction with its interval over time, laboratory values as dots; the last 300 samples."""
    points = panel.points[-RUN_POINTS:]
    if len(points) < 2:
        return ""
    t = [p.time for p in points]
    lows, highs = [p.low for p in points], [p.high for p in points]
    chart = Chart(200, (t[0], t[-1]), bounds([p.value for p in points], lows, highs), title=title)
    chart.y_axis()
    chart.area(t, lows, highs, "band")
    chart.line(t, [p.predicted for p in points], "expected")
    for kind, wanted in (("dot", False), ("dot out", True)):
        chosen = [p for p in points if _outside(p.value, p.low, p.high) is wanted]
        chart.marks([p.time for p in chosen], [p.value for p in chosen], kind)
    chart.x_axis(time_ticks(t[0], t[-1], zone, language=language))
    return chart.render()


def _outside(value: float, low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and not low <= value <= high

"""Trends, shares at a moment, the map of status: everything on the time axis of an asset."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import FloatArray
from andon.plant.recording import Recording
from andon.plant.sentences import speak
from andon.plant.status import Status
from andon.plant.time import NS
from andon.plant.verdict import Verdict, Why
from andon.project.live.expected import MOST_ROWS, Band, bands, shares_at
from andon.project.live.running import Running
from andon.service.callers import Caller
from andon.service.pages.now import number, why_text
from andon.service.problems import UnknownName
from andon.service.schema import Columns, QualityTrend, Share, Span, StatusMap, TagTrend, Trend
from andon.store.database import events
from andon.store.results import event_from_dict
from andon.store.segments import Trace
from andon.streaming.keeping import RESULT

LEADING = 4
MAP_COLUMNS = 120


def numbers(values: FloatArray) -> list[float | None]:
    """Numbers for JSON."""
    return [number(value) for value in values.tolist()]


def columns_of(trace: Trace, column: int) -> Columns:
    """One tag of a trace."""
    return Columns(
        time=(trace.time / NS).tolist(), low=numbers(trace.low[:, column]), high=numbers(trace.high[:, column]),
        mean=numbers(trace.mean[:, column]),
    )  # fmt: skip


def trend(running: Running, caller: Caller, asset: str, start: int, end: int, points: int, tags: list[str] | None) -> Trend:
    """See `Desk.trend`."""
    monitor = running.monitors.get(asset)
    if monitor is None:
        raise UnknownName(asset)
    judged = running.keeping.traces.trace(asset, start, end, points, columns=("evidence", "threshold", "verdict", "why"))
    wanted = [tag for tag in tags if tag in monitor.tag_ids] if tags is not None else _leading(running, asset)
    samples = running.keeping.samples.segments.read(asset, wanted, start, end, points)
    interval = monitor.preparation.interval_ns
    found: dict[str, Band] = {}
    if wanted and (end - start) // interval <= MOST_ROWS:
        found = bands(running, asset, start, min(end, running.clock.now()))
    marked = [*_events(running, caller, asset, start, end), *_unjudged(running, caller, asset, judged)]
    threshold = judged.mean[:, 1]
    last = threshold[np.isfinite(threshold)][-1:]
    units = {tag.id: tag.unit for tag in running.plant.with_tags(wanted)}
    return Trend(
        start=start / NS, end=end / NS, level_s=max(judged.step, samples.step) / NS, evidence=columns_of(judged, 0),
        threshold=float(last[0]) if len(last) else monitor.of(asset).calibration.threshold,
        tags=[_tag(tag, at, samples, found.get(tag), units.get(tag, "")) for at, tag in enumerate(wanted)],
        quality=_quality(running, asset, start, end, points), spans=sorted(marked, key=lambda span: span.start),
    )  # fmt: skip


def trend_version(running: Running, asset: str, start: int, end: int) -> str:
    """Changes when `trend` may answer something else: with the last tick, unless the stretch ended before it."""
    snapshot = running.keeping.snapshot(asset)
    if snapshot is None:
        raise UnknownName(asset)
    last = snapshot.of(asset).time
    return str(min(last, end)) if last < end else f"past {running.database.read(events.open_events) != []}"


def _leading(running: Running, asset: str) -> list[str]:
    """The tags that carried the last event, or the first ones."""
    kept = running.database.read(lambda connection: events.newest(connection, asset))
    if kept is not None:
        shares = event_from_dict(dict(kept.data)).shares
        return sorted(shares, key=lambda tag: -shares[tag])[:LEADING]
    return list(running.monitors[asset].tag_ids[:LEADING])


def _tag(tag: str, column: int, samples: Trace, band: Band | None, unit: str) -> TagTrend:
    measured = columns_of(samples, column)
    low: list[float | None] = []
    high: list[float | None] = []
    if band is not None and len(band.time) and len(samples.time):
        at = np.clip(np.searchsorted(band.time, samples.time), 0, len(band.time) - 1)
        low, high = numbers(band.low[at]), numbers(band.high[at])
    return TagTrend(tag=tag, unit=unit, measured=measured, expected_low=low, expected_high=high)


def _quality(running: Running, asset: str, start: int, end: int, points: int) -> list[QualityTrend]:
    targets = {target.name: target for target in running.plant.targets}
    kept = running.keeping.quality
    names = kept.assets().get(asset, ())
    results = [name for name in names if name.endswith(RESULT)]
    drawn = kept.recording(asset, results, start, end) if results else None
    out = []
    for target in dict.fromkeys(name.rpartition(".")[0] for name in names):
        trace = kept.read(asset, [f"{target}.{part}" for part in ("value", "low", "high")], start, end, points)
        known = targets.get(target)
        lab_time, lab_value = _results(drawn, target)
        out.append(
            QualityTrend(
                target=target, unit=known.unit if known else "", predicted=columns_of(trace, 0), low=numbers(trace.low[:, 1]),
                high=numbers(trace.high[:, 2]), lab_time=lab_time, lab_value=lab_value, limit_low=known.low if known else None,
                limit_high=known.high if known else None,
            )
        )  # fmt: skip
    return out


def _results(drawn: Recording | None, target: str) -> tuple[list[float], list[float]]:
    """Laboratory results of a target: Unix seconds at which their samples were drawn, and values."""
    if drawn is None or f"{target}{RESULT}" not in drawn.tags:
        return [], []
    values = drawn.values[:, drawn.tags.index(f"{target}{RESULT}")].astype(np.float64)
    there = np.isfinite(values)
    return (drawn.time[there] / NS).tolist(), values[there].tolist()


def _events(running: Running, caller: Caller, asset: str, start: int, end: int) -> list[Span]:
    """Events between two moments."""
    out = []
    for kept in running.database.read(lambda connection: events.between(connection, start, end, asset=asset)):
        event = event_from_dict(dict(kept.data))
        last = event.end / NS if event.end is not None else None
        out.append(Span(kind="event", start=event.start / NS, end=last, text=speak(event.sentence, caller.language), id=event.id))
    return out


def _unjudged(running: Running, caller: Caller, asset: str, judged: Trace) -> list[Span]:
    """Stretches that could not be judged, by their reason; `judged` has verdict and reason in its last columns."""
    cannot = judged.high[:, -2] == Verdict.CANNOT_JUDGE
    why = np.where(np.isfinite(judged.high[:, -1]), judged.high[:, -1], 0).astype(np.int64)
    step = judged.step or running.monitors[asset].preparation.interval_ns
    rows = np.flatnonzero(cannot)
    if not len(rows):
        return []
    breaks = np.flatnonzero((np.diff(rows) > 1) | (why[rows[1:]] != why[rows[:-1]]))
    out = []
    for first, last_row in zip(np.append(rows[:1], rows[breaks + 1]), np.append(rows[breaks], rows[-1:]), strict=True):
        reason = Why(int(why[first]))
        out.append(
            Span(
                kind="maintenance" if reason is Why.MAINTENANCE else "cannot_judge", start=float(judged.time[first]) / NS,
                end=float(judged.time[last_row] + step) / NS, text=why_text(reason, caller.language),
            )
        )  # fmt: skip
    return out


def shares(running: Running, asset: str, at: int) -> list[Share]:
    """Which tags carry the evidence at a moment."""
    if asset not in running.monitors:
        raise UnknownName(asset)
    interval = running.monitors[asset].preparation.interval_ns
    tick = at // interval * interval
    found = shares_at(running, asset, tick)
    known = {tag.id: tag for tag in running.plant.with_tags(found)}
    rows = [
        Share(tag=tag, name=known[tag].name or tag, unit=known[tag].unit, group=known[tag].group, share=share, onset="")
        for tag, share in found.items()
    ]
    return sorted(rows, key=lambda row: -row.share)


def status_map(running: Running, asset: str, start: int, end: int) -> StatusMap:
    """Tag x time of status: the share of samples that may be used."""
    monitor = running.monitors.get(asset)
    if monitor is None:
        raise UnknownName(asset)
    tags = list(monitor.tag_ids)
    recording = running.keeping.samples.segments.recording(asset, tags, start, end)
    step = max((end - start) // MAP_COLUMNS, 1)
    place = np.clip((recording.time - start) // step, 0, MAP_COLUMNS - 1)
    share = np.full((len(tags), MAP_COLUMNS), np.nan)
    for column in np.unique(place):
        rows = place == column
        share[:, column] = np.mean(np.isin(recording.status[rows], (Status.GOOD, Status.UNCERTAIN, Status.INTERPOLATED)), axis=0)
    return StatusMap(tags=tags, time=[(start + at * step) / NS for at in range(MAP_COLUMNS)], share=[numbers(row) for row in share])

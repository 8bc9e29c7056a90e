"""What the model expected of the tags: worked out again from kept samples, for the stretch that somebody looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.evidence.shares import event_shares
from andon.plant.arrays import Float64Array, TimeArray
from andon.plant.status import Status
from andon.plant.window import Expectation, Prepared
from andon.preparing import prepare
from andon.project.live.running import Running
from andon.scoring.detector import best_of
from andon.scoring.explain import memory_ticks
from andon.scoring.monitor import Monitor
from andon.scoring.tag_shares import of_tags, tags_of_channels

MOST_ROWS = 20_000
SIGMAS = 3.0


@dataclass(frozen=True, slots=True)
class Band:
    """What was expected of one tag, in its unit, at T ticks: low and high are three standard deviations of normal time away."""

    time: TimeArray
    value: Float64Array
    expected: Float64Array
    low: Float64Array
    high: Float64Array
    sigma: Float64Array


@dataclass(frozen=True, slots=True)
class TagNow:
    """One tag at the last tick: its value, what was expected, its share of the evidence."""

    value: float
    expected: float
    low: float
    high: float
    sigma: float
    status: str
    share: float | None


def bands(running: Running, asset: str, start: int, end: int) -> dict[str, Band]:
    """Expected bands of the measured tags of an asset for start <= tick <= end (ns).

    Empty where the stretch has more than `MOST_ROWS` ticks: nobody sees a band on such a chart. Only the cores run: what is expected
    does not depend on how the evidence is judged, which costs twenty times as much.
    """
    monitor = running.monitors[asset].of(asset)
    if (end - start) // monitor.preparation.interval_ns > MOST_ROWS:
        return {}
    prepared = _prepared(running, monitor, asset, start, end)
    if prepared is None:
        return {}
    expectations, _ = monitor.detector.expect(prepared, monitor.detector.start())
    return _bands(monitor, prepared, best_of(expectations), start, end)


def shares_at(running: Running, asset: str, tick: int) -> dict[str, float]:
    """Which tags carry the evidence at a tick (ns), each with its share; empty where nothing is known of it."""
    monitor = running.monitors[asset].of(asset)
    prepared = _prepared(running, monitor, asset, tick, tick)
    return {} if prepared is None else _last_tick(monitor, prepared)[1]


def _prepared(running: Running, monitor: Monitor, asset: str, start: int, end: int) -> Prepared | None:
    """The ticks up to `end`, from so long before `start` that a fresh state has become that of one that saw everything."""
    before = start - memory_ticks(monitor) * monitor.preparation.interval_ns
    recording = running.keeping.samples.read(asset, monitor.tag_ids, before, end)
    if not recording.rows:
        return None
    prepared, _ = prepare(monitor.preparation, recording, None, until=end)
    return prepared if prepared.rows else None


def _last_tick(monitor: Monitor, prepared: Prepared) -> tuple[Expectation, dict[str, float]]:
    """What was expected of the last tick, and the shares of its tags: tags are named for this tick alone, the rest is memory."""
    detector, state = monitor.detector, monitor.detector.start()
    last = prepared.rows - 1
    if last:
        _, state = detector.run(prepared.part(0, last), state)
    detection, _ = detector.run(prepared.part(last, last + 1), state, shares_above=-np.inf)
    views, ids = detection.views, monitor.tag_ids
    if not len(views.share_rows):
        return detection.best, {}
    by_tag = of_tags(views.shares[-1:], tags_of_channels(prepared.channel_tags, ids), len(ids))
    mean = event_shares(by_tag, views.trace[views.share_rows[-1:]])
    return detection.best, {tag: float(mean[at]) for at, tag in enumerate(ids)}


def _bands(monitor: Monitor, prepared: Prepared, expected: Expectation, start: int, end: int) -> dict[str, Band]:
    """Bands of the ticks start <= tick <= end; `expected` is of all rows of `prepared`."""
    inside = (prepared.time >= start) & (prepared.time <= end)
    out: dict[str, Band] = {}
    sigma = np.maximum(monitor.detector.linear.scale.astype(np.float64), 1e-6)
    for index, channel in enumerate(monitor.preparation.channels):
        if channel.tag in out or channel.name != channel.tag:
            continue
        centre, scale = float(channel.center), float(channel.scale)
        seen = np.where(prepared.valid[inside, index], prepared.x[inside, index].astype(np.float64), np.nan)
        told = expected.relation[inside, index].astype(np.float64)
        reach = SIGMAS * sigma[index] * scale
        middle = told * scale + centre
        out[channel.tag] = Band(
            prepared.time[inside], seen * scale + centre, middle, middle - reach, middle + reach, (seen - told) / sigma[index]
        )
    return out


def expected_now(running: Running, asset: str, time: int) -> dict[str, TagNow]:
    """Every measured tag at the last tick; empty before the first."""
    if not time:
        return {}
    monitor = running.monitors[asset].of(asset)
    prepared = _prepared(running, monitor, asset, time, time)
    if prepared is None:
        return {}
    expected, shares = _last_tick(monitor, prepared)
    found = _bands(monitor, prepared.part(prepared.rows - 1, prepared.rows), expected, time, time)
    out = {}
    for tag, band in found.items():
        if not len(band.time):
            continue
        value = float(band.value[-1])
        status = Status.GOOD.name if np.isfinite(value) else Status.MISSING.name
        out[tag] = TagNow(
            value,
            float(band.expected[-1]),
            float(band.low[-1]),
            float(band.high[-1]),
            float(band.sigma[-1]),
            status.lower(),
            shares.get(tag),
        )
    return out

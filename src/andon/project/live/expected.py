"""What the model expected of the tags: worked out again from kept samples, for the stretch that somebody looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from andon.evidence.shares import event_shares
from andon.plant.arrays import Float64Array, TimeArray
from andon.plant.status import Status
from andon.project.live.running import Running
from andon.scoring.explain import memory_ticks
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


def bands(running: Running, asset: str, start: int, end: int) -> tuple[dict[str, Band], dict[str, float]]:
    """Expected bands of the measured tags of an asset for start <= tick <= end (ns), and shares of the last tick.

    Empty where the stretch has more than `MOST_ROWS` ticks: nobody sees a band on such a chart.
    """
    monitor = replace(running.monitors[asset].of(asset), quality=())
    interval = monitor.preparation.interval_ns
    if (end - start) // interval > MOST_ROWS:
        return {}, {}
    before = start - memory_ticks(monitor) * interval
    recording = running.keeping.samples.read(asset, monitor.tag_ids, before, end)
    if not recording.rows:
        return {}, {}
    step, _ = monitor.run(recording, monitor.start(), until=end, threshold=-np.inf)
    prepared, best = step.prepared, step.detection.best
    inside = (prepared.time >= start) & (prepared.time <= end)
    out: dict[str, Band] = {}
    sigma = np.maximum(monitor.detector.linear.scale.astype(np.float64), 1e-6)
    for index, channel in enumerate(monitor.preparation.channels):
        if channel.tag in out or channel.name != channel.tag:
            continue
        centre, scale = float(channel.center), float(channel.scale)
        seen = np.where(prepared.valid[inside, index], prepared.x[inside, index].astype(np.float64), np.nan)
        told = best.relation[inside, index].astype(np.float64)
        reach = SIGMAS * sigma[index] * scale
        middle = told * scale + centre
        out[channel.tag] = Band(
            prepared.time[inside], seen * scale + centre, middle, middle - reach, middle + reach, (seen - told) / sigma[index]
        )
    views = step.detection.views
    shares: dict[str, float] = {}
    if len(views.share_rows):
        ids = monitor.tag_ids
        by_tag = of_tags(views.shares[-1:], tags_of_channels(prepared.channel_tags, ids), len(ids))
        mean = event_shares(by_tag, views.trace[views.share_rows[-1:]])
        shares = {tag: float(mean[at]) for at, tag in enumerate(ids)}
    return out, shares


def expected_now(running: Running, asset: str, time: int) -> dict[str, TagNow]:
    """Every measured tag at the last tick; empty before the first."""
    if not time:
        return {}
    found, shares = bands(running, asset, time, time)
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

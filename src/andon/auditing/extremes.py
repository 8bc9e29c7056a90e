"""The ends of a tag's range: clipping at a rail, isolated spikes, and codes that stand for a failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from andon.auditing.finding import Finding, TagStatistics, instant_text, make_finding, number_text, tag_toml
from andon.auditing.modes import Levels
from andon.auditing.series import Series, runs_of, thin
from andon.plant.arrays import Int64Array
from andon.plant.tag import Role

MOSTLY = 0.5  # a tag that is at one end for longer than this rests there; it is not cut off
FAR = 12.0  # robust standard deviations from which an isolated sample is a spike


@dataclass(frozen=True, slots=True)
class Rails:
    """Share of the samples at the lowest and the highest value, where that value is a rail; else 0."""

    low: float = 0.0
    high: float = 0.0


def rails_of(series: Series, stats: TagStatistics, role: Role, levels: Levels | None) -> Rails:
    """Where the values pile up at an end of the range.

    At the end stand at least ten samples and 0.1 % of all, at least five times as many as on each of the next
    values inwards, most of them in stretches.
    """
    if role not in (Role.MEASURED, Role.SETPOINT) or stats.valid < 200 or stats.distinct < 12 or role is Role.SETPOINT:
        return Rails()
    off = levels is not None and levels.low_is_off
    skip_low = off and levels is not None and levels.off_below
    skip_high = off and levels is not None and not levels.off_below
    return Rails(0.0 if skip_low else _pile(series, stats, 1), 0.0 if skip_high else _pile(series, stats, -1))


def check_rails(series: Series, stats: TagStatistics) -> Iterator[Finding]:
    """Findings "clipped-low" and "clipped-high": the tag rests on the end of its range; "resting" where it does so most of the time."""
    for end, share, value in (("low", stats.clipped_low, stats.minimum), ("high", stats.clipped_high, stats.maximum)):
        if share > MOSTLY:
            yield make_finding("resting", series.tag, 0.25, share=share, value=number_text(value))
        elif share > 0:
            weight = 0.2 + (0.3 if value else 0.15) * (share / MOSTLY) ** 0.5  # zero is often a physical end
            toml = tag_toml(series.tag, (end, value))
            yield make_finding(f"clipped-{end}", series.tag, weight, toml, share=share, value=number_text(value))


def spikes_of(series: Series, stats: TagStatistics, role: Role) -> tuple[Int64Array, float]:
    """Indexes of isolated samples far from both neighbours, and the scale they are measured by.

    The distance is that to the nearer end of the range of the two samples before and the two after. Where more than
    0.5 % of samples would be spikes, or more than twice as many moves of that size are none, this is how the tag
    behaves, and there are none.
    """
    none = np.zeros(0, dtype=np.int64)
    value = series.value
    if role not in (Role.MEASURED, Role.ANGLE) or value.size < 100 or stats.distinct < 5 or role is Role.ANGLE:
        return none, 0.0
    first, second, third, fourth = value[:-4], value[1:-3], value[3:-1], value[4:]
    low = np.minimum(np.minimum(first, second), np.minimum(third, fourth))
    high = np.maximum(np.maximum(first, second), np.maximum(third, fourth))
    middle = value[2:-2]
    beyond = np.maximum(middle - high, low - middle)
    scale = max(series.change_sd, stats.quantum, 0.2 * float(np.quantile(np.abs(thin(series.change)), 0.99)), 4 * series.resolution)
    far = np.flatnonzero(beyond > FAR * scale).astype(np.int64) + 2
    if far.size == 0 or far.size > 0.005 * value.size:
        return none, scale
    # Where moves of that size come without being spikes, large moves are how the tag behaves.
    large = np.abs(series.change) > FAR * scale
    large[np.concatenate((far - 1, far))] = False
    return (none if np.count_nonzero(large) > 2 * far.size else far), scale


def check_spikes(series: Series, stats: TagStatistics, spikes: Int64Array, scale: float, zone: str) -> Iterator[Finding]:
    """Findings "code" (one value stands for a failure) and "spikes"."""
    code = code_of(series)
    if code is not None:
        value, count, toml = code
        yield make_finding("code", series.tag, 0.6, toml, value=number_text(value), count=count)
        spikes = spikes[series.value[spikes] != value]
    if spikes.size == 0:
        return
    at = series.value[spikes]
    around = (series.value[spikes - 1] + series.value[spikes + 1]) / 2
    worst = int(np.argmax(np.abs(at - around)))
    ratio = float(np.abs(at - around)[worst] / scale)
    weight = min(0.45, 0.15 + 0.05 * np.log2(ratio / FAR) + 0.05 * np.log2(spikes.size))
    yield make_finding(
        "spikes", series.tag, float(weight), count=int(spikes.size), ratio=ratio, value=number_text(float(at[worst])),
        start=instant_text(int(series.time[spikes[worst]]), zone),
    )  # fmt: skip


def code_of(series: Series) -> tuple[float, int, str] | None:
    """An extreme value that is met on at least three occasions, far outside everything else: (value, count, toml).

    "Far" is more than three times the whole remaining range, so that 0 in a tag around 900 or -9999 in a tag
    around 40 is found, and an ordinary extreme is not.
    """
    ordered = series.ordered
    if ordered.size < 200:
        return None
    for end in ("low", "high"):
        value = float(ordered[0] if end == "low" else ordered[-1])
        count = int(np.searchsorted(ordered, value, side="right")) if end == "low" else ordered.size - int(np.searchsorted(ordered, value))
        if not 3 <= count <= 0.05 * ordered.size:
            continue
        rest = ordered[count:] if end == "low" else ordered[:-count]
        span, next_value = float(rest[-1] - rest[0]), float(rest[0] if end == "low" else rest[-1])
        start, _ = runs_of(series.value == value)
        if span > 0 and abs(value - next_value) > 3 * span and start.size >= 3:
            limit = float(f"{next_value + (-span if end == 'low' else span):.3g}")
            return value, count, tag_toml(series.tag, (end, limit))
    return None


def _pile(series: Series, stats: TagStatistics, sign: int) -> float:
    """Share of samples at one end (sign 1: the lowest), 0 where they do not pile up."""
    ordered = series.ordered if sign > 0 else -series.ordered[::-1]
    rail = float(ordered[0])
    count = int(np.searchsorted(ordered, rail + 2 * series.resolution, side="right"))
    if count < max(10, 1e-3 * ordered.size) or count == ordered.size:
        return 0.0
    # The next values inwards, in bins of a quantum or of 1 % of the inner range.
    width = max(stats.quantum, 0.01 * float(ordered[int(0.95 * (ordered.size - 1))] - rail))
    edges = rail + 2 * series.resolution + width * np.arange(0, 5) + (0.5 * stats.quantum)
    if width <= 0:
        return 0.0
    next_counts = np.diff(np.searchsorted(ordered, edges, side="right"))
    if count < 5 * max(1, int(next_counts.max())):
        return 0.0
    resting = (series.value if sign > 0 else -series.value) <= rail + 2 * series.resolution
    _, length = runs_of(resting)
    return count / ordered.size if int(length[length > 1].sum()) * 2 >= count else 0.0

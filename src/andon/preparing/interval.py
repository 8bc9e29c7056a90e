"""How often a recording is sampled: the grid's interval, and how long the last value of a tag may stand."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import BoolArray, Int64Array, TimeArray
from andon.plant.recording import Recording
from andon.plant.time import HOUR_NS, MINUTE_NS, NS

LOOK_AT_ROWS = 50_000
NICE_NS: tuple[int, ...] = tuple(
    [step * 1_000_000 for step in (1, 2, 5, 10, 20, 50, 100, 200, 250, 500)]
    + [step * NS for step in (1, 2, 5, 10, 15, 20, 30)]
    + [step * MINUTE_NS for step in (1, 2, 3, 5, 10, 15, 20, 30)]
    + [step * HOUR_NS for step in (1, 2, 3, 4, 6, 8, 12, 24)]
)


def sample_times(recording: Recording, rows: BoolArray | None = None) -> Int64Array:
    """(C,) median time between the valid samples of each tag, ns; 0 where a tag has fewer than two."""
    low = 0 if rows is None or not rows.any() else int(np.argmax(rows))
    part = slice(low, low + LOOK_AT_ROWS)
    time, valid = recording.time[part], np.isfinite(recording.values[part]) & (recording.status[part] != 3)
    if bool(valid.all()):
        return np.full(len(recording.tags), _median_step(time), dtype=np.int64)
    return np.array([_median_step(time[valid[:, column]]) for column in range(len(recording.tags))], dtype=np.int64)


def _median_step(time: TimeArray) -> int:
    return round(float(np.median(np.diff(time)))) if len(time) > 1 else 0


def suggest_interval(recording: Recording, rows: BoolArray | None = None) -> int:
    """The grid's interval, ns: the median over tags of the median time between samples, made a round one where it is within 2 %."""
    steps = sample_times(recording, rows)
    steps = steps[steps > 0]
    if len(steps) == 0:
        return MINUTE_NS
    step = float(np.median(steps))
    nearest = min(NICE_NS, key=lambda nice: abs(nice - step))
    return nearest if abs(nearest - step) <= 0.02 * nearest else max(1, round(step))


def suggest_hold(time: TimeArray, came: BoolArray, interval_ns: int) -> int:
    """How long the last good value of a tag stands, ns.

    Twice the 99 % quantile of the time between its samples; at least two intervals, at most one hour (but never less
    than one interval).

    Parameters
    ----------
    time : (N,) ns
    came : (N,) True where the tag has a sample
    """
    steps = np.diff(time[came])
    gap = float(np.quantile(steps, 0.99)) if len(steps) else float(interval_ns)
    return max(interval_ns, min(HOUR_NS, max(2 * interval_ns, round(2 * gap))))

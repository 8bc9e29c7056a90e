"""The recent past of the inputs as features, causal and carried from chunk to chunk.

Two summaries of the same held, scaled inputs: a ring of the last values, from which evenly spaced lags are taken,
and exponential means of several spans. Both start at the first values after a reset, as if those had always stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, Int64Array
from andon.plant.window import Prepared


@dataclass(frozen=True, slots=True)
class HistoryPlan:
    """Which past is looked at. Ticks inside; users never see them.

    Attributes
    ----------
    channels : C' column numbers of `Prepared.x` that are used
    dead : ticks between inputs and target; nothing newer is used
    lags : L, number of lags
    step : ticks between lags; where it is more than one, lags are taken from the mean of `step` ticks
    spans : spans of the exponential means, in ticks; 1 is the value itself
    limit : inputs are clipped to +-limit scaled units
    """

    channels: tuple[int, ...]
    dead: int
    lags: int
    step: int
    spans: tuple[int, ...]
    limit: float = 8.0

    @property
    def ring(self) -> int:
        """Ticks of the past that must be kept."""
        return self.dead + self.lags * self.step

    @property
    def memory(self) -> int:
        """Ticks until the memory of a reset has mostly faded."""
        return self.dead + max(self.lags * self.step, max(self.spans, default=0)) // 4


@dataclass(frozen=True, slots=True)
class HistoryState:
    """What is carried.

    Attributes
    ----------
    past : (R, C') float64, the held inputs of the last R ticks, oldest first
    means : (S, C') float64, the exponential means, delayed by the dead time
    seen : (C',) bool, channels that were valid at least once since the reset
    age : ticks since the reset, -1 before the first tick
    """

    past: Float64Array
    means: Float64Array
    seen: BoolArray
    age: int


@dataclass(frozen=True, slots=True)
class History:
    """Features of a chunk.

    Attributes
    ----------
    extended : (R + T, C') held inputs, the R ticks before the chunk first; rows before a reset within reach are
        those of the reset, see `start_of`
    start_of : (T,) first row of `extended` that belongs to the same run as the tick
    means : (T, S, C') exponential means
    age : (T,) ticks since the reset
    valid_share : (T,) share of the used channels that are valid now
    """

    extended: Float64Array
    start_of: Int64Array
    means: Float64Array
    age: Int64Array
    valid_share: Float64Array


def start_history(plan: HistoryPlan) -> HistoryState:
    """State before the first tick."""
    c = len(plan.channels)
    return HistoryState(np.zeros((plan.ring, c)), np.zeros((len(plan.spans), c)), np.zeros(c, dtype=bool), -1)


def _hold(x: Float64Array, valid: BoolArray, last: Float64Array, known: BoolArray) -> tuple[Float64Array, BoolArray]:
    """Hold the last valid value; before the first one the median, 0."""
    rows = np.where(valid, np.arange(1, len(x) + 1)[:, None], 0)
    rows = np.maximum.accumulate(rows, axis=0)
    columns = np.arange(x.shape[1])[None, :]
    held = np.where(rows > 0, x[np.maximum(rows - 1, 0), columns], np.where(known, last, 0.0)[None, :])
    return held, known | valid.any(axis=0)


def _means(x: Float64Array, start: Float64Array, spans: tuple[int, ...]) -> Float64Array:
    """Exponential means of (T, C) with alpha = 2 / (span + 1), started at `start` (S, C): (T, S, C)."""
    alpha = (2.0 / (np.asarray(spans, dtype=np.float64) + 1.0))[:, None]
    out = np.empty((len(x), len(spans), x.shape[1]))
    mean = start
    for t in range(len(x)):
        mean = mean + alpha * (x[t] - mean)
        out[t] = mean
    return out


def follow(plan: HistoryPlan, state: HistoryState, prepared: Prepared) -> tuple[History, HistoryState]:
    """Features of a chunk, and the state after it. Any cut of a recording gives the same features.

    Parameters
    ----------
    prepared : T ticks; only `plan.channels` are looked at

    Returns
    -------
    the features of the T ticks; the next state
    """
    columns = list(plan.channels)
    valid = prepared.valid[:, columns]
    x = np.where(valid, np.clip(prepared.x[:, columns].astype(np.float64), -plan.limit, plan.limit), 0.0)
    rows, ring = len(x), plan.ring
    extended = np.concatenate([state.past, np.zeros_like(x)])
    start_of = np.zeros(rows, dtype=np.int64)
    means = np.empty((rows, len(plan.spans), len(columns)))
    age = np.empty(rows, dtype=np.int64)
    resets = prepared.reset.copy()
    if rows and state.age < 0:
        resets[0] = True
    starts = np.flatnonzero(resets)
    edges = [*([0] if rows and (not len(starts) or starts[0] > 0) else []), *starts.tolist(), rows]
    seen, last, mean, now = state.seen, state.past[-1] if ring else np.zeros(len(columns)), state.means, state.age
    first = 0 if state.age < 0 else max(0, ring - (state.age + 1))
    for low, high in pairwise(edges):
        fresh = bool(resets[low])
        if fresh:
            seen, now, first = np.zeros(len(columns), dtype=bool), -1, ring + low
        held, seen = _hold(x[low:high], valid[low:high], last, seen)
        extended[ring + low : ring + high] = held
        if fresh:
            mean = np.repeat(held[:1], len(plan.spans), axis=0)
        delayed = extended[np.maximum(np.arange(ring + low, ring + high) - plan.dead, first)]
        means[low:high] = _means(delayed, mean, plan.spans)
        age[low:high] = np.arange(now + 1, now + 1 + high - low)
        start_of[low:high] = first
        last, mean, now = held[-1], means[high - 1], int(age[high - 1])
    share = valid.mean(axis=1) if columns else np.zeros(rows)
    after = HistoryState(extended[rows:], mean, seen, now)
    return History(extended, start_of, means, age, share), after


def lagged(plan: HistoryPlan, history: History, lag: int, rows: Int64Array | None = None) -> Float64Array:
    """Lag number `lag` of the inputs at the chunk's ticks.

    Parameters
    ----------
    lag : 0..L-1; lag j stands dead + j * step ticks back, as the mean of `step` ticks that end there
    rows : ticks of the chunk; all where None

    Returns
    -------
    (T, C') or (len(rows), C')
    """
    at = np.arange(len(history.age)) if rows is None else rows
    first = history.start_of[at]
    end = at + plan.ring - plan.dead - lag * plan.step
    out = history.extended[np.maximum(end, first)]
    if plan.step > 1:
        out = out.copy()
        for back in range(1, plan.step):
            out += history.extended[np.maximum(end - back, first)]
        out /= plan.step
    return out

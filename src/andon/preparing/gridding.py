"""Samples to ticks, all tags at once: the mean of the valid samples in (k-1, k], and what is needed to hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, Int64Array, StatusArray, TimeArray
from andon.plant.status import Status

NEVER: int = -(2**62)  # a time before all times


@dataclass(frozen=True, slots=True)
class TickTable:
    """What the samples of each tick say. T ticks, M inputs.

    Attributes
    ----------
    value : (T, M) float64, mean of the valid samples (the last one where a mean makes no sense); NaN where none
    good_value, good_time : (T, M) the last GOOD sample of the tick; NaN and NEVER where none
    real_time : (T, M) int64 ns, the last GOOD or UNCERTAIN sample; NEVER where none
    whole : every input has a GOOD sample in every tick
    """

    value: Float64Array
    good_value: Float64Array
    good_time: Int64Array
    real_time: Int64Array
    whole: bool


def tick_table(
    time: TimeArray, tick: Int64Array, values: Float64Array, ok: BoolArray, status: StatusArray, first: int, last: int, last_only: BoolArray
) -> TickTable:
    """Put samples on the ticks first..last.

    Parameters
    ----------
    time : (N,) int64 ns, increasing
    tick : (N,) tick of each sample, within first..last
    values : (N, M) float64
    ok : (N, M) True where the sample may be used
    status : (N, M) uint8
    last_only : (M,) True where the last sample counts instead of the mean

    See `andon.plant.grid.tick_means`, the same rule for one tag.
    """
    rows, width = last - first + 1, values.shape[1]
    number = len(time)
    if number == 0:
        nothing = np.full((rows, width), np.nan)
        never = np.full((rows, width), NEVER, dtype=np.int64)
        return TickTable(nothing, nothing, never, never, False)
    good = ok & (status == Status.GOOD)
    whole = number == rows and bool(good.all())
    if number == 1 or bool((tick[1:] > tick[:-1]).all()):  # one sample per tick
        at = tick - first
        value = values if whole else np.where(ok, values, np.nan)
        good_value = values if whole else np.where(good, values, np.nan)
        here = np.broadcast_to(time[:, None], values.shape)
        good_time = here if whole else np.where(good, here, NEVER)
        real_time = here if whole else np.where(ok & (status != Status.INTERPOLATED), here, NEVER)
    else:
        starts = np.flatnonzero(np.concatenate(([True], tick[1:] > tick[:-1])))
        sizes = np.diff(np.append(starts, number))
        at = tick[starts] - first
        row = np.arange(number)[:, None]
        # The mean is taken around the first valid sample of the tick, so that large offsets lose nothing.
        pivot = np.take_along_axis(values, np.minimum.reduceat(np.where(ok, row, number - 1), starts, axis=0), axis=0)
        count = np.add.reduceat(ok, starts, axis=0, dtype=np.int64)
        spread = np.add.reduceat(np.where(ok, values - np.repeat(pivot, sizes, axis=0), 0.0), starts, axis=0)
        value = np.where(count > 0, pivot + spread / np.maximum(count, 1), np.nan)
        if last_only.any():
            newest, has = _last(ok, row, starts)
            value[:, last_only] = np.where(has, np.take_along_axis(values, newest, axis=0), np.nan)[:, last_only]
        newest, has = _last(good, row, starts)
        good_value = np.where(has, np.take_along_axis(values, newest, axis=0), np.nan)
        good_time = np.where(has, time[newest], NEVER)
        newest, has = _last(ok & (status != Status.INTERPOLATED), row, starts)
        real_time = np.where(has, time[newest], NEVER)
        whole = len(starts) == rows and bool((good_time != NEVER).all())
    if len(at) == rows:
        return TickTable(value, good_value, good_time, real_time, whole)
    out = TickTable(
        np.full((rows, width), np.nan), np.full((rows, width), np.nan),
        np.full((rows, width), NEVER, dtype=np.int64), np.full((rows, width), NEVER, dtype=np.int64), False,
    )  # fmt: skip
    out.value[at], out.good_value[at], out.good_time[at], out.real_time[at] = value, good_value, good_time, real_time
    return out


def _last(flags: BoolArray, row: Int64Array, starts: Int64Array) -> tuple[Int64Array, BoolArray]:
    """Per tick and input: the last row that is flagged (0 where none), and whether there is one."""
    newest = np.maximum.reduceat(np.where(flags, row, -1), starts, axis=0)
    return np.maximum(newest, 0), newest >= 0


def last_true(flags: BoolArray) -> Int64Array:
    """(T, M) or (T,): 1 + the last row up to here that is True; 0 where none: an index into [state, rows...]."""
    rows = np.arange(1, len(flags) + 1).reshape((-1,) + (1,) * (flags.ndim - 1))
    out: Int64Array = np.maximum.accumulate(np.where(flags, rows, 0), axis=0)
    return out

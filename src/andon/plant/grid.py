"""The grid of contract 1: tick k = UTC epoch + k x sampling interval.

The value of a tag at a tick is the mean of its valid samples in (k-1, k]. Holding the last GOOD value
is `preparing`'s; this module is the one implementation of the mean, for files, history and live samples.
"""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import Float64Array, FloatArray, Int64Array, StatusArray, TimeArray
from andon.plant.status import Status, is_valid


def tick_of(time: TimeArray, interval_ns: int) -> Int64Array:
    """The tick that a sample belongs to: the smallest k with k x interval >= time.

    Parameters
    ----------
    time : (N,) int64 ns UTC
    interval_ns : > 0

    Returns
    -------
    (N,) int64 tick numbers
    """
    return -((-np.asarray(time, dtype=np.int64)) // interval_ns)


def tick_means(tick: Int64Array, values: FloatArray, status: StatusArray, first: int, last: int) -> tuple[Float64Array, StatusArray]:
    """Mean of the valid samples of one tag in each tick of first..last.

    Parameters
    ----------
    tick : (N,) tick of each sample, not decreasing
    values : (N,) values
    status : (N,) uint8
    first, last : ticks, inclusive

    Returns
    -------
    values : (last - first + 1,) float64; NaN where no sample is valid
    status : the worst status among the valid samples (UNCERTAIN over INTERPOLATED over GOOD); BAD where
        only bad samples came; MISSING where none came
    """
    count = last - first + 1
    out = np.full(count, np.nan)
    state = np.full(count, Status.MISSING, dtype=np.uint8)
    inside = (tick >= first) & (tick <= last)
    at = (tick[inside] - first).astype(np.int64)
    if at.size == 0:
        return out, state
    value, code = np.asarray(values[inside], dtype=np.float64), status[inside]
    good = is_valid(code) & np.isfinite(value)
    bad_only = np.unique(at[~good & (code != Status.MISSING)])
    state[bad_only] = Status.BAD
    at_good, kept = at[good], value[good]
    if at_good.size:
        number = np.bincount(at_good, minlength=count)
        has = number > 0
        if int(number.max()) == 1:
            out[at_good] = kept
        else:
            # The mean is taken around the first sample of the tick, so that large offsets lose nothing.
            pivot = np.zeros(count)
            pivot[at_good[::-1]] = kept[::-1]
            spread = np.bincount(at_good, weights=kept - pivot[at_good], minlength=count)
            out[has] = pivot[has] + spread[has] / number[has]
        state[has] = Status.GOOD
        state[at_good[code[good] == Status.INTERPOLATED]] = Status.INTERPOLATED
        state[at_good[code[good] == Status.UNCERTAIN]] = Status.UNCERTAIN
    return out, state

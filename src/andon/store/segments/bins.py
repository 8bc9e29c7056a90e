"""Roll-up: least, greatest and mean value, number of valid samples and worst status in equal stretches of time.

Bin k of length d holds k d <= time < (k + 1) d, counted from the epoch, so that ten bins make one of the next level exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import FloatArray, Int64Array, IntArray, StatusArray, TimeArray
from andon.plant.rows import Rows
from andon.plant.status import Status, is_valid

_ORDER = (Status.MISSING, Status.GOOD, Status.INTERPOLATED, Status.UNCERTAIN, Status.BAD)
"""From best to worst; MISSING gives way to everything, because a row need not say something of every tag."""

_RANK = np.zeros(256, dtype=np.uint8)
_RANK[list(_ORDER)] = np.arange(len(_ORDER), dtype=np.uint8)
_OF_RANK = np.array(_ORDER, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Bins:
    """N bins of C tags, in order of asset and time.

    Attributes
    ----------
    asset : (N,) int32
    time : (N,) int64 ns UTC, where the bin begins
    low, high, mean : (N, C) of the valid samples; NaN where there is none
    count : (N, C) uint32, valid samples
    status : (N, C) uint8, the worst `Status`; MISSING where nothing was said
    """

    asset: IntArray
    time: TimeArray
    low: FloatArray
    high: FloatArray
    mean: FloatArray
    count: IntArray
    status: StatusArray

    def __len__(self) -> int:
        return len(self.time)

    def take(self, index: Int64Array | slice) -> Bins:
        """Some of the bins."""
        return Bins(
            self.asset[index], self.time[index], self.low[index], self.high[index], self.mean[index], self.count[index], self.status[index]
        )


def of_rows(rows: Rows) -> Bins:
    """Each row as a bin of its own, at its own time."""
    valid = is_valid(rows.status) & np.isfinite(rows.values)
    values = np.where(valid, rows.values, np.array(np.nan, dtype=rows.values.dtype))
    return Bins(rows.asset, rows.time, values, values, values, valid.astype(np.uint32), rows.status)


def join(parts: Sequence[Bins]) -> Bins:
    """One after the other; all of the same tags. At least one part."""
    return Bins(*(np.concatenate([getattr(part, name) for part in parts]) for name in Bins.__slots__))


def newest(bins: Bins) -> Bins:
    """In order of asset and time; of two with the same place the one written later."""
    order = np.lexsort((bins.time, bins.asset))
    asset, time = bins.asset[order], bins.time[order]
    last = np.append((asset[1:] != asset[:-1]) | (time[1:] != time[:-1]), True) if len(order) else np.zeros(0, dtype=bool)
    return bins.take(order[last])


def rolled_up(bins: Bins, length: int, origin: int = 0) -> Bins:
    """Longer bins from shorter ones.

    Parameters
    ----------
    bins : in order of asset and time
    length : ns of the new bins
    origin : ns, a border between two of them
    """
    if not len(bins):
        return bins
    begin = (bins.time - origin) // length * length + origin
    first = np.append(True, (bins.asset[1:] != bins.asset[:-1]) | (begin[1:] != begin[:-1]))
    starts = np.flatnonzero(first)
    count = np.add.reduceat(bins.count.astype(np.int64), starts, axis=0)
    weighted = np.where(bins.count > 0, bins.mean.astype(np.float64) * bins.count, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.add.reduceat(weighted, starts, axis=0) / np.where(count > 0, count, np.nan)
    return Bins(
        bins.asset[starts],
        begin[starts],
        np.fmin.reduceat(bins.low, starts, axis=0),
        np.fmax.reduceat(bins.high, starts, axis=0),
        mean.astype(bins.mean.dtype),
        count.astype(np.uint32),
        _OF_RANK[np.maximum.reduceat(_RANK[bins.status], starts, axis=0)],
    )

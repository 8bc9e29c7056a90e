"""One tag of a recording as the checks see it: its valid samples in time order, and a few facts that many checks need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, FloatArray, Int64Array, StatusArray, TimeArray
from andon.plant.status import Status, is_valid

Number = TypeVar("Number", bound=np.generic)
THINNED = 65_536
LARGEST = 1e30  # beyond, a value is a code, not a measurement; it would overflow every square


@dataclass(frozen=True, slots=True)
class Series:
    """The valid samples of one tag.

    Attributes
    ----------
    tag, unit : as in the recording
    texts : True where the values are indexes into texts
    time : (N,) int64 ns UTC of the valid samples
    value : (N,) float64, finite, |value| <= 1e30
    ordered : (N,) float64, the values sorted
    change : (N-1,) float64, value[i+1] - value[i]; change_sd : its robust standard deviation
    rows, start, end : of the whole recording
    row_time : (T,) int64 ns of all rows
    counts : (5,) how often each `Status` stands
    outlandish : values that are not finite or beyond 1e30, though their status says they are valid
    resolution : the smallest difference that the stored number format can hold at the largest value
    """

    tag: str
    unit: str
    texts: bool
    time: TimeArray
    value: Float64Array
    ordered: Float64Array
    change: Float64Array
    change_sd: float
    row_time: TimeArray
    rows: int
    start: int
    end: int
    counts: Int64Array
    outlandish: int
    resolution: float

    def quantile(self, share: float) -> float:
        """The value below which that share of the samples lies; NaN where there are none."""
        if self.ordered.size == 0:
            return float("nan")
        return float(self.ordered[min(int(share * (self.ordered.size - 1) + 0.5), self.ordered.size - 1)])


def usable(values: FloatArray, status: StatusArray) -> BoolArray:
    """True where the status allows a value to be used and it is finite and at most 1e30 in size."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(is_valid(status) & (np.abs(values) <= LARGEST), dtype=np.bool_)


def series_of(
    tag: str, unit: str, texts: bool, time: TimeArray, values: FloatArray, status: StatusArray
) -> Series:  # fmt: skip
    """The series of one column.

    Parameters
    ----------
    time : (T,) int64 ns, strictly increasing
    values : (T,) float32 or float64
    status : (T,) uint8
    """
    good = usable(values, status)
    value = values[good].astype(np.float64)
    ordered = np.sort(value)
    change = np.diff(value)
    largest = float(max(abs(ordered[0]), abs(ordered[-1]))) if ordered.size else 0.0
    return Series(
        tag=tag,
        unit=unit,
        texts=texts,
        time=time[good] if value.size < len(time) else time,
        value=value,
        ordered=ordered,
        change=change,
        change_sd=robust_sd(change),
        row_time=time,
        rows=len(time),
        start=int(time[0]) if len(time) else 0,
        end=int(time[-1]) if len(time) else 0,
        counts=np.bincount(status, minlength=5)[:5].astype(np.int64),
        outlandish=int(np.count_nonzero(is_valid(status))) - value.size,
        resolution=largest * float(np.finfo(values.dtype).eps),
    )


def thin(values: np.ndarray[tuple[int, ...], np.dtype[Number]], most: int = THINNED) -> np.ndarray[tuple[int, ...], np.dtype[Number]]:
    """At most about `most` values, evenly spread by an odd stride: enough for a quantile to half a percent of its error.

    Parameters
    ----------
    values : (N,)
    """
    stride = (values.size // most) | 1 if values.size > most else 1
    return values[::stride]


def robust_sd(values: FloatArray) -> float:
    """1.4826 x the median absolute deviation, of at most 65,536 values spread evenly; 0 where empty."""
    if values.size == 0:
        return 0.0
    part = thin(values)
    return 1.4826 * float(np.median(np.abs(part - np.median(part))))


def step_sd(series: Series) -> float:
    """Robust standard deviation of the changes; where most changes are zero, of those that are not."""
    if series.change_sd > 0 or series.change.size == 0:
        return series.change_sd
    moving = thin(np.abs(series.change[series.change != 0]))
    return 1.4826 * float(np.median(moving)) if moving.size else 0.0


def runs_of(same: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[Int64Array, Int64Array]:
    """First index and length of every stretch of True.

    Parameters
    ----------
    same : (N,) bool

    Returns
    -------
    start : (R,) int64
    length : (R,) int64, >= 1
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
    start = edges[0::2].astype(np.int64)
    return start, (edges[1::2] - start).astype(np.int64)


def status_counts(series: Series) -> dict[str, int]:
    """Counts by the name of the status, lower case."""
    return {status.name.lower(): int(series.counts[status]) for status in Status}

"""What a chart draws: at most so many points for each tag, with the least and the greatest value of each stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import FloatArray, IntArray, StatusArray, TimeArray
from andon.store.segments.bins import Bins, rolled_up


@dataclass(frozen=True, slots=True)
class Trace:
    """N points of C tags of one asset.

    Attributes
    ----------
    asset, tags : whose
    time : (N,) int64 ns UTC, where each point begins
    low, high, mean : (N, C) of the valid samples of each point; NaN where there is none
    count : (N, C) uint32, valid samples
    status : (N, C) uint8, the worst `Status`
    step : ns that a point covers; 0 where each is one sample
    """

    asset: str
    tags: tuple[str, ...]
    time: TimeArray
    low: FloatArray
    high: FloatArray
    mean: FloatArray
    count: IntArray
    status: StatusArray
    step: int

    def columns(self, scale: int = 1_000_000) -> list[list[int | float | None]]:
        """[time, y1, y2, ...] as charts want them: missing is None, and where a point covers several samples it is two, least and greatest.

        Parameters
        ----------
        scale : ns in one unit of the time column; milliseconds by default
        """
        if not self.step:
            return [(self.time / scale).tolist(), *_lists(self.mean)]
        time = np.stack([self.time, self.time + self.step // 2], axis=1).reshape(-1)
        both = np.stack([self.low, self.high], axis=1).reshape(-1, self.low.shape[1])
        return [(time / scale).tolist(), *_lists(both)]


def trace_of(asset: str, tags: Sequence[str], bins: Bins, start: int, end: int, most_points: int, finest: int) -> Trace:
    """At most `most_points` points of the bins in start <= time < end.

    Parameters
    ----------
    bins : of one asset, in order of time
    finest : ns that the longest of the bins covers; 0 where all are single samples
    """
    step = finest
    if len(bins) > most_points:
        step = max(finest, -(-(end - start) // most_points))
        bins = rolled_up(bins, step, origin=start)
    return Trace(asset, tuple(tags), bins.time, bins.low, bins.high, bins.mean, bins.count, bins.status, step)


def _lists(values: FloatArray) -> list[list[int | float | None]]:
    out: list[list[int | float | None]] = []
    for column in values.T:
        plain = column.astype(np.float64).astype(object)
        plain[~np.isfinite(column)] = None
        out.append(plain.tolist())
    return out

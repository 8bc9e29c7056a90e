"""Samples of several assets as columns, and what becomes of two rows of one asset at one time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import BoolArray, FloatArray, Int64Array, IntArray, StatusArray, TimeArray
from andon.plant.status import Status


@dataclass(frozen=True, slots=True)
class Rows:
    """N rows of C tags; which assets and tags, whoever holds them knows.

    Attributes
    ----------
    asset : (N,) int32, number of the asset in its fleet or family
    time : (N,) int64 ns UTC
    values : (N, C) NaN where MISSING
    status : (N, C) uint8, members of `Status`
    """

    asset: IntArray
    time: TimeArray
    values: FloatArray
    status: StatusArray

    def __len__(self) -> int:
        return len(self.time)

    def take(self, which: BoolArray | Int64Array | slice) -> Rows:
        """Some of the rows."""
        return Rows(self.asset[which], self.time[which], self.values[which], self.status[which])

    @classmethod
    def none(cls, width: int) -> Rows:
        """No rows of so many tags."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros((0, width), np.float32), np.zeros((0, width), np.uint8))


def join(parts: Sequence[Rows]) -> Rows:
    """One after the other; all of the same tags. At least one part."""
    return Rows(
        np.concatenate([part.asset for part in parts]),
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.status for part in parts]),
    )


def merged(rows: Rows) -> Rows:
    """In order of asset and time, one row for each; of several the later one wins, tag by tag where it says something.

    Parameters
    ----------
    rows : in the order in which they were written
    """
    later_asset, later_time = rows.asset[1:] > rows.asset[:-1], rows.time[1:] > rows.time[:-1]
    if bool((later_asset | ((rows.asset[1:] == rows.asset[:-1]) & later_time)).all()):
        return rows
    rows = rows.take(np.lexsort((rows.time, rows.asset)))  # stable: of equal ones the later stays later
    first = np.append(True, (rows.asset[1:] != rows.asset[:-1]) | (rows.time[1:] != rows.time[:-1]))
    if first.all():
        return rows
    starts = np.flatnonzero(first)
    place = np.cumsum(first) - 1
    rank = np.arange(len(rows)) - starts[place]
    out = rows.take(starts)
    values, status = out.values.copy(), out.status.copy()
    for turn in range(1, int(rank.max()) + 1):
        later = np.flatnonzero(rank == turn)
        into = place[later]
        says = rows.status[later] != Status.MISSING
        values[into] = np.where(says, rows.values[later], values[into])
        status[into] = np.where(says, rows.status[later], status[into])
    return Rows(out.asset, out.time, values, status)

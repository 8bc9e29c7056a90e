"""A batch: samples of one or many assets as one message of a link brought them. What streams between links, journal and scoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import Float32Array, IntArray, StatusArray, TimeArray
from andon.plant.errors import ReadingError
from andon.plant.recording import Recording
from andon.plant.rows import Rows, merged


@dataclass(frozen=True, slots=True)
class Batch:
    """N rows of C tags. A row is one asset at one source time; rows are in the order in which they came.

    Attributes
    ----------
    source : name of the link
    received : ns UTC, when the message came in
    assets : A asset names
    tags : C tag ids, shared by all rows; a row that says nothing of a tag has it MISSING
    asset : (N,) int32, index into `assets`
    time : (N,) int64 ns UTC, source time
    values : (N, C) float32; NaN where MISSING
    status : (N, C) uint8, members of `Status`
    position : where this batch stands in its source (a sequence number, a file and line), opaque; for going on after a restart
    history : True where the source itself says that this is a back-fill
    """

    source: str
    received: int
    assets: tuple[str, ...]
    tags: tuple[str, ...]
    asset: IntArray
    time: TimeArray
    values: Float32Array
    status: StatusArray
    position: str = ""
    history: bool = False

    def __post_init__(self) -> None:
        rows, width = len(self.time), len(self.tags)
        if self.values.shape != (rows, width) or self.status.shape != (rows, width) or len(self.asset) != rows:
            raise ReadingError(
                f"a batch of {rows} times and {width} tags has values {self.values.shape}, status {self.status.shape} "
                f"and {len(self.asset)} assets",
                do="give one row per asset and time, one column per tag",
            )

    @property
    def rows(self) -> int:
        """N."""
        return len(self.time)

    def of_asset(self, name: str) -> Recording:
        """The rows of one asset in order of time; of two rows at one time the later one wins, tag by tag where it has a value.

        Raises
        ------
        KeyError : the batch has no such asset
        """
        if name not in self.assets:
            raise KeyError(name)
        which = np.flatnonzero(self.asset == self.assets.index(name))
        rows = merged(Rows(self.asset[which], self.time[which], self.values[which], self.status[which]))
        return Recording(name, self.tags, rows.time, rows.values, rows.status)

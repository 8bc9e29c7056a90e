"""The samples of one family: what is not written yet, the files, and the levels above them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from andon.plant.arrays import FloatArray, IntArray, StatusArray, TimeArray
from andon.plant.rows import Rows, join, merged
from andon.plant.status import Status
from andon.store.segments import bins as binning
from andon.store.segments.bins import Bins
from andon.store.segments.family import LEVELS, Family, interval_of
from andon.store.segments.files import Where
from andon.store.segments.tier import bin_tiers, rows_tier

_FAR = 2**63 - 1
MOST_PARTS = 64
"""Parts that wait for the next flush, before a reader joins the last of them."""


class FamilySegments:
    """Buffer and files of one family. Any thread may write, flush, settle and read."""

    def __init__(self, folder: Path, family: Family, *, guessed: bool = False) -> None:
        self.folder = folder
        self.family = family
        self._guessed = guessed  # the interval is set with the first samples
        self._samples = rows_tier(folder / "0", family)
        self._levels = bin_tiers(folder, family)
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._buffer: list[Rows] = []
        self._on_the_way: list[Rows] = []
        self._changed = False

    @property
    def waiting(self) -> int:
        """Values that are not in files yet."""
        with self._lock:
            return sum(part.values.size for part in (*self._buffer, *self._on_the_way))

    def grow(self, tags: Sequence[str], assets: Sequence[str]) -> None:
        """Take in tags and assets; written down with the next flush."""
        with self._lock:
            self._changed |= self.family.grow(tags, assets)

    def put(self, asset: IntArray, time: TimeArray, values: FloatArray, status: StatusArray, columns: IntArray | None) -> None:
        """Take rows into the buffer.

        Parameters
        ----------
        asset : (N,) numbers of assets
        values, status : (N, D)
        columns : (D,) of the family, for each given column; None where they are the same
        """
        kind = np.float64 if self.family.wide else np.float32
        width = len(self.family.tags)
        if columns is not None or values.shape[1] != width:
            into = np.arange(values.shape[1]) if columns is None else columns
            all_values = np.full((len(time), width), np.nan, dtype=kind)
            all_status = np.full((len(time), width), Status.MISSING, dtype=np.uint8)
            all_values[:, into], all_status[:, into] = values, status
            values, status = all_values, all_status
        rows = Rows(np.asarray(asset, dtype=np.int32), np.asarray(time, dtype=np.int64), np.asarray(values, dtype=kind), status)
        with self._lock:
            self._buffer.append(rows)

    def flush(self) -> int:
        """Write what waits into files, one for each span; the number of rows.

        Raises
        ------
        StoreError : the disk refuses; what was not written waits on
        """
        with self._flushing:
            with self._lock:
                self._on_the_way, self._buffer = self._buffer, []
                parts = self._on_the_way
            try:
                if parts and self._guessed:
                    asset = np.concatenate([part.asset for part in parts])
                    busiest = np.bincount(asset).argmax()
                    self.family.interval = interval_of(np.concatenate([part.time for part in parts])[asset == busiest])
                    self._guessed, self._changed = False, True
                if self._changed:
                    self.family.save(self.folder)
                    self._changed = False
                rows = merged(join([_widened(part, len(self.family.tags)) for part in parts])) if parts else None
                if rows is not None:
                    self._write(rows)
            except BaseException:
                with self._lock:
                    self._buffer, self._on_the_way = parts + self._buffer, []
                    self._changed = True
                raise
            with self._lock:
                self._on_the_way = []
            return 0 if rows is None else len(rows)

    def settle(self, now: int, grace: int, samples_before: int, levels_before: int) -> int:
        """Pack and roll up, level by level, and remove what is older than the instants; how many spans were packed."""
        done = self._samples.settle(now, grace, self._levels[0], samples_before)
        for place, tier in enumerate(self._levels):
            above = self._levels[place + 1] if place + 1 < len(self._levels) else None
            done += tier.settle(now, grace, above, levels_before)
        self._samples.expire(samples_before)
        for tier in self._levels:
            tier.expire(levels_before)
        return done

    def samples(self, asset: int, columns: Sequence[int], start: int, end: int) -> Rows:
        """Samples of one asset with start <= time < end, in order of time, one row for each."""
        waiting = self._waiting_rows(asset, columns, start, end)
        kept = self._samples.read(Where(asset, asset, start, end), columns)
        parts = [part for part in (kept, *waiting) if part is not None]
        if not parts:
            kind = np.float64 if self.family.wide else np.float32
            empty = np.zeros((0, len(columns)))
            return Rows(np.zeros(0, np.int32), np.zeros(0, np.int64), empty.astype(kind), empty.astype(np.uint8))
        return merged(join(parts))

    def bins(self, asset: int, columns: Sequence[int], start: int, end: int, level: int) -> Bins:
        """Bins of one asset, of a level as far as it was rolled up, and of finer ones from there on."""
        parts, begin = [], start
        for tier in reversed(self._levels[:level]):
            until = tier.frontier()
            if until is not None and until > begin:
                found = tier.read(Where(asset, asset, begin, min(end, until)), columns)
                if found is not None:
                    parts.append(found)
                begin = until
            if begin >= end:
                break
        if begin < end or not parts:
            parts.append(binning.of_rows(self.samples(asset, columns, min(begin, end), end)))
        return binning.join(parts)

    def level_for(self, start: int, end: int, most_points: int) -> int:
        """The coarsest level with at least `most_points` bins in the stretch; 0 for the samples."""
        level = next((level for level in range(LEVELS, 0, -1) if (end - start) // self.family.bin_length(level) >= most_points), 0)
        oldest = min((file.start for file in self._samples.files()), default=None)
        if level == 0 and oldest is not None and end <= oldest and self._levels[0].files():
            return 1  # the samples are gone, what was made of them is not
        return level

    def extent(self) -> tuple[int, int] | None:
        """First and last instant that may hold samples, as far as files and buffer say; None where there are none."""
        files = self._samples.files()
        starts, ends = [file.start for file in files], [file.end for file in files]
        with self._lock:
            for part in (*self._on_the_way, *self._buffer):
                if len(part):
                    starts.append(int(part.time.min()))
                    ends.append(int(part.time.max()) + 1)
        oldest, newest = min(starts, default=_FAR), max(ends, default=0)
        for tier in self._levels:  # what was made of samples that are gone
            length = self.family.bin_length(tier.level)
            for file in tier.files():
                if file.start < oldest and (first := tier.first_in(file)) is not None and first + length <= oldest:
                    oldest = first
                if not ends:
                    newest = max(newest, file.end)
        return (oldest, newest) if oldest < _FAR else None

    def _write(self, rows: Rows) -> None:
        length = self.family.span(0, 0)[1]
        place = rows.time // length
        for span in np.unique(place):
            part = rows.take(np.flatnonzero(place == span)) if place[0] != span or (place != span).any() else rows
            self._samples.add(part, start=int(part.time.min()), end=int(part.time.max()) + 1)

    def _join_last(self) -> None:
        """Few parts wait: those added last become one, with those before that are no longer than it, so that no row is copied often."""
        if len(self._buffer) <= MOST_PARTS:
            return
        last, rows = list[Rows](), 0
        while self._buffer and (len(last) < MOST_PARTS // 2 or len(self._buffer[-1]) <= rows):
            last.append(_widened(self._buffer.pop(), len(self.family.tags)))
            rows += len(last[-1])
        self._buffer.append(join(last[::-1]))

    def _waiting_rows(self, asset: int, columns: Sequence[int], start: int, end: int) -> list[Rows]:
        with self._lock:
            self._join_last()
            parts = [*self._on_the_way, *self._buffer]
        found = []
        for part in parts:
            index = np.flatnonzero((part.asset == asset) & (part.time >= start) & (part.time < end))
            if len(index):
                part = _widened(part.take(index), max(len(self.family.tags), 1 + max(columns, default=0)))
                found.append(Rows(part.asset, part.time, part.values[:, list(columns)], part.status[:, list(columns)]))
        return found


def _widened(rows: Rows, width: int) -> Rows:
    """With further tags, MISSING."""
    more = width - rows.values.shape[1]
    if more <= 0:
        return rows
    values = np.concatenate([rows.values, np.full((len(rows), more), np.nan, dtype=rows.values.dtype)], axis=1)
    status = np.concatenate([rows.status, np.full((len(rows), more), Status.MISSING, dtype=np.uint8)], axis=1)
    return Rows(rows.asset, rows.time, values, status)

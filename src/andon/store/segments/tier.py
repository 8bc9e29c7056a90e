"""One level of one family: its files, packed together as their spans fill, and rolled up to the next level as they end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from andon.plant import rows as sampling
from andon.plant.errors import At, StoreError
from andon.plant.rows import Rows
from andon.store.segments import bins as binning
from andon.store.segments.bins import Bins
from andon.store.segments.family import LEVELS, Family
from andon.store.segments.files import Gone, SegmentFile, Where, read_bins, read_rows, write_bins, write_rows

Part = TypeVar("Part", Rows, Bins)
PACK_AT = 48
"""So many files of one span are packed together before it ends."""

_BLOCK_VALUES = 16_000_000
_TRIES = 5


class Tier(Generic[Part]):
    """Files of one level. Any thread may read, add and settle."""

    def __init__(
        self,
        folder: Path,
        family: Family,
        level: int,
        *,
        read: Callable[[Path, SegmentFile, Sequence[int], Any, Where], Part],
        write: Callable[[Path, Part], None],
        join: Callable[[Sequence[Part]], Part],
        tidy: Callable[[Part], Part],
        as_bins: Callable[[Part], Bins],
    ) -> None:
        self.folder = folder
        self.level = level
        self._family = family
        self._read: Callable[[Path, SegmentFile, Sequence[int], Any, Where], Part] = read
        self._write: Callable[[Path, Part], None] = write
        self._join: Callable[[Sequence[Part]], Part] = join
        self._tidy: Callable[[Part], Part] = tidy
        self._as_bins: Callable[[Part], Bins] = as_bins
        self._lock = threading.Lock()
        self._files: set[SegmentFile] = set()
        self._doomed: list[SegmentFile] = []
        self._first: dict[SegmentFile, int] = {}
        self._readers = 0
        self._list()
        for part in folder.glob(".*.part"):
            part.unlink(missing_ok=True)  # of a process that died while writing
        self._sequence = max((file.sequence for file in self._files), default=0)

    def add(self, part: Part, *, start: int, end: int, kind: str = "r", sequence: int | None = None) -> SegmentFile:
        """Write one file. `part` is tidy, not empty, and lies within one span.

        Raises
        ------
        StoreError : the disk refuses
        """
        width = (part.values if isinstance(part, Rows) else part.low).shape[1]
        number = self.next_sequence() if sequence is None else sequence
        file = SegmentFile(start, end, number, int(part.asset.min()), int(part.asset.max()), width, kind)
        self._write(self.folder / file.name, part)
        with self._lock:
            self._files.add(file)
        return file

    def next_sequence(self) -> int:
        """A number greater than those of all files there are."""
        with self._lock:
            self._sequence += 1
            return self._sequence

    def files(self) -> list[SegmentFile]:
        """All files, by time."""
        with self._lock:
            return sorted(self._files)

    def frontier(self) -> int | None:
        """ns up to where the level below was rolled up; None where nothing was."""
        with self._lock:
            return max((file.end for file in self._files), default=None)

    def first_in(self, file: SegmentFile) -> int | None:
        """ns of the first row of a file: its name may begin long before, with the span that it is made of. None where it is gone.

        Raises
        ------
        StoreError : the disk refuses, or the file is damaged
        """
        if file not in self._first:
            self._first = {known: first for known, first in self._first.items() if known in self._files}
            found = self.read(Where(file.first_asset, file.last_asset, file.start, file.end), ())
            if found is None:
                return None
            self._first[file] = int(found.time.min())
        return self._first[file]

    def covers(self, time: int) -> bool:
        """Whether a file is about an instant."""
        with self._lock:
            return any(file.start <= time < file.end for file in self._files)

    def read(self, where: Where, columns: Sequence[int]) -> Part | None:
        """What lies there, tidy; None where there is nothing.

        Raises
        ------
        StoreError : the disk refuses, or a file is damaged
        """
        with self._lock:
            self._readers += 1
        try:
            return self._read_where(where, columns)
        finally:
            with self._lock:
                self._readers -= 1
            self._unlink()

    def _read_where(self, where: Where, columns: Sequence[int]) -> Part | None:
        for _ in range(_TRIES):
            wanted = [
                file
                for file in self.files()
                if file.start < where.end
                and file.end > where.start
                and file.first_asset <= where.last_asset
                and file.last_asset >= where.first_asset
            ]
            try:
                parts = self._read_files(wanted, where, columns)
            except Gone:
                self._list()  # another process packed it into another one
                continue
            return self._tidy(self._join(parts)) if parts else None
        raise StoreError("segments vanish while they are read", at=At(file=str(self.folder)), do="let only one Andon use the folder")

    def settle(self, now: int, grace: int, above: Tier[Bins] | None, closed_before: int) -> int:
        """Pack the files of spans that have ended or have too many, and roll up those that have ended; how many spans.

        What was written is in its place before what it replaces is removed: a process that dies in between does it again.

        Parameters
        ----------
        now, grace : ns; a span has ended at its end + grace
        above : the next level, where there is one
        closed_before : ns; what comes late for a span that ended before is dropped: the rest may be gone, and what was made of it is not
        """
        spans: dict[tuple[int, int], list[SegmentFile]] = {}
        for file in self.files():
            spans.setdefault(self._family.span(self.level, file.start), []).append(file)
        done = 0
        for (start, end), files in sorted(spans.items()):
            waiting = [file for file in files if file.kind != "s"]
            ended = end + grace <= now
            if end <= closed_before and (len(waiting) < len(files) or (above is not None and above.covers(start))):
                self._remove(waiting)
            elif waiting and (ended or len(waiting) >= PACK_AT):
                self._pack(files, start, end, ended, above if ended else None)
                done += 1
        return done

    def expire(self, before: int) -> int:
        """Remove files of spans that ended before an instant; how many."""
        old = [file for file in self.files() if self._family.span(self.level, file.start)[1] <= before]
        self._remove(old)
        return len(old)

    def _pack(self, files: list[SegmentFile], start: int, end: int, ended: bool, above: Tier[Bins] | None) -> None:
        sequence = self.next_sequence()  # smaller than that of what comes in while we work
        width = max(file.tags for file in files)
        last = max(file.last_asset for file in files)
        per_asset = self._family.rows_a_span * width * (1 if self.level == 0 else 4)
        block = max(1, _BLOCK_VALUES // per_asset)
        bounds = (min(file.start for file in files), max(file.end for file in files))
        above_sequence = above.next_sequence() if above is not None else 0
        new = []
        for first in range(min(file.first_asset for file in files), last + 1, block):
            where = Where(first, min(first + block - 1, last), start, end)
            parts = self._read_files(files, where, range(width))
            if not parts:
                continue
            part = self._tidy(self._join(parts))
            new.append(self.add(part, start=bounds[0], end=bounds[1], kind="s" if ended else "p", sequence=sequence))
            if above is not None:
                rolled = binning.rolled_up(self._as_bins(part), self._family.bin_length(self.level + 1))
                above.add(rolled, start=start, end=end, sequence=above_sequence)
        self._remove(file for file in files if file not in new)

    def _read_files(self, files: Iterable[SegmentFile], where: Where, columns: Sequence[int]) -> list[Part]:
        dtype = np.float64 if self._family.wide else np.float32
        wanted = [file for file in files if file.first_asset <= where.last_asset and file.last_asset >= where.first_asset]
        parts = [
            self._read(self.folder / file.name, file, columns, dtype, where) for file in sorted(wanted, key=lambda file: file.sequence)
        ]
        return [part for part in parts if len(part)]

    def _remove(self, files: Iterable[SegmentFile]) -> None:
        with self._lock:
            gone = list(files)
            self._files.difference_update(gone)
            self._doomed += gone
        self._unlink()

    def _unlink(self) -> None:
        """Remove what is not read any more."""
        with self._lock:
            if self._readers:
                return
            doomed, self._doomed = self._doomed, []
        for file in doomed:
            with suppress(OSError):  # one that stays is packed again after a restart; nothing is counted twice
                (self.folder / file.name).unlink()

    def _list(self) -> None:
        """Look which files there are."""
        try:
            names = [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []
        except OSError as error:
            raise _refused(self.folder, error) from error
        with self._lock:
            self._files = {file for name in names if (file := SegmentFile.parse(name)) is not None} - set(self._doomed)


def rows_tier(folder: Path, family: Family) -> Tier[Rows]:
    """Level 0: the samples."""
    return Tier(folder, family, 0, read=read_rows, write=write_rows, join=sampling.join, tidy=sampling.merged, as_bins=binning.of_rows)


def bin_tiers(folder: Path, family: Family) -> list[Tier[Bins]]:
    """Levels 1 to `LEVELS`."""
    return [
        Tier(folder / str(level), family, level, read=read_bins, write=write_bins, join=binning.join, tidy=binning.newest, as_bins=_same)
        for level in range(1, LEVELS + 1)
    ]


def _same(bins: Bins) -> Bins:
    return bins


def _refused(folder: Path, error: OSError) -> StoreError:
    return StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(folder)), do="check the disk and try again")

"""Samples of all assets: written as batches, read as recordings and as traces for charts.

    <folder>/<family>/family.json        tags, assets, interval
    <folder>/<family>/0/*.parquet        samples
    <folder>/<family>/1..5/*.parquet     bins of 10, 100, ... intervals

Writing the same samples again changes nothing, so that a replay after a crash is harmless. Late samples are merged when they are
read, and come into the bins with the next `settle`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from andon.plant.arrays import FloatArray, IntArray, StatusArray, TimeArray
from andon.plant.batch import Batch
from andon.plant.errors import AskUserError, At, StoreError
from andon.plant.recording import Recording
from andon.plant.rows import Rows
from andon.plant.status import Status
from andon.plant.time import DAY_NS, MINUTE_NS
from andon.store.naming import file_name
from andon.store.segments import bins as binning
from andon.store.segments.family import FEW_VALUES, Family
from andon.store.segments.family_segments import FamilySegments
from andon.store.segments.trace import Trace, trace_of


@dataclass(frozen=True, slots=True)
class Keep:
    """How long samples and their roll-up stay, ns."""

    samples: int = 90 * DAY_NS
    levels: int = 3_650 * DAY_NS


class Segments:
    """A folder of samples, written by one process; any thread may write, flush, settle and read.

    Parameters
    ----------
    folder : made with the first flush
    keep : how long what stays
    grace : ns after the end of a span before it is rolled up
    """

    def __init__(self, folder: str | os.PathLike[str], *, keep: Keep | None = None, grace: int = 2 * MINUTE_NS) -> None:
        self.folder = Path(folder)
        self.keep = Keep() if keep is None else keep
        self._grace = grace
        self._lock = threading.Lock()
        self._families: dict[str, FamilySegments] = {}
        self._of_asset: dict[str, list[FamilySegments]] = {}
        self._puts: dict[tuple[str, tuple[str, ...], tuple[str, ...]], _Way] = {}
        self._ways: dict[tuple[tuple[str, ...], tuple[str, ...]], list[_Way]] = {}
        try:
            found = sorted(path.parent for path in self.folder.glob("*/family.json"))
        except OSError as error:
            raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(self.folder)), do="check the disk") from error
        for path in found:
            self._know(FamilySegments(path, Family.load(path)))

    def register(
        self,
        family: str,
        assets: Iterable[str],
        tags: Iterable[str],
        *,
        interval: int,
        wide: bool = False,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Say that assets are sisters with the same tags; what is known already stays and grows.

        Parameters
        ----------
        family : any name
        interval : ns between samples; of a family that is known its own stays
        wide : keep float64
        about : JSON values to keep with a new family

        Raises
        ------
        AskUserError : no interval
        """
        if interval <= 0:
            raise AskUserError("the interval of samples is longer than nothing")
        names, columns = list(assets), list(tags)
        with self._lock:
            known = self._families.get(family)
            if known is None:
                rows = 36_000 if len(names) * len(columns) <= FEW_VALUES else 3_600
                known = FamilySegments(self._path(family), Family(family, interval, rows, wide, about=dict(about or {})))
            known.grow(columns, names)
            self._know(known, names)

    def write(self, batch: Batch) -> None:
        """Take in samples. They are in files after the next `flush`, and can be read at once.

        An asset that was not registered becomes a family of its own.
        """
        for way in self._ways_of(batch.assets, batch.tags):
            number = way.number[batch.asset]
            if way.whole:
                way.family.put(number, batch.time, batch.values, batch.status, way.columns)
                continue
            index = np.flatnonzero(number >= 0)
            if len(index):
                way.family.put(number[index], batch.time[index], batch.values[index], batch.status[index], way.columns)

    def put(
        self,
        family: str,
        assets: tuple[str, ...],
        tags: tuple[str, ...],
        asset: IntArray,
        time: TimeArray,
        values: FloatArray,
        status: StatusArray,
    ) -> None:
        """Take in samples of a registered family, in its own precision.

        Parameters
        ----------
        asset : (N,) index into `assets`
        time : (N,) int64 ns
        values, status : (N, C) of `tags`
        """
        key = (family, assets, tags)
        way = self._puts.get(key)
        if way is None:
            with self._lock:
                known = self._families[family]
                known.grow(tags, assets)
                if any(known not in self._of_asset.get(name, ()) for name in assets):
                    self._know(known, assets)
                place = {tag: column for column, tag in enumerate(known.family.tags)}
                columns = None if tuple(known.family.tags) == tags else np.array([place[tag] for tag in tags], dtype=np.int64)
                number = np.array([known.family.assets[name] for name in assets], dtype=np.int32)
                way = self._puts[key] = _Way(known, number, True, columns)
        way.family.put(way.number[asset], time, values, status, way.columns)

    def flush(self) -> int:
        """Write what waits into files; the number of rows. Do it before a checkpoint that lets the journal go.

        Raises
        ------
        StoreError : the disk refuses; what was not written waits on
        """
        return sum(family.flush() for family in self._all())

    @property
    def waiting(self) -> int:
        """Values that are not in files yet."""
        return sum(family.waiting for family in self._all())

    def settle(self, now: int) -> int:
        """Pack files together, roll up spans that have ended, remove what is too old; how many spans were packed.

        Call it every minute or so, in any thread.

        Raises
        ------
        StoreError : the disk refuses; the next call goes on
        """
        before = (now - self.keep.samples, now - self.keep.levels)
        return sum(family.settle(now, self._grace, *before) for family in self._all())

    def assets(self) -> dict[str, tuple[str, ...]]:
        """asset -> its tags, in order of first appearance."""
        with self._lock:
            found = {asset: list(families) for asset, families in self._of_asset.items()}
        return {asset: tuple(dict.fromkeys(tag for family in families for tag in family.family.tags)) for asset, families in found.items()}

    def families(self, asset: str) -> list[tuple[str, Mapping[str, Any]]]:
        """name and `about` of the families that an asset is in, in the order in which it came into them."""
        with self._lock:
            return [(family.family.name, family.family.about) for family in self._of_asset.get(asset, [])]

    def extent(self, asset: str) -> tuple[int, int] | None:
        """start, end of the time that may hold samples of an asset's families; None where there are none."""
        with self._lock:
            families = list(self._of_asset.get(asset, []))
        found = [extent for family in families if (extent := family.extent()) is not None]
        return (min(start for start, _ in found), max(end for _, end in found)) if found else None

    def recording(self, asset: str, tags: Sequence[str], start: int, end: int, *, family: str | None = None) -> Recording:
        """All samples with start <= time < end; a tag that is not known is MISSING.

        Parameters
        ----------
        family : of this one only

        Raises
        ------
        StoreError : the disk refuses, or a file is damaged
        """
        parts = []
        for one, number, columns, places in self._homes(asset, tags, family):
            rows = one.samples(number, columns, start, end)
            values = np.full((len(rows), len(tags)), np.nan, dtype=rows.values.dtype)
            status = np.full((len(rows), len(tags)), Status.MISSING, dtype=np.uint8)
            values[:, places], status[:, places] = rows.values, rows.status
            parts.append(Rows(np.zeros(len(rows), dtype=np.int32), rows.time, values, status))
        if not parts:
            nothing = np.zeros((0, len(tags)), dtype=np.float32)
            return Recording(asset, tuple(tags), np.zeros(0, dtype=np.int64), nothing, nothing.astype(np.uint8))
        from andon.plant.rows import join, merged

        whole = merged(join(parts)) if len(parts) > 1 else parts[0]
        return Recording(asset, tuple(tags), whole.time, whole.values, whole.status)

    def read(self, asset: str, tags: Sequence[str], start: int, end: int, most_points: int = 2_000) -> Trace:
        """What a chart draws of start <= time < end: at most `most_points` points.

        Raises
        ------
        AskUserError : an empty stretch of time, or no points
        StoreError : the disk refuses, or a file is damaged
        """
        if end <= start or most_points < 1:
            raise AskUserError("a chart shows some time and some points", do="name a later end, and at least one point")
        parts, finest = [], 0
        for one, number, columns, places in self._homes(asset, tags, None, chart=True):
            extent = one.extent()
            if extent is None:
                continue
            level = one.level_for(max(start, extent[0]), min(end, extent[1]), most_points)
            begin = start // one.family.bin_length(level) * one.family.bin_length(level) if level else start
            found = one.bins(number, columns, begin, end, level)
            if level:
                finest = max(finest, one.family.bin_length(level))
            parts.append(_placed(found, places, len(tags)))
        if not parts:
            nothing = np.zeros((0, len(tags)), dtype=np.float32)
            parts.append(binning.of_rows(Rows(np.zeros(0, np.int32), np.zeros(0, np.int64), nothing, nothing.astype(np.uint8))))
        bins = binning.join(parts)
        if len(parts) > 1:
            order = np.argsort(bins.time, kind="stable")
            bins = _as_one(bins.take(order))
        return trace_of(asset, tags, bins, min(start, int(bins.time[0])) if len(bins) else start, end, most_points, finest)

    def _homes(self, asset: str, tags: Sequence[str], only: str | None, *, chart: bool = False) -> list[_Home]:
        """Where tags of an asset lie; for a chart only those families that have one of them."""
        with self._lock:
            families = [one for one in self._of_asset.get(asset, []) if only in (None, one.family.name)]
        found = []
        for one in families:
            at = {tag: column for column, tag in enumerate(one.family.tags)}
            places = [place for place, tag in enumerate(tags) if tag in at]
            if places or not chart:
                found.append(_Home(one, one.family.assets[asset], [at[tags[place]] for place in places], places))
        return found

    def _ways_of(self, assets: tuple[str, ...], tags: tuple[str, ...]) -> list[_Way]:
        ways = self._ways.get((assets, tags))
        if ways is not None:
            return ways
        with self._lock:
            for asset in assets:
                if asset not in self._of_asset:
                    known = FamilySegments(self._path(asset), Family(asset, MINUTE_NS), guessed=True)
                    known.grow(tags, [asset])
                    self._know(known, [asset])
            ways = []
            homes = [self._of_asset[asset][-1] for asset in assets]
            for family in dict.fromkeys(homes):
                family.grow(tags, [])
                number = np.array(
                    [family.family.assets[asset] if home is family else -1 for asset, home in zip(assets, homes, strict=True)],
                    dtype=np.int32,
                )
                same = tuple(family.family.tags[: len(tags)]) == tags
                columns = None if same else np.array([family.family.tags.index(tag) for tag in tags], dtype=np.int64)
                ways.append(_Way(family, number, bool((number >= 0).all()), columns))
            if len(self._ways) > 100_000:
                self._ways.clear()
            self._ways[assets, tags] = ways
        return ways

    def _know(self, family: FamilySegments, assets: Iterable[str] | None = None) -> None:
        self._families[family.family.name] = family
        for asset in family.family.assets if assets is None else assets:
            homes = self._of_asset.setdefault(asset, [])
            if family in homes:
                homes.remove(family)
            homes.append(family)
        self._ways.clear()
        self._puts.clear()

    def _all(self) -> list[FamilySegments]:
        with self._lock:
            return list(self._families.values())

    def _path(self, family: str) -> Path:
        return self.folder / file_name(family)


class _Home(NamedTuple):
    """Where tags of an asset lie: family, number of the asset, columns there, and their places among those asked for."""

    family: FamilySegments
    number: int
    columns: list[int]
    places: list[int]


@dataclass(frozen=True, slots=True)
class _Way:
    """How batches with certain names come into a family: numbers of the assets (-1: of another family), and columns."""

    family: FamilySegments
    number: IntArray
    whole: bool
    columns: IntArray | None


def _placed(bins: binning.Bins, places: Sequence[int], width: int) -> binning.Bins:
    """The same bins with columns for all tags that were asked for."""
    if list(places) == list(range(width)):
        return bins
    shape = (len(bins), width)
    low, high, mean = (np.full(shape, np.nan, dtype=bins.mean.dtype) for _ in range(3))
    count, status = np.zeros(shape, dtype=np.uint32), np.full(shape, Status.MISSING, dtype=np.uint8)
    for into, source in ((low, bins.low), (high, bins.high), (mean, bins.mean), (count, bins.count), (status, bins.status)):
        into[:, list(places)] = source
    return binning.Bins(np.zeros(len(bins), dtype=np.int32), bins.time, low, high, mean, count, status)


def _as_one(bins: binning.Bins) -> binning.Bins:
    """Bins at one time as one."""
    return binning.rolled_up(bins, 1)

"""A recording: what a historian exported for one asset, as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, FloatArray, StatusArray, TimeArray
from andon.plant.errors import At, ReadingError
from andon.plant.status import Status, is_valid


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the reader met and handled by a stated rule.

    Attributes
    ----------
    kind : stable short name, for example "duplicate-time"
    what : one sentence for people
    rule : how it was handled
    at : where it first happened
    count : how often
    args : further placeholders of the message `<room>.<kind>`, so that it can be said again in another language
    """

    kind: str
    what: str
    rule: str
    at: At = field(default_factory=At)
    count: int = 1
    args: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """Time, values and status of the tags of one asset.

    Attributes
    ----------
    asset : name of the asset
    tags : C tag ids, in the order of the columns
    time : (T,) int64 ns UTC, strictly increasing
    values : (T, C) float32; NaN where status is MISSING or the value is unreadable. float64 where float32
        would lose the steps of a tag (a counter of 1e9), see docs/decisions.
    status : (T, C) uint8, members of `Status`
    units : C units as exported, empty text where unknown
    texts : for category tags only, tag -> texts; the value is the index into them
    problems : what the reader met
    files : the files it came from
    """

    asset: str
    tags: tuple[str, ...]
    time: TimeArray
    values: FloatArray
    status: StatusArray
    units: tuple[str, ...] = ()
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rows, width = len(self.time), len(self.tags)
        if self.values.shape != (rows, width) or self.status.shape != (rows, width):
            raise ReadingError(
                f"values {self.values.shape} and status {self.status.shape} do not fit {rows} times and {width} tags",
                do="pass values and status of shape (times, tags)",
            )
        if len(set(self.tags)) != width:
            twice = sorted({tag for tag in self.tags if self.tags.count(tag) > 1})
            raise ReadingError(f"tag ids stand twice: {', '.join(twice[:5])}", do="give every tag one column")
        if rows > 1 and not bool((np.diff(self.time) > 0).all()):
            raise ReadingError("time is not strictly increasing", do="use andon.read, which sorts and reports duplicates")

    @classmethod
    def from_arrays(cls, asset: str, tags: Iterable[str], time: TimeArray, values: FloatArray, **more: object) -> Recording:
        """A recording from plain arrays: finite values are GOOD, all others MISSING."""
        values = np.ascontiguousarray(values, dtype=np.float64 if values.dtype == np.float64 and _needs_float64(values) else np.float32)
        finite = np.isfinite(values)
        status = np.where(finite, np.uint8(Status.GOOD), np.uint8(Status.MISSING))
        clean = np.where(finite, values, np.array(np.nan, dtype=values.dtype))
        return replace(cls(asset, tuple(tags), np.asarray(time, dtype=np.int64), clean, status), **more)  # type: ignore[arg-type]

    @property
    def rows(self) -> int:
        """T, the number of time stamps."""
        return len(self.time)

    def valid(self) -> BoolArray:
        """(T, C) True where a value may be used."""
        return is_valid(self.status) & np.isfinite(self.values)

    def column(self, tag: str) -> Float64Array:
        """(T,) values of one tag, NaN where not valid."""
        at = self.tags.index(tag)
        good = is_valid(self.status[:, at])
        return np.where(good, self.values[:, at].astype(np.float64), np.nan)

    def between(self, start: int | None, end: int | None) -> Recording:
        """The rows with start <= time < end (ns)."""
        low = 0 if start is None else int(np.searchsorted(self.time, start, side="left"))
        high = self.rows if end is None else int(np.searchsorted(self.time, end, side="left"))
        return replace(self, time=self.time[low:high], values=self.values[low:high], status=self.status[low:high])

    def select(self, tags: Iterable[str]) -> Recording:
        """Those tags, in that order; a tag that is absent is MISSING throughout."""
        wanted = tuple(tags)
        at = {tag: index for index, tag in enumerate(self.tags)}
        values = np.full((self.rows, len(wanted)), np.nan, dtype=self.values.dtype)
        status = np.full((self.rows, len(wanted)), Status.MISSING, dtype=np.uint8)
        for column, tag in enumerate(wanted):
            if tag in at:
                values[:, column] = self.values[:, at[tag]]
                status[:, column] = self.status[:, at[tag]]
        units = tuple(self.units[at[tag]] if tag in at and self.units else "" for tag in wanted)
        return replace(self, tags=wanted, values=values, status=status, units=units)


def _needs_float64(values: FloatArray) -> bool:
    """True where the smallest step of a column is lost in float32."""
    with np.errstate(invalid="ignore", over="ignore"):
        largest = np.nanmax(np.abs(np.where(np.isfinite(values), values, 0.0)), axis=0, initial=0.0)
        span = np.nanmax(np.where(np.isfinite(values), values, -np.inf), axis=0, initial=-np.inf) - np.nanmin(
            np.where(np.isfinite(values), values, np.inf), axis=0, initial=np.inf
        )
        resolution = largest * np.float64(np.finfo(np.float32).eps)
    return bool(np.any((span > 0) & np.isfinite(span) & (resolution > 1e-3 * span)))

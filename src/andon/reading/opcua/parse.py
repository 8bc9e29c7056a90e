"""From data values of a server to batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from andon.plant.batch import Batch
from andon.plant.status import Status, from_opc_ua
from andon.plant.time import NS
from andon.reading.payload.fault import Fault
from andon.reading.payload.pivot import from_readings
from andon.reading.payload.value import read_value

OVERFLOW = 0x80  # info bit of a status code: the server's queue was full, values before this one are lost
NO_VALUE_YET = 0x80320000  # BadWaitingForInitialData
DATA_VALUE = 0x400  # the info bits are about a data value
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """One value of one node as the server told it.

    Attributes
    ----------
    asset, tag : whose
    value : as the server gave it
    code : OPC UA status code
    source, server : ns UTC; None where the server gave none
    """

    asset: str
    tag: str
    value: Any
    code: int
    source: int | None
    server: int | None

    @property
    def time(self) -> int | None:
        """Source time, else server time."""
        return self.source if self.source is not None else self.server


def to_ns(moment: datetime | None) -> int | None:
    """ns UTC of a time as asyncua gives it (UTC, with or without its zone); OPC's own zero is no time."""
    if moment is None or moment.year < 1700 or moment.year > 2261:
        return None
    delta = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * NS + delta.microseconds * 1_000


def to_moment(ns: int) -> datetime:
    """The time as asyncua takes it."""
    return datetime.fromtimestamp(ns // NS, tz=UTC).replace(microsecond=ns % NS // 1_000)


def change_of(asset: str, tag: str, data: Any) -> Change:
    """A change from asyncua's DataValue."""
    value = data.Value.Value if data.Value is not None else None
    code = data.StatusCode.value if data.StatusCode is not None else 0
    return Change(asset, tag, value, int(code), to_ns(data.SourceTimestamp), to_ns(data.ServerTimestamp))


def lost_before(change: Change) -> bool:
    """Whether the server says that it lost values before this one."""
    return change.code & (DATA_VALUE | OVERFLOW) == DATA_VALUE | OVERFLOW


def has_value(change: Change) -> bool:
    """Whether the server has a value at all: a node that waits for its first one says so."""
    return change.code & 0xFFFF0000 != NO_VALUE_YET


def to_batch(changes: Sequence[Change], source: str, received: int, most_values: int) -> tuple[Batch | None, tuple[Fault, ...]]:
    """A batch of changes, and what of them could not be read. Never raises `Unreadable`: the caller bounds the number of changes.

    Parameters
    ----------
    changes : in the order in which they came
    received : ns UTC
    """
    faults: dict[str, Fault] = {}

    def fault(reason: str, detail: str) -> None:
        first = faults.get(reason)
        faults[reason] = Fault(reason, first.detail if first else detail, (first.count if first else 0) + 1)

    rows: list[tuple[str, str, int, float, int]] = []
    for change in changes:
        time = change.time
        if time is None:
            fault("no-time", f"{change.asset} {change.tag}: neither source nor server time")
            continue
        value, status, readable = read_value(change.value)
        if not readable or (change.value is not None and not isinstance(change.value, bool | int | float | str)):
            fault("wrong-value", f"{change.asset} {change.tag}: {str(change.value)[:60]!r} is no number")
        said = int(from_opc_ua(np.array([change.code], dtype=np.uint64))[0])
        if status == Status.GOOD or (status == Status.MISSING and said == Status.BAD):
            status = said
        rows.append((change.asset, change.tag, time, value, status))
    if not rows:
        return None, tuple(faults.values())
    assets, tags, times, values, marks = zip(*rows, strict=True)
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = np.array(values, dtype=np.float64).astype(np.float32)
    status_of = np.array(marks, dtype=np.uint8)
    nan = np.isnan(numbers) & (status_of != Status.BAD)
    status_of[nan] = Status.MISSING
    status_of[np.isinf(numbers)] = Status.BAD
    numbers[~np.isfinite(numbers)] = np.nan
    batch = from_readings(source, received, assets, tags, np.array(times, dtype=np.int64), numbers, status_of, most_values=most_values)
    return batch, tuple(faults.values())

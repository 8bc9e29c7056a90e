"""Local times become UTC: the repeated hour by order, the hour that does not exist by a rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from andon.plant.arrays import BoolArray, Int64Array, TimeArray
from andon.plant.time import DAY_NS, HOUR_NS, NS
from andon.plant.time import zone as zone_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _offset(where: tzinfo, second: int) -> int:
    found = (_EPOCH + timedelta(seconds=second)).astimezone(where).utcoffset()
    return 0 if found is None else found.days * 86_400 + found.seconds


def transitions(zone: str, first: int, last: int) -> tuple[Int64Array, Int64Array]:
    """When the offset of a zone changes.

    Parameters
    ----------
    zone : IANA name
    first, last : ns UTC

    Returns
    -------
    when : (N,) int64 ns UTC
    offset : (N + 1,) int64 ns, before the first, between, and after the last
    """
    where = zone_of(zone)
    low, high = max(first // NS - 172_800, -60_000_000_000), min(last // NS + 172_800, 250_000_000_000)
    at, offsets = low, [_offset(where, low)]
    when: list[int] = []
    while at < high:
        after = min(at + 7 * 86_400, high)
        if _offset(where, after) != offsets[-1]:
            left, right = at, after
            while right - left > 1:
                middle = (left + right) // 2
                if _offset(where, middle) == offsets[-1]:
                    left = middle
                else:
                    right = middle
            when.append(right)
            offsets.append(_offset(where, right))
            at = right
        else:
            at = after
    return np.array(when, dtype=np.int64) * NS, np.array(offsets, dtype=np.int64) * NS


@dataclass(frozen=True, slots=True)
class InUtc:
    """Local times in UTC.

    Attributes
    ----------
    time : (N,) int64 ns UTC
    folded : rows in a repeated hour
    unsure : those of them where order could not tell the first pass from the second: only one pass is there
    skipped : (N,) bool, the local time does not exist; read with the offset before the change, so one hour later
    """

    time: TimeArray
    folded: int
    unsure: int
    skipped: BoolArray


def to_utc(local: TimeArray, zone: str) -> InUtc:
    """UTC of local times, in the order in which they were written.

    In the hour that comes twice, a row belongs to the second pass from the point where time repeats or goes back; where
    only one pass is there, it joins the side to which the gap is smaller. Rows written newest first are read backwards.
    """
    local = np.asarray(local, dtype=np.int64)
    nothing = np.zeros(len(local), dtype=bool)
    if zone.upper() in ("UTC", "Z") or len(local) == 0:
        return InUtc(local, 0, 0, nothing)
    when, offset = transitions(zone, int(local.min()) - DAY_NS, int(local.max()) + DAY_NS)
    if len(when) == 0:
        return InUtc(local - offset[0], 0, 0, nothing)
    before, after = offset[:-1], offset[1:]
    edge = when + np.maximum(before, after)
    at = np.searchsorted(edge, local, side="right")
    utc = local - offset[at]
    near = np.minimum(at, len(when) - 1)
    back = (after < before)[near] & (local >= (when + after)[near]) & (local < edge[near])
    skipped = (after > before)[near] & (local >= (when + before)[near]) & (local < edge[near])
    rows = np.flatnonzero(back)
    if rows.size == 0:
        return InUtc(utc, 0, 0, skipped)
    reverse = bool(np.median(np.sign(np.diff(local))) < 0) if len(local) > 2 else False
    shift = (before - after)[near]
    unsure = 0
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        order = run[::-1] if reverse else run
        steps = np.diff(local[order])
        turn = np.flatnonzero(steps <= 0)
        if turn.size:
            late = order[int(turn[0]) + 1 :]
        else:
            previous, following = (order[0] + 1, order[-1] - 1) if reverse else (order[0] - 1, order[-1] + 1)
            left = abs(int(utc[order[0]] - utc[previous])) if 0 <= previous < len(utc) else HOUR_NS
            right = abs(int(utc[following] - utc[order[-1]]) - int(shift[order[0]])) if 0 <= following < len(utc) else HOUR_NS
            late = order if right < left else order[:0]
            unsure += len(order)
        utc[late] += shift[late]
    return InUtc(utc, len(rows), unsure, skipped)


def set_back_at(local: TimeArray) -> int:
    """The row where a clock on the wall was set back by an hour, as daylight saving does; -1 where none.

    Only a step back to one sampling interval after an hour ago, on a Sunday between midnight and four, in March, April,
    September, October or November counts: these are the nights in which zones end their summer time.
    """
    local = np.asarray(local, dtype=np.int64)
    if len(local) < 4:
        return -1
    steps = np.diff(local)
    forward = steps[steps > 0]
    if forward.size < 2 * (steps.size // 3):
        return -1
    interval = int(np.median(forward))
    if interval > HOUR_NS:
        return -1
    for row in np.flatnonzero(steps == interval - HOUR_NS):
        moment = _EPOCH + timedelta(microseconds=int(local[row + 1]) // 1_000)
        repeats = interval < HOUR_NS or row == 0 or steps[row - 1] > 0
        if repeats and moment.weekday() == 6 and moment.hour < 4 and moment.month in (3, 4, 9, 10, 11):
            return int(row) + 1
    return -1

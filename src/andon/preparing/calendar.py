"""The calendar of a site: local time of ticks, and maintenance windows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from andon.plant.arrays import BoolArray, Float32Array, Int64Array, TimeArray
from andon.plant.file.schema import DAYS, Maintenance, PlantFile
from andon.plant.time import DAY_NS, MINUTE_NS, NS, zone
from andon.preparing.preparation import Window

_QUARTER_NS = 15 * MINUTE_NS  # zones change their offset at quarters of an hour


@lru_cache(maxsize=200_000)
def _offset_at(zone_name: str, instant_s: int) -> int:
    offset = datetime.fromtimestamp(instant_s, tz=zone(zone_name)).utcoffset() or timedelta(0)
    return round(offset.total_seconds()) * NS


def local_ns(time: TimeArray, zone_name: str) -> Int64Array:
    """(T,) local wall-clock time as ns since a local 1970-01-01, for times of day and of week."""
    time = np.asarray(time, dtype=np.int64)
    if zone_name.upper() in ("UTC", "Z") or len(time) == 0:
        return time
    days = time // DAY_NS
    out = np.empty_like(time)
    for day in np.unique(days).tolist():
        rows = days == day
        begin, end = _offset_at(zone_name, day * 86_400), _offset_at(zone_name, (day + 1) * 86_400)
        if begin == end:
            out[rows] = time[rows] + begin
            continue
        quarters = time[rows] // _QUARTER_NS
        offsets = {quarter: _offset_at(zone_name, quarter * _QUARTER_NS // NS) for quarter in np.unique(quarters).tolist()}
        out[rows] = time[rows] + np.array([offsets[quarter] for quarter in quarters.tolist()], dtype=np.int64)
    return out


def calendar_context(time: TimeArray, zone_name: str) -> Float32Array:
    """(T, 4) sine and cosine of the hour of day and of the day of week, local time; Monday 00:00 is phase 0."""
    local = local_ns(time, zone_name)
    day = 2 * np.pi * ((local % DAY_NS) / DAY_NS)
    week = 2 * np.pi * (((local + 3 * DAY_NS) % (7 * DAY_NS)) / (7 * DAY_NS))  # 1970-01-01 was a Thursday
    return np.stack([np.sin(day), np.cos(day), np.sin(week), np.cos(week)], axis=1).astype(np.float32)


def calendar_row(time: int, zone_name: str) -> tuple[float, float, float, float]:
    """The row of `calendar_context` for one time."""
    local = time
    if zone_name.upper() not in ("UTC", "Z"):
        local += _offset_at(zone_name, time // _QUARTER_NS * _QUARTER_NS // NS)
    day, week = 2 * np.pi * ((local % DAY_NS) / DAY_NS), 2 * np.pi * (((local + 3 * DAY_NS) % (7 * DAY_NS)) / (7 * DAY_NS))
    return math.sin(day), math.cos(day), math.sin(week), math.cos(week)


def windows_of(plant: PlantFile) -> tuple[tuple[str, Window], ...]:
    """Maintenance windows by asset; the asset "" is all."""
    return tuple((asset, _window(item, plant.site.zone)) for item in plant.maintenance for asset in (item.assets or ("",)))


def _window(item: Maintenance, site_zone: str) -> Window:
    days = tuple(sorted(DAYS.index(day) for day in item.days))
    return Window(item.every, item.start, item.end, days, item.day, item.at_ns or 0, item.lasts_ns or 0, item.zone or site_zone)


@lru_cache(maxsize=10_000)
def _occurrence(window: Window, ordinal: int) -> tuple[int, int] | None:
    """start, end (ns UTC) of a recurring window that begins on that local date; None where none does."""
    day = date.fromordinal(ordinal)
    if window.every == "week" and day.weekday() not in window.days:
        return None
    if window.every == "month" and day.day != window.day:
        return None
    seconds, rest = divmod(window.at_ns, NS)
    wall = datetime(day.year, day.month, day.day, tzinfo=zone(window.zone)) + timedelta(seconds=seconds)
    start = round((wall.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * NS + rest
    if (window.start is not None and start < window.start) or (window.end is not None and start >= window.end):
        return None
    return start, start + window.lasts_ns


def in_maintenance(windows: Iterable[tuple[str, Window]], asset: str, time: TimeArray) -> BoolArray:
    """(T,) True inside a maintenance window of the asset: start <= time < end. `time` is not decreasing."""
    out = np.zeros(len(time), dtype=bool)
    if len(time) == 0:
        return out
    for owner, window in windows:
        if owner not in ("", asset):
            continue
        if window.every == "once":
            out |= (time >= (window.start or 0)) & (time < (window.end or 0))
            continue
        epoch = date(1970, 1, 1).toordinal()
        low = epoch + (int(time[0]) - window.lasts_ns) // DAY_NS - 1
        high = epoch + int(time[-1]) // DAY_NS + 1
        for ordinal in range(low, high + 1):
            found = _occurrence(window, ordinal)
            if found is not None:
                begin, end = np.searchsorted(time, found, side="left")
                out[begin:end] = True
    return out

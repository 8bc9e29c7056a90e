"""What repeats every day and every week: hourly means, and the share of a tag's variance that a profile foretells."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from andon.auditing.finding import Finding, TagStatistics, make_finding
from andon.auditing.series import Series
from andon.plant.arrays import Float32Array, Float64Array, Int64Array
from andon.plant.tag import Role
from andon.plant.time import HOUR_NS
from andon.plant.time import zone as zone_of

MOST_HOURS = 200_000  # 22 years; beyond, the calendar of a recording is not believed
FEWEST_DAYS = 6
FEWEST_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hours of a recording.

    Attributes
    ----------
    first : number of the first hour since the epoch, UTC
    day, hour, weekday : (N,) local day number from 0, hour of the day 0-23, weekday 0-6 of each hour
    """

    first: int
    day: Int64Array
    hour: Int64Array
    weekday: Int64Array


def calendar_of(start: int, end: int, zone: str) -> Calendar | None:
    """The hours from `start` to `end` in a zone; None where they are fewer than four days or more than 22 years."""
    first, last = start // HOUR_NS, end // HOUR_NS
    count = last - first + 1
    if count < 96 or count > MOST_HOURS:
        return None
    tz = zone_of(zone)
    local = [datetime.fromtimestamp((first + k) * 3600, tz=UTC).astimezone(tz) for k in range(count)]
    origin = local[0].date().toordinal()
    return Calendar(
        int(first),
        np.array([moment.date().toordinal() - origin for moment in local], dtype=np.int64),
        np.array([moment.hour for moment in local], dtype=np.int64),
        np.array([moment.weekday() for moment in local], dtype=np.int64),
    )


def hourly_means(series: Series, calendar: Calendar | None) -> Float32Array:
    """(N,) mean of the valid samples in each hour of the calendar, NaN where there is none; scaled to unit robust spread."""
    if calendar is None or series.value.size == 0:
        return np.zeros(0, dtype=np.float32)
    count = calendar.day.size
    at = series.time // HOUR_NS - calendar.first
    low, high = series.quantile(0.001), series.quantile(0.999)
    value = np.clip(series.value, low, high) - low
    number = np.bincount(at, minlength=count)
    total = np.bincount(at, weights=value, minlength=count)
    out = np.full(count, np.nan, dtype=np.float32)
    has = number > 0
    out[has] = total[has] / number[has] / ((high - low) or 1.0)
    return out


def profiles(hourly: Float32Array, calendar: Calendar) -> Float64Array:
    """The hourly means as days.

    Parameters
    ----------
    hourly : (N, C)

    Returns
    -------
    (D, 24, C) float64; NaN where there is no value, and throughout days with fewer than 6 hours
    """
    days = int(calendar.day.max()) + 1
    cube = np.full((days, 24, hourly.shape[1]), np.nan)
    cube[calendar.day, calendar.hour] = hourly
    few = np.isfinite(cube).sum(axis=1) < 6
    cube.transpose(0, 2, 1)[few] = np.nan
    return cube


def seasonal_shares(hourly: Float32Array, calendar: Calendar) -> tuple[Float64Array, Float64Array]:
    """Share of variance that the profile of the *other* days (weeks) foretells.

    Every day is compared with the mean of all others, so that noise, however slow, has a share of about zero.
    The week is judged on what the day's profile leaves, relative to the variance within weeks.

    Parameters
    ----------
    hourly : (N, C) float32

    Returns
    -------
    daily, weekly : (C,) float64, 0 where not significant (share x cycles below 5) or too few cycles
    """
    width = hourly.shape[1]
    daily, weekly = np.zeros(width), np.zeros(width)
    cube = profiles(hourly, calendar)
    daily, profile = _foretold(cube, FEWEST_DAYS)
    weeks = cube.shape[0] // 7
    if weeks >= FEWEST_WEEKS:
        inside = cube - np.where(np.isfinite(profile), profile, 0.0)[None]
        by_week = inside[: weeks * 7].reshape(weeks, 7 * 24, width)
        weekly, _ = _foretold(by_week, FEWEST_WEEKS)
    return daily, weekly


def check_seasons(stats: TagStatistics, role: Role) -> Iterator[Finding]:
    """Finding "seasonal": a good part of the tag repeats with the day or the week."""
    if role is not Role.MEASURED or max(stats.daily, stats.weekly) < 0.2:
        return
    weight = 0.1 + 0.25 * max(stats.daily, stats.weekly)
    yield make_finding("seasonal", stats.tag, weight, daily=stats.daily, weekly=stats.weekly)


def _foretold(cycles: Float64Array, fewest: int) -> tuple[Float64Array, Float64Array]:
    """Leave-one-out share of variance explained by the mean cycle, and that cycle.

    Parameters
    ----------
    cycles : (D, P, C) with NaN

    Returns
    -------
    share : (C,) float64, >= 0
    profile : (P, C)
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means of nothing are NaN, as wanted
        x = cycles - np.nanmean(cycles, axis=1, keepdims=True)
        number = np.isfinite(x).sum(axis=0)
        profile = np.nanmean(x, axis=0)
    number = np.where(number < fewest, 0, number)
    factor = np.where(number > 1, number / np.maximum(number - 1, 1), np.nan)
    left = (x - profile[None]) * factor[None]
    both = np.isfinite(left)
    power = np.where(both, x, 0.0) ** 2
    error = np.where(both, left, 0.0) ** 2
    total = power.sum(axis=(0, 1))
    share = np.where(total > 0, 1.0 - error.sum(axis=(0, 1)) / np.where(total > 0, total, 1.0), 0.0)
    met = np.isfinite(x).any(axis=1).sum(axis=0)
    share = np.where((share * met >= 5.0) & (met >= fewest), share, 0.0)
    return share, profile

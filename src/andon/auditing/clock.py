"""The clock of a recording: its sampling interval, drift, uneven rows, and mistakes with the time zone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from andon.auditing.finding import Finding, TagStatistics, duration_text, instant_text, make_finding, number_text
from andon.auditing.seasons import Calendar, profiles
from andon.auditing.statistics import nice_duration
from andon.plant.arrays import Float32Array, Float64Array, TimeArray
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, NS
from andon.plant.time import zone as zone_of

# One zone for each rule of clock changes that many plants live under.
FAMILIES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Santiago")
_STRONG = 0.25  # share of daily variance from which a tag's profile tells the time
_SPAN = 14  # days compared on either side of a change


def row_interval(time: TimeArray) -> int:
    """The usual time between rows, as a customary duration where it is within 3 % of one; 1 s where there are no two rows."""
    if time.size < 2:
        return NS
    return nice_duration(float(np.median(np.diff(time))))


def suggest_interval(rows_ns: int, statistics: Sequence[TagStatistics]) -> int:
    """The sampling interval to work on: that of the faster quarter of tags, never below that of the rows."""
    spacing = [row.spacing_ns for row in statistics if row.valid > 2 and not row.constant]
    if not spacing:
        return rows_ns
    return max(rows_ns, nice_duration(float(np.quantile(spacing, 0.25))))


def check_clock(time: TimeArray, zone: str) -> Iterator[Finding]:
    """Findings "clock-drift", "uneven", and "zone-gap" of the whole recording.

    Parameters
    ----------
    time : (T,) int64 ns, strictly increasing
    """
    if time.size < 20:
        return
    spacing = np.diff(time)
    usual = float(np.median(spacing))
    nominal = nice_duration(usual)
    regular = np.abs(spacing - nominal) < 0.2 * nominal
    uneven = 1.0 - float(np.mean(np.abs(spacing - nominal * np.maximum(np.rint(spacing / nominal), 1)) < 0.2 * nominal))
    if uneven > 0.05:
        yield make_finding("uneven", None, 0.15, share=uneven, usual=duration_text(usual))
    if float(regular.mean()) > 0.8:
        drift = float(np.mean(spacing[regular]) / nominal - 1.0)
        lost = drift * nominal * int(regular.sum())
        if abs(drift) > 2e-5 and abs(lost) > nominal and float(np.std(spacing[regular])) < 0.02 * nominal:
            yield make_finding(
                "clock-drift", None, 0.3, ppm=number_text(abs(drift) * 1e6), nominal=duration_text(nominal), lost=duration_text(abs(lost))
            )
    yield from _hour_gaps(time, spacing, nominal, zone)


def check_pattern_shift(
    hourly: Float32Array, daily: Float64Array, calendar: Calendar, zone: str
) -> Iterator[Finding]:  # fmt: skip
    """Finding "zone-shift": the daily pattern moves by whole hours on one day and stays there.

    The mean profile of the fourteen days before each midnight is compared with that of the fourteen after, over all
    tags with a strong daily pattern; a shift is believed where it fits far better than no shift, and far better than
    on other days.

    Parameters
    ----------
    hourly : (N, C) hourly means
    daily : (C,) share of the variance that repeats daily
    """
    strong = np.argsort(daily)[::-1][:24]
    strong = strong[daily[strong] >= _STRONG]
    if strong.size == 0:
        return
    cube = profiles(hourly[:, strong], calendar)
    if cube.shape[0] <= 2 * _SPAN:
        return
    seasonal = [_with_the_clock(cube[:, :, column : column + 1], calendar) for column in range(min(strong.size, 8))]
    family, found = max(seasonal, key=lambda item: len(item[1]))
    # In a zone that changes its own clock there, what moves follows the sun, and rightly so.
    enough = len(found) >= 2 or (found and cube.shape[0] < 200)  # a year has two changes; one shift alone may be chance
    if enough and not any(_zone_changes(zone, moment) for moment in found):
        yield make_finding(
            "zone-shift-season", None, 0.3 + 0.1 * min(len(found), 3), f'[site]\nzone = "{family}"', count=len(found),
            day=instant_text(found[0], zone)[:10], tags=sum(bool(days) for _, days in seasonal), family=family, zone=zone,
        )  # fmt: skip
    for at, hours in pattern_shifts(cube):
        moment = (calendar.first + int(np.flatnonzero(calendar.day == at)[0])) * HOUR_NS
        if abs(hours) > 1 or not _family_near(moment, 4 * DAY_NS):
            yield make_finding("zone-shift", None, 0.6, hours=abs(hours), day=instant_text(moment, zone)[:10], tags=int(strong.size))


def pattern_shifts(cube: Float64Array) -> list[tuple[int, int]]:
    """Days on which the daily profile moves by whole hours, and by how many.

    The profile of the fourteen days after must be that of the fourteen before, rolled: the gain in correlation is at
    least 70 % of what rolling a profile by that much changes, no worse a fit than neighbouring fortnights usually
    have, and six standard deviations beyond what rolling by as much brings on other days. Day by day, seven in ten of
    the days after must fit the rolled profile better, and of the days before the plain one. So the slow change of a
    pattern with the season is none.

    Parameters
    ----------
    cube : (D, 24, C) float64, NaN where missing

    Returns
    -------
    list of (day, hours); `day` is the first with the new clock
    """
    filled = np.where(np.isfinite(cube), cube, 0.0)
    total = np.concatenate((np.zeros((1, *cube.shape[1:])), np.cumsum(filled, axis=0)))
    number = np.concatenate((np.zeros((1, *cube.shape[1:])), np.cumsum(np.isfinite(cube), axis=0)))
    with np.errstate(invalid="ignore", divide="ignore"):
        fortnight = (total[_SPAN:] - total[:-_SPAN]) / (number[_SPAN:] - number[:-_SPAN])
    fortnight = _unit(np.asarray(fortnight, dtype=np.float64))
    before, after = fortnight[:-_SPAN], fortnight[_SPAN:]
    lags = [lag for lag in range(-12, 12) if lag]
    plain = _fit(before, after)
    fits = np.stack([_fit(np.roll(before, lag, axis=1), after) for lag in lags])
    itself = np.stack([_fit(np.roll(before, lag, axis=1), before) for lag in lags])
    best = fits.argmax(axis=0)
    rows = np.arange(plain.size)
    gain = fits[best, rows] - plain
    whole = 1.0 - itself[best, rows]
    usual = float(np.median(np.maximum(plain, fits[best, rows])))
    typical = fits - plain
    centre = np.median(typical, axis=1, keepdims=True)
    scatter = centre - np.quantile(typical, 0.16, axis=1, keepdims=True)  # the side that a true shift leaves alone
    unusual = ((typical - centre) / np.maximum(scatter, 1e-9))[best, rows] >= 6
    believable = unusual & (gain >= 0.7 * whole) & (gain > 0.01) & (fits[best, rows] >= min(usual - 0.05, 0.97)) & (fits[best, rows] > 0.8)
    days = _unit(cube)
    out: list[tuple[int, int]] = []
    for at in np.argsort(-gain):
        if not believable[at] or any(abs(at + _SPAN - day) < _SPAN for day, _ in out):
            continue
        lag = lags[int(best[at])]
        rolled = np.roll(before[at], lag, axis=0)
        better = [_fit(rolled[None], days[day][None])[0] > _fit(before[at][None], days[day][None])[0] for day in range(at, at + 2 * _SPAN)]
        if sum(better[_SPAN:]) >= 0.7 * _SPAN and sum(better[:_SPAN]) <= 0.3 * _SPAN:
            out.append((int(at) + _SPAN, lag))
    return sorted(out)


def _with_the_clock(cube: Float64Array, calendar: Calendar) -> tuple[str, list[int]]:
    """Moments at which the pattern of one tag moves by an hour about when the clocks of a family change."""
    met: dict[str, list[int]] = {}
    for at, hours in pattern_shifts(cube):
        moment = (calendar.first + int(np.flatnonzero(calendar.day == at)[0])) * HOUR_NS
        family = _family_near(moment, 4 * DAY_NS) if abs(hours) == 1 else ""
        if family:
            met.setdefault(family, []).append(moment)
    return max(met.items(), key=lambda item: len(item[1])) if met else ("", [])


def _unit(profile: Float64Array) -> Float64Array:
    """Profiles of mean zero and unit length over the 24 hours; zero where hours are missing.

    Parameters
    ----------
    profile : (D, 24, C)
    """
    centred = profile - profile.mean(axis=1, keepdims=True)
    centred = np.where(np.isfinite(centred), centred, 0.0)
    length = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    return np.asarray(centred / np.where(length > 0, length, 1.0), dtype=np.float64)


def _fit(first: Float64Array, second: Float64Array) -> Float64Array:
    """(D,) mean correlation of unit profiles over the tags."""
    return np.asarray((first * second).sum(axis=1).mean(axis=1), dtype=np.float64)


def _hour_gaps(time: TimeArray, spacing: TimeArray, nominal: int, zone: str) -> Iterator[Finding]:
    """An hour that is missing on the night of a clock change: local time was read as if it had no changes."""
    if nominal > HOUR_NS:
        return
    missing = np.flatnonzero(np.abs(spacing - nominal - HOUR_NS) <= max(0.05 * nominal, 1.0))
    if missing.size == 0 or missing.size > 40:
        return
    nights: dict[str, list[int]] = {}
    for at in missing:
        # The moment is read as local clock time; the change of a family is looked up in that clock as well.
        family = _family_at_local(int(time[at]))
        if family:
            nights.setdefault(family, []).append(int(time[at]))
    if not nights:
        return
    family = max(nights, key=lambda name: len(nights[name]))
    found = nights[family]
    weight = 0.5 + 0.3 * min(1.0, (len(found) - 1) / 2)
    toml = f'[files]\nzone = "{family}"'
    yield make_finding("zone-gap", None, weight, toml, count=len(found), first=instant_text(found[0], zone), family=family)


def _changes(family: str, year: int) -> list[tuple[datetime, bool]]:
    """Clock changes of a year as (UTC moment of the change, forward)."""
    tz, out = zone_of(family), []
    moment = datetime(year, 1, 1, tzinfo=UTC)
    before = moment.astimezone(tz).utcoffset()
    for _ in range(366):
        later = moment + timedelta(days=1)
        after = later.astimezone(tz).utcoffset()
        if before is not None and after is not None and after != before:
            hour = moment
            while hour.astimezone(tz).utcoffset() == before:
                hour += timedelta(hours=1)
            out.append((hour, after > before))
        moment, before = later, after
    return out


def _zone_changes(zone: str, moment_ns: int) -> bool:
    """True where a zone's clock is another a week after a moment than a week before."""
    tz, moment = zone_of(zone), datetime.fromtimestamp(moment_ns // NS, tz=UTC)
    return (moment - timedelta(days=7)).astimezone(tz).utcoffset() != (moment + timedelta(days=7)).astimezone(tz).utcoffset()


def _family_near(moment_ns: int, within_ns: int) -> str:
    """The first family whose clock changes within that distance of a moment; empty where none does."""
    year = datetime.fromtimestamp(moment_ns // NS, tz=UTC).year
    for family in FAMILIES:
        for change, _ in _changes(family, year):
            if abs(int(change.timestamp()) * NS - moment_ns) <= within_ns:
                return family
    return ""


def _family_at_local(moment_ns: int) -> str:
    """The family whose clock jumps forward at that moment, both read as local time without zone."""
    year = datetime.fromtimestamp(moment_ns // NS, tz=UTC).year
    for family in FAMILIES:
        for change, forward in _changes(family, year):
            offset = (change - timedelta(seconds=1)).astimezone(zone_of(family)).utcoffset()
            if forward and offset is not None:
                local = int((change + offset).timestamp()) * NS
                if -HOUR_NS - MINUTE_NS <= moment_ns - local <= HOUR_NS:
                    return family
    return ""

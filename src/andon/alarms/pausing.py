"""Pauses: the homes of the first week's false alarms.

Maintenance, settling after a changeover or a start, a transmitter out for calibration, a set-point that was moved on
purpose: each is a stretch of time in which alarms are suppressed by design, at once. Each gives the entry that the ledger
has to keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from andon.alarms.shifts import at_clock
from andon.plant.alarm import Pause, SuppressedBy
from andon.plant.alarm_json import pause_to_dict
from andon.plant.errors import AlarmError, At
from andon.plant.file.schema import DAYS, Maintenance, PlantFile
from andon.plant.time import DAY_NS, format_duration, format_instant, zone
from andon.plant.verdict import Event

MAIN_SHARE = 0.5
"""An event is of the paused tags where they carry this part of what speaks for it."""
LONGEST_NS: dict[SuppressedBy, int] = {
    SuppressedBy.MAINTENANCE: 60 * DAY_NS,
    SuppressedBy.SETTLING: DAY_NS,
    SuppressedBy.CALIBRATION: 60 * DAY_NS,
    SuppressedBy.SETPOINT: 2 * DAY_NS,
}
"""No pause without an end: what lasts longer is out of service, or wants another model."""
FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What the ledger has to keep: the kind of change, its time (ns UTC), who, and its details as JSON values."""

    what: str
    at: int
    by: str
    data: Mapping[str, Any]


def pause(
    kind: SuppressedBy, start: int, end: int, *, asset: str = "", tags: tuple[str, ...] = (), why: str, by: str, at: int
) -> tuple[Pause, LedgerEntry]:
    """A pause that somebody asks for, and its ledger entry.

    Parameters
    ----------
    kind : maintenance, settling, calibration or set-point
    start, end : ns UTC; it works at once where `start` is not after `at`
    asset : empty: all
    tags : needed for a calibration; empty: all
    why, by, at : the reason, who, and when (ns UTC)

    Raises
    ------
    AlarmError : it has no length, is too long, is over, lacks its reason, its asset or its tags
    """
    problem = _problem(kind, start, end, asset, tags, why, at)
    if problem:
        what, do = problem
        raise AlarmError(what, at=At(tag=tags[0] if tags else None, time=format_instant(start)), do=do)
    made = Pause(kind, start, end, asset, tags, why.strip(), by, at)
    return made, LedgerEntry("alarms-paused", at, by, {"pause": made.id, **pause_to_dict(made)})


def lift(paused: Pause, by: str, at: int) -> tuple[Pause, LedgerEntry]:
    """A pause ended before its time, and its ledger entry.

    Raises
    ------
    AlarmError : it is over already
    """
    if at >= paused.end:
        raise AlarmError(f"the pause {paused.id} is over since {format_instant(paused.end)}", do="nothing: alarms are not suppressed by it")
    return replace(paused, end=max(at, paused.start)), LedgerEntry(
        "alarms-resumed", at, by, {"pause": paused.id, "asset": paused.asset, "kind": paused.kind.value}
    )


def pauses_of(plant: PlantFile, start: int, end: int) -> tuple[Pause, ...]:
    """The pauses that the plant file itself names and that touch start <= time < end: tags out of service, and maintenance.

    A recurring window is one pause each time. Ids do not depend on the period, so asking again gives the same ones.

    Parameters
    ----------
    start, end : ns UTC
    """
    out = (
        Pause(SuppressedBy.CALIBRATION, -FOREVER, item.until if item.until is not None else FOREVER, item.asset, (item.tag,), item.why)
        for item in plant.out_of_service
    )
    windows = (
        Pause(SuppressedBy.MAINTENANCE, begin, over, asset, (), window.why)
        for window in plant.maintenance
        for begin, over in _occurrences(window, plant.site.zone, start, end)
        for asset in (window.assets or ("",))
    )
    return tuple(found for found in (*out, *windows) if found.start < end and found.end > start)


def _occurrences(window: Maintenance, site_zone: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if window.every == "once":
        if window.start is not None and window.end is not None:
            yield window.start, window.end
        return
    place, lasts, clock = zone(window.zone or site_zone), window.lasts_ns or 0, window.at_ns or 0
    epoch = date(1970, 1, 1).toordinal()
    for ordinal in range(epoch + (start - lasts) // DAY_NS - 1, epoch + end // DAY_NS + 2):
        day = date.fromordinal(ordinal)
        if window.every == "week" and DAYS[day.weekday()] not in window.days:
            continue
        if window.every == "month" and day.day != window.day:
            continue
        begin = at_clock(day, clock, place)
        if (window.start is None or begin >= window.start) and (window.end is None or begin < window.end):
            yield begin, begin + lasts


def covers(paused: Pause, event: Event, now: int) -> bool:
    """Whether a pause is in force at `now` and the event is in its scope."""
    if not paused.holds(now) or (paused.asset and paused.asset != event.asset):
        return False
    if not paused.tags:
        return True
    speaking = {tag: share for tag, share in event.shares.items() if share > 0}
    of_them = sum(share for tag, share in speaking.items() if tag in paused.tags)
    return of_them >= MAIN_SHARE * sum(speaking.values()) and of_them > 0


def _problem(kind: SuppressedBy, start: int, end: int, asset: str, tags: tuple[str, ...], why: str, at: int) -> tuple[str, str] | None:
    if kind is SuppressedBy.PARENT:
        return "a parent suppresses its children by itself", "name maintenance, settling, calibration or set-point"
    if not why.strip():
        return "a pause needs its reason", "say why, for those who read the list of alarms"
    if end <= start:
        return "the end of the pause is not after its start", "exchange start and end"
    if end <= at:
        return "the pause is over already", "name an end in the future; mark the alarms that came as false"
    if end - start > LONGEST_NS[kind]:
        longest = format_duration(LONGEST_NS[kind])
        return (
            f"a pause of {format_duration(end - start)} is too long, for {kind.value} at most {longest}",
            "name an earlier end, and ask again when it comes",
        )
    if kind is SuppressedBy.CALIBRATION and not tags:
        return "a calibration needs the tags of the transmitter", "name the tags, or take the time as maintenance"
    if kind in (SuppressedBy.SETTLING, SuppressedBy.SETPOINT) and not asset:
        return f"a pause for {kind.value} needs its asset", "name the asset"
    return None

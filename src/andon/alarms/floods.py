"""Floods: more alarms than a person can answer, and what is shown then (ISA-18.2, 16.5.6; EEMUA 191)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from andon.alarms.grouping import Grouping, waits
from andon.plant.alarm import Alarm
from andon.plant.file.alarm_settings import AlarmSettings


@dataclass(frozen=True, slots=True)
class Flood:
    """A flood of alarms.

    Attributes
    ----------
    start : ns UTC, the alarm that was one too many
    end : ns UTC, when few enough had come again; None while it lasts
    alarms : that came from `start` to `end`, both included, and those just before that made it a flood
    """

    start: int
    end: int | None
    alarms: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a list shows.

    Attributes
    ----------
    rows : alarms that stand on their own, most urgent first
    folded : asset -> ids of the alarms that are behind its first row; all are still there, and one act opens them
    """

    rows: tuple[Alarm, ...]
    folded: dict[str, tuple[str, ...]]


def floods(times: Sequence[int], settings: AlarmSettings, now: int) -> tuple[Flood, ...]:
    """Floods of one crew of operators.

    At any moment the alarms of the last `flood_window` count. A flood begins with the alarm that makes them more than
    `flood_begin` for each operator, and ends when they are fewer than `flood_end`.

    Parameters
    ----------
    times : (N,) ns UTC, in order, when alarms came
    now : ns UTC, up to when; later alarms are not looked at

    Returns
    -------
    in order; the last one may still last
    """
    begin, end, window = settings.flood_begin * settings.operators, settings.flood_end * settings.operators, settings.flood_window_ns
    found: list[Flood] = []
    first = 0  # index of the first alarm of the window
    start: int | None = None
    begun = 0
    for index, time in enumerate(times):
        if time > now:
            break
        while (left := times[first] + window) <= time:
            # The count falls when an alarm leaves the window.
            first += 1
            if start is not None and left < time and index - first < end:
                found.append(Flood(start, left, index - begun))
                start = None
        count = index - first + 1
        if start is None and count > begin:
            start, begun = time, first
        elif start is not None and count < end and (index + 1 == len(times) or times[index + 1] > time):
            found.append(Flood(start, time, index + 1 - begun))
            start = None
    if start is None:
        return tuple(found)
    known = bisect_left(times, now + 1)
    # The flood ends when fewer than `end` of the last alarms are left in the window.
    over = times[known - end] + window if known >= end else start
    return (*found, Flood(start, over if over <= now else None, known - begun))


def in_flood(times: Sequence[int], settings: AlarmSettings, now: int) -> Flood | None:
    """The flood that lasts at `now`; None: there is none."""
    found = floods(times, settings, now)
    return found[-1] if found and found[-1].end is None else None


def shown(alarms: Iterable[Alarm], grouping: Grouping, flood: Flood | None) -> Shown:
    """What a list shows: in a flood the first alarm of each line, the most urgent ones, and what stood before; the rest is folded.

    Parameters
    ----------
    alarms : that are open; those that are hidden, or whose on-delay runs, are left out
    grouping : says which assets stand under one another
    flood : None: everything is shown
    """
    ranked = sorted(filter(waits, alarms), key=urgency)
    if flood is None:
        return Shown(tuple(ranked), {})
    firsts: dict[str, Alarm] = {}
    for alarm in ranked:
        top = grouping.top(alarm.asset)
        if top not in firsts or _came(alarm) < _came(firsts[top]):
            firsts[top] = alarm
    rows: list[Alarm] = []
    folded: dict[str, list[str]] = {}
    for alarm in ranked:
        top = grouping.top(alarm.asset)
        if alarm.priority == 1 or firsts[top] is alarm or _came(alarm)[0] < flood.start:
            rows.append(alarm)
        else:
            folded.setdefault(top, []).append(alarm.id)
    return Shown(tuple(rows), {asset: tuple(ids) for asset, ids in folded.items()})


def urgency(alarm: Alarm) -> tuple[int, int, int, str]:
    """The order of a list of alarms: by priority, those that wait for somebody first, then the newest."""
    return alarm.priority, 0 if alarm.owed else 1, -(alarm.last_raised_at or 0), alarm.id


def _came(alarm: Alarm) -> tuple[int, str]:
    return alarm.last_raised_at or alarm.event.start, alarm.id

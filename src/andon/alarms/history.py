"""What one alarm has been: when it rang, how long it stood, who answered when. All figures start from this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from andon.alarms.grouping import rings
from andon.alarms.life import moments, settle
from andon.plant.alarm import Alarm, AlarmKind, Clear, Mark, Raise, Record, Revise, State
from andon.plant.verdict import Event

_STANDING = (State.UNACKNOWLEDGED, State.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Ring:
    """A moment at which an alarm asked for somebody.

    Attributes
    ----------
    at : ns UTC
    priority : then
    """

    at: int
    priority: int


@dataclass(frozen=True, slots=True)
class EventMark:
    """One event as the log of the controller wants it.

    Attributes
    ----------
    id, opened : of the event; ns UTC
    closed : ns UTC, when its end was known; None while it lasts
    peak_evidence : as known last
    false : True: marked as a false alarm; False: as a true one; None: not marked
    marked_at : ns UTC; None where not marked
    """

    id: str
    opened: int
    closed: int | None
    peak_evidence: float
    false: bool | None = None
    marked_at: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """One alarm or notification, up to a time.

    Attributes
    ----------
    alarm : as it was then
    rings : of an alarm; a notification has none
    shown : ns UTC, when a notification came up
    standing : (start, end) ns UTC, in which its condition held and was not hidden; end is the time of the history where it still does
    answered : (rang, acknowledged) ns UTC
    events : every event in it, as known last, in order
    log : what became of each of them, in the same order
    records : of it, up to that time
    """

    alarm: Alarm
    rings: tuple[Ring, ...]
    shown: tuple[int, ...]
    standing: tuple[tuple[int, int], ...]
    answered: tuple[tuple[int, int], ...]
    events: tuple[Event, ...]
    log: tuple[EventMark, ...]
    records: tuple[Record, ...]

    @property
    def source(self) -> tuple[str, str]:
        """The asset and the tag that lead it; a bad actor is one of them."""
        return self.alarm.asset, self.alarm.cause[0] if self.alarm.cause else ""


def history(records: Sequence[Record], until: int) -> History | None:
    """What the records of one alarm, in order, say up to `until` (ns UTC, included); None where it begins later."""
    ringing: list[Ring] = []
    shown: list[int] = []
    standing: list[tuple[int, int]] = []
    answered: list[tuple[int, int]] = []
    events: dict[str, Event] = {}
    alarm: Alarm | None = None
    since: int | None = None
    rang: int | None = None
    seen = 0
    for moment in moments(records, until):
        alarm = moment.alarm
        after = alarm.state
        if moment.record is not None:
            seen += 1
            if isinstance(moment.record.act, Raise | Revise):
                events[moment.record.act.event.id] = moment.record.act.event
        if rings(moment.before, alarm):
            if alarm.kind is AlarmKind.ALARM:
                ringing.append(Ring(moment.at, alarm.priority))
                rang = moment.at if rang is None else rang
            else:
                shown.append(moment.at)
        if rang is not None and after is State.ACKNOWLEDGED and moment.before is State.UNACKNOWLEDGED:
            answered.append((rang, moment.at))
        if after is not State.UNACKNOWLEDGED:
            rang = None
        if since is None and after in _STANDING:
            since = moment.at
        elif since is not None and after not in _STANDING:
            standing.append((since, moment.at))
            since = None
    if alarm is None:
        return None
    if since is not None:
        standing.append((since, until))
    return History(
        settle(alarm, until), tuple(ringing), tuple(shown), tuple(standing), tuple(answered), tuple(events.values()),
        _log(records[:seen], events), tuple(records[:seen]),
    )  # fmt: skip


def _log(records: Sequence[Record], events: dict[str, Event]) -> tuple[EventMark, ...]:
    """A mark is about the events since the one before; marking again without an event between is a second thought."""
    found: dict[str, EventMark] = {}
    about: list[str] = []
    marked = False
    for record in records:
        match record.act:
            case Raise(event=event):
                about = [event.id] if marked else [*about, event.id]
                marked = False
                found[event.id] = EventMark(event.id, event.start, None, events[event.id].peak_evidence)
            case Clear(event=event_id):
                found[event_id] = replace(found[event_id], closed=record.at)
            case Mark(false=false):
                marked = True
                for event_id in about:
                    found[event_id] = replace(found[event_id], false=false, marked_at=record.at)
            case _:
                pass
    return tuple(found.values())


def histories(records: Iterable[Record], until: int) -> tuple[History, ...]:
    """The histories of all alarms, in order of their first record.

    Parameters
    ----------
    records : those of each alarm in order of their numbers; alarms in any order
    until : ns UTC, included
    """
    of_alarm: dict[str, list[Record]] = {}
    for record in records:
        of_alarm.setdefault(record.alarm_id, []).append(record)
    found = (history(rows, until) for rows in of_alarm.values())
    return tuple(one for one in found if one is not None)

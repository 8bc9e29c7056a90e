"""The life cycle of ISA-18.2 and IEC 62682: the state of an alarm as a function of its records and the time.

The core of an alarm is what the process and the operator do to it: normal, unacknowledged, acknowledged, returned,
latched. Shelving, suppression by design and out of service lie over that core, each with its own end; the core goes on
underneath. When the last of them is gone, an alarm whose condition still holds shows as it stands (unacknowledged, where
nobody has acknowledged it), and one that has returned to normal meanwhile is normal; a latch is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from andon.plant.alarm import (
    ACTS,
    Acknowledge,
    Act,
    Alarm,
    AlarmKind,
    Assign,
    Clear,
    Comment,
    Mark,
    Out,
    PutBack,
    Raise,
    Record,
    Remark,
    Reset,
    Revise,
    Shelf,
    Shelve,
    Signed,
    State,
    Suppress,
    Suppression,
    TakeOut,
    Unshelve,
    Unsuppress,
)
from andon.plant.errors import AlarmConflictError, AlarmError, At
from andon.plant.time import format_instant

MOST_EVENTS = 64
"""So many ids of past events an alarm remembers; its records have them all."""
MOST_CAUSES = 32

_ANYTIME: frozenset[type[Act]] = frozenset({Raise, Revise, Clear, Suppress, Unsuppress, Mark, Comment, Assign})
_VISIBLE: frozenset[type[Act]] = _ANYTIME | {Shelve, TakeOut}

POSSIBLE: dict[State, frozenset[type[Act]]] = {
    State.NORMAL: _VISIBLE,
    State.UNACKNOWLEDGED: _VISIBLE | {Acknowledge},
    State.ACKNOWLEDGED: _VISIBLE,
    State.RETURNED: _VISIBLE | {Acknowledge},
    State.LATCHED_UNACKNOWLEDGED: _VISIBLE | {Acknowledge},
    State.LATCHED_ACKNOWLEDGED: _VISIBLE | {Reset},
    State.SHELVED: _ANYTIME | {Unshelve, TakeOut},
    State.SUPPRESSED: _ANYTIME | {TakeOut},
    State.OUT_OF_SERVICE: _ANYTIME | {PutBack},
}
"""Which acts a state can take. `docs/reference/alarm-states.md` has the same table with what comes of each."""

_BY_PEOPLE = tuple(act for act in ACTS if act not in (Raise, Revise, Clear, Suppress, Unsuppress))


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of a life: a record, or a change that time alone made.

    Attributes
    ----------
    at : ns UTC, when it took effect
    before : state before; NORMAL before the first record
    alarm : after it
    record : behind it; None where it was time alone (a shelf that expired, a delay that ended)
    """

    at: int
    before: State
    alarm: Alarm
    record: Record | None


def possible(state: State) -> tuple[str, ...]:
    """Names of the acts that people can do in a state."""
    return tuple(act.name for act in _BY_PEOPLE if act in POSSIBLE[state])


def next_change(alarm: Alarm) -> int | None:
    """When time alone changes the alarm next; None: never. ns UTC."""
    times = [found.until for found in alarm.suppressions if found.until is not None]
    if alarm.active_from is not None:
        times.append(alarm.active_from)
    if alarm.clear_at is not None:
        times.append(alarm.clear_at)
    if alarm.shelf is not None:
        times.append(alarm.shelf.until)
    if alarm.out is not None and alarm.out.until is not None:
        times.append(alarm.out.until)
    return min(times) if times else None


def steps(alarm: Alarm, now: int) -> Iterator[Alarm]:
    """The alarm after each change that time alone makes up to `now` (ns UTC)."""
    while (at := next_change(alarm)) is not None and at <= now:
        alarm = _on_time(alarm, at)
        yield alarm


def due(alarm: Alarm, now: int) -> Alarm:
    """The alarm after all that time alone changes up to `now` (ns UTC): the quick form of `settle`, with the last change as its `at`."""
    found = alarm
    for after in steps(alarm, now):
        found = after
    return found


def settle(alarm: Alarm, now: int) -> Alarm:
    """The alarm at `now` (ns UTC), or as it is where `now` lies before its last record."""
    settled = due(alarm, now)
    return settled if now <= settled.at else replace(settled, at=now)


def advance(alarm: Alarm | None, record: Record) -> Alarm:
    """The alarm after one more record.

    A record that says an earlier time than the one before it (a clock was set back) takes effect when that did.

    Parameters
    ----------
    alarm : before it; None before the first

    Raises
    ------
    AlarmConflictError : the alarm has a record with that number already
    AlarmError : its state does not have this transition, or the act makes no sense
    """
    _check_number(alarm, record)
    if alarm is None:
        return _first(record)
    now = max(record.at, alarm.at)
    alarm = due(alarm, now)
    act = record.act
    if type(act) not in POSSIBLE[alarm.state]:
        raise _refused(alarm, act, now)
    _check(alarm, record, now)
    after = replace(alarm, number=record.number, at=now, **_changes(alarm, act, record.by, now))
    if isinstance(act, Raise | Revise):
        return _alarmed_again(after, alarm)
    return _shown(after) if alarm.hidden else after


def replay(records: Iterable[Record]) -> Alarm:
    """The alarm as its records give it, in the order of their numbers.

    Raises
    ------
    AlarmError : no record, or records that do not follow each other
    """
    alarm: Alarm | None = None
    for record in records:
        alarm = advance(alarm, record)
    if alarm is None:
        raise AlarmError("an alarm without a record", do="give the records of one alarm, from number 1 on")
    return alarm


def state(records: Iterable[Record], now: int) -> State:
    """The state at `now` (ns UTC) of the alarm with those records."""
    return settle(replay(records), now).state


def moments(records: Iterable[Record], until: int) -> Iterator[Moment]:
    """Every step of a life up to `until` (ns UTC, included), in order of time; records after it are not looked at."""
    alarm: Alarm | None = None
    for record in records:
        at = record.at if alarm is None else max(record.at, alarm.at)
        if at > until:
            break
        if alarm is not None:
            for after in steps(alarm, at):
                yield Moment(after.at, alarm.state, after, None)
                alarm = after
        before = State.NORMAL if alarm is None else alarm.state
        alarm = advance(alarm, record)
        yield Moment(alarm.at, before, alarm, record)
    if alarm is not None:
        for after in steps(alarm, until):
            yield Moment(after.at, alarm.state, after, None)
            alarm = after


def _on_time(alarm: Alarm, at: int) -> Alarm:
    """One change by time: of several at once a delayed activation comes first, then a delayed return, then what hid it ends."""
    when = max(at, alarm.at)
    if alarm.active_from == at:
        return replace(alarm, at=when, **_activation(alarm, when))
    if alarm.clear_at == at:
        return replace(alarm, at=when, **_return(alarm, when))
    if alarm.shelf is not None and alarm.shelf.until == at:
        return replace(_shown(replace(alarm, shelf=None)), at=when)
    if alarm.out is not None and alarm.out.until == at:
        return replace(_shown(replace(alarm, out=None)), at=when)
    left = tuple(found for found in alarm.suppressions if found.until != at)
    return replace(_shown(replace(alarm, suppressions=left)), at=when)


def _activation(alarm: Alarm, now: int) -> dict[str, Any]:
    return {
        "active": True, "owed": True, "latched": False, "active_from": None, "clear_at": None, "count": alarm.count + 1,
        "raised_at": now if alarm.raised_at is None else alarm.raised_at, "last_raised_at": now, "cleared_at": None, "acknowledged": None,
    }  # fmt: skip


def _return(alarm: Alarm, now: int) -> dict[str, Any]:
    is_alarm = alarm.kind is AlarmKind.ALARM
    return {
        "active": False, "clear_at": None, "cleared_at": now, "owed": alarm.owed and is_alarm, "latched": alarm.latch and is_alarm,
    }  # fmt: skip


def _shown(alarm: Alarm) -> Alarm:
    """After something that hid it has ended: what returned to normal meanwhile asks for nothing any more, unless it is latched."""
    if alarm.hidden or alarm.active or alarm.latched or not alarm.owed:
        return alarm
    return replace(alarm, owed=False)


def _first(record: Record) -> Alarm:
    act = record.act
    if not isinstance(act, Raise):
        raise AlarmError(f"the first record of an alarm is {act.name!r}, not 'raise'", do="raise it first")
    empty = Alarm(
        id=record.alarm_id, number=record.number, at=record.at, asset=act.event.asset, kind=act.kind, priority=act.priority, event=act.event
    )
    _check(empty, record, record.at)
    return replace(empty, **_raise(empty, act, record.at))


def _changes(alarm: Alarm, act: Act, by: str, now: int) -> dict[str, Any]:
    """What a possible act changes."""
    match act:
        case Raise():
            return _raise(alarm, act, now)
        case Revise():
            return _revision(alarm, act)
        case Clear():
            return _clearing(alarm, act, now)
        case Acknowledge():
            return {"owed": False, "acknowledged": Signed(by, now)}
        case Reset():
            return {"latched": False}
        case Shelve():
            return {"shelf": Shelf(by, now, act.until, act.reason)}
        case Unshelve():
            return {"shelf": None}
        case Suppress():
            return {"suppressions": (*alarm.suppressions, Suppression(act.cause, act.by, now, act.until, act.reason))}
        case Unsuppress():
            return {"suppressions": tuple(found for found in alarm.suppressions if found.cause != act.cause)}
        case TakeOut():
            return {"out": Out(by, now, act.until, act.reason)}
        case PutBack():
            return {"out": None}
        case Mark():
            return {"false": act.false, "marked": Signed(by, now)}
        case Comment():
            return {"remarks": (*alarm.remarks, Remark(by, now, act.text))}
        case Assign():
            return {"assigned": act.to}


def _raise(alarm: Alarm, act: Raise, now: int) -> dict[str, Any]:
    fresh = alarm.closed  # a new case: the last one asks for nothing any more
    loud = act.kind is AlarmKind.ALARM or (not fresh and alarm.kind is AlarmKind.ALARM)
    changes: dict[str, Any] = {
        "kind": AlarmKind.ALARM if loud else AlarmKind.NOTIFICATION,
        "priority": act.priority if fresh else min(act.priority, alarm.priority),
        "event": act.event,
        "cause": act.cause if fresh else tuple(dict.fromkeys((*act.cause, *alarm.cause)))[:MOST_CAUSES],
        "action": act.action or ("" if fresh else alarm.action),
        "check": act.check,
        "consequence": act.consequence,
        "respond_within_ns": act.respond_within_ns,
        "latch": act.latch or (alarm.latch and not fresh),
        "events": (*alarm.events, act.event.id)[-MOST_EVENTS:],
        "open_events": (*alarm.open_events, (act.event.id, act.priority)),
        "false": None,  # a mark is about the events that were there
        "marked": None,
    }
    if alarm.active:
        return changes | {"clear_at": None}
    if act.on_delay_ns <= 0:
        return changes | _activation(alarm, now)
    due = now + act.on_delay_ns
    return changes | {"active_from": due if alarm.active_from is None else min(due, alarm.active_from)}


def _revision(alarm: Alarm, act: Revise) -> dict[str, Any]:
    newest = act.event if act.event.id == alarm.event.id else alarm.event
    if not any(event == act.event.id for event, _ in alarm.open_events):
        return {"event": newest}
    priorities = tuple((event, act.priority if event == act.event.id else priority) for event, priority in alarm.open_events)
    return {"event": newest, "open_events": priorities, "priority": min(priority for _, priority in priorities)}


def _clearing(alarm: Alarm, act: Clear, now: int) -> dict[str, Any]:
    still = tuple(item for item in alarm.open_events if item[0] != act.event)
    changes: dict[str, Any] = {"open_events": still}
    if still:
        return changes | {"priority": min(priority for _, priority in still)}
    if not alarm.active:
        return changes | {"active_from": None}
    return changes | ({"clear_at": now + act.off_delay_ns} if act.off_delay_ns > 0 else _return(alarm, now))


def _alarmed_again(alarm: Alarm, before: Alarm) -> Alarm:
    """Re-alarm: what has become more urgent while it was active must be acknowledged again."""
    if before.active and alarm.active and not alarm.owed and alarm.priority < before.priority:
        return replace(alarm, owed=True, acknowledged=None)
    return alarm


def _check_number(alarm: Alarm | None, record: Record) -> None:
    last = 0 if alarm is None else alarm.number
    if alarm is not None and record.alarm_id != alarm.id:
        raise AlarmError(f"a record of alarm {record.alarm_id!r} among those of {alarm.id!r}", do="give the records of one alarm")
    if record.number <= last:
        raise AlarmConflictError(
            f"alarm {record.alarm_id} has a record {record.number} already, its last is {last}",
            do="somebody else was quicker: look at the alarm again, then decide",
        )
    if record.number > last + 1:
        raise AlarmError(
            f"record {record.number} of alarm {record.alarm_id} follows record {last}",
            do="give its records from number 1 on, without holes",
        )


def _check(alarm: Alarm, record: Record, now: int) -> None:
    """What the state alone cannot tell."""
    act = record.act
    match act:
        case Raise() if any(event == act.event.id for event, _ in alarm.open_events):
            raise _refused(alarm, act, now, f"event {act.event.id} is in it already")
        case Raise() if act.event.asset != alarm.asset:
            raise _refused(alarm, act, now, f"the event is of asset {act.event.asset!r}, the alarm of {alarm.asset!r}")
        case Revise() if act.event.id not in alarm.events:
            raise _refused(alarm, act, now, f"event {act.event.id} is not in it")
        case Clear() if not any(event == act.event for event, _ in alarm.open_events):
            raise _refused(alarm, act, now, f"event {act.event} is not open in it")
        case Shelve() | TakeOut() if not act.reason.strip():
            raise _refused(alarm, act, now, "it needs a reason")
        case Shelve() if act.until <= record.at:
            raise _refused(alarm, act, now, f"its end, {format_instant(act.until)}, is over")
        case TakeOut() | Suppress() if act.until is not None and act.until <= record.at:
            raise _refused(alarm, act, now, f"its end, {format_instant(act.until)}, is over")
        case Suppress() if any(found.cause == act.cause for found in alarm.suppressions):
            raise _refused(alarm, act, now, f"{act.cause} suppresses it already")
        case Unsuppress() if not any(found.cause == act.cause for found in alarm.suppressions):
            raise _refused(alarm, act, now, f"{act.cause} does not suppress it")
        case Comment() if not act.text.strip():
            raise _refused(alarm, act, now, "it is empty")
        case _:
            return


def _refused(alarm: Alarm, act: Act, now: int, why: str = "") -> AlarmError:
    what = f"alarm {alarm.id} is {alarm.state}: it cannot take {act.name!r}" + (f", {why}" if why else "")
    return AlarmError(what, at=At(time=format_instant(now)), do=f"possible now: {', '.join(possible(alarm.state))}")

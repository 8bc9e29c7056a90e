"""The alarm list and acts on alarms."""

from __future__ import annotations

from andon.alarms.sentences import case_sentence
from andon.plant.alarm import SYSTEM, Acknowledge, Act, Alarm, Assign, Comment, Mark, PutBack, Reset, Shelve, State, TakeOut, Unshelve
from andon.plant.error_words import translated
from andon.plant.errors import AndonError, AskUserError
from andon.plant.sentences import speak
from andon.plant.time import DAY_NS
from andon.project.live.past import past
from andon.project.live.running import Running
from andon.service import schema
from andon.service.callers import Caller
from andon.service.desk import AlarmFilter
from andon.service.routes.instants import to_ns, to_text
from andon.service.schema import ActResult, AlarmList, AlarmRow
from andon.store.database import alarm_records
from andon.streaming.control import Marked

RECENT, ALL, CLOSED, RECENT_NS = "recent", "all", "closed", 7 * DAY_NS
LONG_AGO = frozenset({RECENT, ALL, CLOSED})
"""Words for `state` that mean alarms which are over as well: those of the last week."""
HIDDEN = {"shelved": State.SHELVED, "suppressed": State.SUPPRESSED, "out-of-service": State.OUT_OF_SERVICE}


def listed(running: Running, caller: Caller, which: AlarmFilter) -> AlarmList:
    """The alarms that a filter lets through, most urgent first."""
    now = running.clock.now()
    found = running.alarms.open(now)
    open_now = {alarm.id for alarm in found}
    counts: dict[str, int] = {"open": 0, "shelved": 0, "suppressed": 0, "out-of-service": 0, "unacknowledged": 0}
    for alarm in found:
        counts[next((name for name, state in HIDDEN.items() if alarm.state is state), "open")] += 1
        counts["unacknowledged"] += alarm.state is State.UNACKNOWLEDGED
    if which.state in LONG_AGO:
        gone = tuple(one.alarm for one in past(running, now - RECENT_NS, now) if one.alarm.id not in open_now)
        found = gone if which.state == CLOSED else (*found, *gone)
    rows = sorted((alarm for alarm in found if _passes(alarm, which)), key=_urgency)
    texts = {}
    if which.q:
        wanted = which.q.casefold()
        texts = {alarm.id: row(running, caller, alarm) for alarm in rows}
        rows = [alarm for alarm in rows if wanted in f"{texts[alarm.id].text} {alarm.asset} {' '.join(alarm.cause)}".casefold()]
    total = len(rows)
    if which.after:
        ids = [alarm.id for alarm in rows]
        rows = rows[ids.index(which.after) + 1 :] if which.after in ids else rows
    page = rows[: which.limit]
    return AlarmList(
        rows=[texts.get(alarm.id) or row(running, caller, alarm) for alarm in page], total=total,
        next=page[-1].id if len(rows) > len(page) else "", counts=counts,
    )  # fmt: skip


def row(running: Running, caller: Caller, alarm: Alarm) -> AlarmRow:
    """One alarm as a line of the list."""
    zone = running.plant.site.zone
    name = running.name_of(alarm.asset)
    return AlarmRow(
        id=alarm.id, case=alarm.case, asset=alarm.asset, name=name, kind=alarm.kind.value, state=alarm.state.value,
        priority=alarm.priority, severity=alarm.event.severity, text=speak(case_sentence(alarm, name=name, zone=zone), caller.language),
        tags=list(alarm.cause), raised=to_text(alarm.raised_at), cleared=to_text(alarm.cleared_at), count=alarm.count,
        acknowledged_by=alarm.acknowledged.by if alarm.acknowledged else "",
        shelved_until=to_text(alarm.shelf.until) if alarm.shelf else "",
        mark="" if alarm.false is None else "false" if alarm.false else "true", assigned=alarm.assigned, number=alarm.number,
    )  # fmt: skip


def act(running: Running, caller: Caller, ids: list[str], wanted: schema.Act) -> ActResult:
    """Do something to alarms, one by one: each is told what came of it."""
    now = running.clock.now()
    done, refused = [], dict[str, str]()
    for alarm_id in dict.fromkeys(ids):
        try:
            running.alarms.act(
                alarm_id,
                to_act(wanted, now),
                at=now,
                by=caller.name,
                seen=_seen(running, alarm_id, wanted.number if len(ids) == 1 else None),
            )
            alarm = running.alarms.alarm(alarm_id, now)
            assert alarm is not None
            if wanted.kind == "mark":
                _tell_marks(running, alarm, wanted.mark == "false", now)
            data = {"alarm": alarm_id, "act": wanted.kind, "reason": wanted.reason, "mark": wanted.mark}
            running.models.record("alarm-act", {key: value for key, value in data.items() if value}, at=now, by=caller.name)
            done.append(row(running, caller, alarm))
        except AndonError as error:
            if len(ids) == 1:
                raise
            what, do = translated(error.what, caller.language), translated(error.do, caller.language)
            refused[alarm_id] = f"{what}: {do}" if do else what
    return ActResult(done=done, refused=refused)


def _seen(running: Running, alarm_id: str, number: int | None) -> int | None:
    """The record up to which a person knows the alarm: what Andon itself wrote since (it goes on, it ended) is no other person's act."""
    if number is None:
        return None
    kept = running.database.read(lambda connection: alarm_records.of_alarm(connection, alarm_id))
    later = [record for record in kept if record.number > number]
    return later[-1].number if later and all(record.by == SYSTEM for record in later) else number


def to_act(wanted: schema.Act, now: int) -> Act:
    """The act that a request means.

    Raises
    ------
    AskUserError : something that it needs is missing
    """
    match wanted.kind:
        case "acknowledge":
            return Acknowledge()
        case "reset":
            return Reset()
        case "shelve":
            until = to_ns(wanted.until, "until") if wanted.until else 0
            if until <= now or not wanted.reason.strip():
                raise AskUserError("shelving needs a reason and an end in the future", do="name both")
            return Shelve(until, wanted.reason)
        case "unshelve":
            return Unshelve()
        case "mark" if wanted.mark in ("true", "false"):
            return Mark(wanted.mark == "false")
        case "comment" if wanted.text.strip():
            return Comment(wanted.text)
        case "assign":
            return Assign(wanted.to)
        case "out_of_service" if wanted.reason.strip():
            return TakeOut(wanted.reason, to_ns(wanted.until, "until") if wanted.until else None)
        case "in_service":
            return PutBack()
        case _:
            raise AskUserError(f"{wanted.kind!r} lacks what it needs", do="a mark is true or false, a comment has a text, a reason is said")


def _tell_marks(running: Running, alarm: Alarm, false: bool, now: int) -> None:
    """The controller hears of marks through the journal."""
    for event in alarm.events:
        running.loop.tell(Marked(alarm.asset, event, false, now))


def _passes(alarm: Alarm, which: AlarmFilter) -> bool:
    if which.state in HIDDEN:
        right = alarm.state is HIDDEN[which.state]
    elif which.state in ("", "open"):
        right = not alarm.hidden
    elif which.state in LONG_AGO:
        right = True
    else:
        right = alarm.state.value == which.state
    return right and which.asset in ("", alarm.asset) and which.priority in (None, alarm.priority) and which.kind in ("", alarm.kind.value)


def _urgency(alarm: Alarm) -> tuple[int, bool, int, str]:
    return (alarm.priority, not alarm.owed, -(alarm.last_raised_at or 0), alarm.id)

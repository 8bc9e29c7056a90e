"""The hand-over note of a shift: what came, what was done, what stands, what is hidden and until when. From records alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from andon.alarms.floods import Flood, floods, urgency
from andon.alarms.history import History
from andon.alarms.shifts import ShiftSpan
from andon.plant.alarm import SYSTEM, Acknowledge, Alarm, AlarmKind, Comment, Mark, Record, State
from andon.plant.file.alarm_settings import AlarmSettings


@dataclass(frozen=True, slots=True)
class Handover:
    """A note.

    Attributes
    ----------
    shift : that hands over
    came : alarms that rang in it, notifications not counted
    notifications : that came up in it
    acknowledged, over : alarms that were acknowledged, and that returned to normal, in it
    marked_true, marked_false : alarms by the last mark given in it
    standing : alarms and notifications that stand open at its end, the most urgent first
    unacknowledged : ids of the alarms among them that wait for somebody
    shelved, suppressed, out : hidden at its end
    remarks : comments made in it, oldest first, with their alarm
    acts : number of acts by each person in it
    floods : that touched it
    """

    shift: ShiftSpan
    came: int
    notifications: int
    acknowledged: int
    over: int
    marked_true: int
    marked_false: int
    standing: tuple[Alarm, ...]
    unacknowledged: tuple[str, ...]
    shelved: tuple[Alarm, ...]
    suppressed: tuple[Alarm, ...]
    out: tuple[Alarm, ...]
    remarks: tuple[tuple[Record, Alarm], ...]
    acts: dict[str, int]
    floods: tuple[Flood, ...]


def handover(histories: Iterable[History], shift: ShiftSpan, settings: AlarmSettings) -> Handover:
    """The note of a shift.

    Parameters
    ----------
    histories : up to the end of the shift, of every alarm that was open in it
    """
    start, end = shift.start, shift.end
    found = tuple(histories)
    acts: dict[str, int] = {}
    remarks: list[tuple[Record, Alarm]] = []
    acknowledged, marks = 0, {True: 0, False: 0}
    for one in found:
        done = [record for record in one.records if start <= record.at < end]
        for record in done:
            if record.by != SYSTEM:
                acts[record.by] = acts.get(record.by, 0) + 1
            if isinstance(record.act, Comment):
                remarks.append((record, one.alarm))
        acknowledged += any(isinstance(record.act, Acknowledge) for record in done)
        last = next((record.act for record in reversed(done) if isinstance(record.act, Mark)), None)
        if last is not None:
            marks[last.false] += 1
    alarms = sorted((one.alarm for one in found), key=urgency)
    standing = tuple(alarm for alarm in alarms if not alarm.hidden and not alarm.closed and alarm.count)
    return Handover(
        shift=shift,
        came=sum(any(start <= ring.at < end for ring in one.rings) for one in found),
        notifications=sum(any(start <= at < end for at in one.shown) for one in found),
        acknowledged=acknowledged,
        over=sum(one.alarm.cleared_at is not None and start <= one.alarm.cleared_at < end and not one.alarm.active for one in found),
        marked_true=marks[False],
        marked_false=marks[True],
        standing=standing,
        unacknowledged=tuple(alarm.id for alarm in standing if alarm.owed and alarm.kind is AlarmKind.ALARM),
        shelved=tuple(alarm for alarm in alarms if alarm.state is State.SHELVED),
        suppressed=tuple(alarm for alarm in alarms if alarm.state is State.SUPPRESSED),
        out=tuple(alarm for alarm in alarms if alarm.state is State.OUT_OF_SERVICE),
        remarks=tuple(sorted(remarks, key=lambda pair: (pair[0].at, pair[0].alarm_id, pair[0].number))),
        acts=dict(sorted(acts.items(), key=lambda item: (-item[1], item[0]))),
        floods=tuple(
            flood
            for flood in floods(sorted(ring.at for one in found for ring in one.rings), settings, end)
            if flood.start < end and (flood.end or end) > start
        ),
    )

"""The open alarms, found by id, asset, event and cause, and woken when their time comes."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

from andon.alarms.grouping import rings
from andon.alarms.life import advance, moments, next_change, settle, steps
from andon.plant.alarm import Alarm, AlarmKind, Raise, Record, State


class OpenAlarms:
    """Alarms that are open, and those that were closed not long ago.

    Parameters
    ----------
    keep_ns : a closed alarm stays for this long after its last record

    Attributes
    ----------
    alarms : id -> alarm, as of the last time that passed
    of_asset : asset -> ids
    of_event : event -> id of its alarm
    of_cause : pause or parent -> ids of what it suppresses
    wake : heap of (ns UTC, id), when to look at an alarm again; some are out of date
    rung : ns UTC, when alarms rang of late
    """

    def __init__(self, keep_ns: int) -> None:
        self.keep_ns = keep_ns
        self.alarms: dict[str, Alarm] = {}
        self.of_asset: dict[str, dict[str, None]] = {}
        self.of_event: dict[str, str] = {}
        self.of_cause: dict[str, dict[str, None]] = {}
        self.wake: list[tuple[int, str]] = []
        self.rung: list[int] = []
        self._changed: dict[str, None] = {}

    def take_changed(self) -> tuple[str, ...]:
        """Ids of alarms that have changed since the last call."""
        changed, self._changed = tuple(self._changed), {}
        return changed

    def put(self, record: Record) -> None:
        """Take in the next record of an alarm."""
        before = self.alarms.get(record.alarm_id)
        settled = self._moved(before, max(record.at, before.at)) if before is not None else None
        after = advance(settled, record)
        if isinstance(record.act, Raise):
            self.of_event[record.act.event.id] = after.id
        self._ring(State.NORMAL if settled is None else settled.state, after, after.at)
        self._index(after)

    def load(self, records: Sequence[Record], now: int | None) -> None:
        """Take in all records of one alarm, in order; as of `now` (ns UTC), where it is recalled long after."""
        alarm_id = records[0].alarm_id
        known = self.alarms.get(alarm_id)
        if known is not None and known.number >= records[-1].number:
            return
        alarm: Alarm | None = None
        for moment in moments(records, max(record.at for record in records)):
            alarm = moment.alarm
            if now is None:
                self._ring(moment.before, alarm, moment.at)
        assert alarm is not None
        for record in records:
            if isinstance(record.act, Raise):
                self.of_event[record.act.event.id] = alarm_id
        self._index(alarm if now is None else settle(alarm, now))

    def pass_time(self, now: int) -> None:
        """Alarms change as their records say, and those that are long closed are forgotten."""
        while self.wake and self.wake[0][0] <= now:
            at, alarm_id = heapq.heappop(self.wake)
            alarm = self.alarms.get(alarm_id)
            if alarm is None or self._wake_at(alarm) != at:
                continue
            if next_change(alarm) == at:
                self._index(self._moved(alarm, at))
            else:
                self._forget(alarm)

    def _moved(self, alarm: Alarm, now: int) -> Alarm:
        """The alarm at `now`; what rang on the way is noted."""
        before = alarm
        for after in steps(alarm, now):
            self._ring(before.state, after, after.at)
            before = after
        return settle(before, now)

    def _ring(self, before: State, after: Alarm, at: int) -> None:
        if after.kind is AlarmKind.ALARM and rings(before, after):
            self.rung.append(at)
            if self.rung[0] < at - 2 * self.keep_ns:
                self.rung = [time for time in self.rung if time >= at - self.keep_ns]

    def _index(self, alarm: Alarm) -> None:
        before = self.alarms.get(alarm.id)
        for found in before.suppressions if before is not None else ():
            self._release(found.cause, alarm.id)
        for found in alarm.suppressions:
            self.of_cause.setdefault(found.cause, {})[alarm.id] = None
        self.alarms[alarm.id] = alarm
        self.of_asset.setdefault(alarm.asset, {})[alarm.id] = None
        self._changed[alarm.id] = None
        wake = self._wake_at(alarm)
        if wake is not None:
            heapq.heappush(self.wake, (wake, alarm.id))

    def _wake_at(self, alarm: Alarm) -> int | None:
        """When to look at an alarm again."""
        change = next_change(alarm)
        return alarm.at + self.keep_ns if change is None and alarm.closed else change

    def _release(self, cause: str, alarm_id: str) -> None:
        suppressed = self.of_cause.get(cause, {})
        suppressed.pop(alarm_id, None)
        if not suppressed:
            self.of_cause.pop(cause, None)

    def _forget(self, alarm: Alarm) -> None:
        del self.alarms[alarm.id]
        self.of_asset[alarm.asset].pop(alarm.id, None)
        for event_id in alarm.events:
            self.of_event.pop(event_id, None)


def up_to(heap: list[tuple[int, str]], until: int) -> Iterator[tuple[int, str]]:
    """Entries of a heap that are due, without taking them out."""
    todo = [0]
    while todo:
        index = todo.pop()
        if index < len(heap) and heap[index][0] <= until:
            yield heap[index]
            todo += (2 * index + 1, 2 * index + 2)

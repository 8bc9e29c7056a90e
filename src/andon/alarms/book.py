"""The book: every alarm that is open, in memory, and what each event and each act of a person comes to.

A decision gives records and changes nothing; the caller stores them, then commits. So a database that is down loses
nothing and invents nothing: the same question gets the same answer later. Everything depends on the records, the plant
file and the times given, never on a clock; after a restart the stored records bring the book back.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from andon.alarms.floods import Flood, in_flood
from andon.alarms.grouping import Grouping, below_it, commands, rings
from andon.alarms.life import advance, due, moments, next_change, settle, steps
from andon.alarms.pausing import covers
from andon.alarms.rationalising import from_event, kept
from andon.plant.alarm import (
    SYSTEM,
    Act,
    Alarm,
    AlarmKind,
    Clear,
    Pause,
    Raise,
    Record,
    Revise,
    Shelve,
    State,
    Suppress,
    SuppressedBy,
    Unsuppress,
)
from andon.plant.errors import AlarmConflictError, AlarmError
from andon.plant.file.schema import PlantFile
from andon.plant.time import DAY_NS, format_duration
from andon.plant.verdict import Event

KEEP_NS = DAY_NS
"""A closed alarm stays in the book for this long after its last record, or for `rejoin` where that is longer."""
LEAST_PAUSES = 64
"""Pauses that are over are dropped when twice so many, or twice as many as were left the last time, have come together."""
_BY_SYSTEM = (Raise, Revise, Clear, Suppress, Unsuppress)


@dataclass(frozen=True, slots=True)
class Decision:
    """Records to store, in this order, and then to commit.

    Attributes
    ----------
    records : may be none
    at : ns UTC, up to when time has passed
    version : of the book that it was made from
    """

    records: tuple[Record, ...]
    at: int
    version: int


class Book:
    """All open alarms. Not for several threads at once.

    Parameters
    ----------
    plant : responses, hierarchy, groups, [alarms]
    in_service : asset -> ns UTC since when its model serves, for the first fortnight; absent: long ago
    """

    def __init__(self, plant: PlantFile, in_service: Mapping[str, int] | None = None) -> None:
        self.plant = plant
        self.grouping = Grouping(plant)
        self._keep_ns = max(KEEP_NS, plant.alarms.rejoin_ns)
        self._in_service = dict(in_service or {})
        self._alarms: dict[str, Alarm] = {}
        self._of_asset: dict[str, dict[str, None]] = {}
        self._of_event: dict[str, str] = {}
        self._of_cause: dict[str, dict[str, None]] = {}
        self._wake: list[tuple[int, str]] = []
        self._pauses: dict[str, Pause] = {}
        self._pauses_kept = LEAST_PAUSES
        self._starts: list[tuple[int, str]] = []
        self._rung: list[int] = []
        self._changed: dict[str, None] = {}
        self._version = 0

    # What is there.

    def __len__(self) -> int:
        return len(self._alarms)

    def alarm(self, alarm_id: str, now: int) -> Alarm | None:
        """An alarm at `now` (ns UTC); None where the book does not have it (any more)."""
        found = self._alarms.get(alarm_id)
        return settle(found, now) if found is not None else None

    def case(self, alarm: Alarm) -> str:
        """The alarm that an alarm is shown with: the highest of the parents that suppress it, else itself."""
        while alarm.case != alarm.id and (parent := self._alarms.get(alarm.case)) is not None:
            alarm = parent
        return alarm.case

    def open(self, now: int) -> tuple[Alarm, ...]:
        """Every alarm and notification that is not closed at `now`, hidden ones too, by their first record; as `life.due` has them."""
        return tuple(alarm for found in self._alarms.values() if not (alarm := due(found, now)).closed)

    def flood(self, now: int) -> Flood | None:
        """The flood that lasts at `now`."""
        return in_flood(self._rung, self.plant.alarms, now)

    def pauses(self, now: int) -> tuple[Pause, ...]:
        """Pauses that are in force or yet to come at `now`."""
        return tuple(pause for pause in self._pauses.values() if now < pause.end)

    def notify_only(self, asset: str, now: int) -> bool:
        """Whether the asset's model is in its first fortnight."""
        settings = self.plant.alarms
        since = self._in_service.get(asset)
        return settings.first_fortnight and since is not None and now < since + settings.fortnight_ns

    def take_changed(self) -> tuple[str, ...]:
        """Ids of alarms that have changed since the last call, by records or by time."""
        changed, self._changed = tuple(self._changed), {}
        return changed

    # What comes to pass: decisions.

    def opened(self, event: Event, at: int) -> Decision:
        """An event has opened: it begins an alarm, or joins one of its asset and cause. Asked twice, nothing comes of the second.

        Parameters
        ----------
        event : as known now
        at : ns UTC, the tick, not the wall clock, so that a replay gives the same records
        """
        plan = self._plan(at)
        if event.id in self._of_event:
            return plan.decision()
        act = from_event(event, self.plant, notify_only=self.notify_only(event.asset, at))
        joined = [alarm for alarm in plan.of_asset(event.asset) if self.grouping.joins(act, alarm, at)]
        alarm_id = max(joined, key=lambda alarm: (not alarm.closed, alarm.last_raised_at or 0, alarm.id)).id if joined else event.id
        plan.write(alarm_id, SYSTEM, act)
        self._hide(plan, alarm_id, event, at)
        return plan.decision()

    def revised(self, event: Event, at: int) -> Decision:
        """An open event has grown: a record where it is more urgent now."""
        plan = self._plan(at)
        found = self._of_event.get(event.id)
        alarm = plan.alarm(found) if found is not None else None
        before = dict(alarm.open_events).get(event.id) if alarm is not None else None
        if alarm is None or before is None:
            return plan.decision()
        priority = from_event(event, self.plant, notify_only=alarm.kind is AlarmKind.NOTIFICATION).priority
        if priority < before:
            plan.write(alarm.id, SYSTEM, Revise(kept(event), priority))
        return plan.decision()

    def closed(self, event: Event, at: int) -> Decision:
        """An event has closed: the alarm returns to normal with its last one. What is known of the event now is kept."""
        plan = self._plan(at)
        found = self._of_event.get(event.id)
        alarm = plan.alarm(found) if found is not None else None
        open_events = dict(alarm.open_events) if alarm is not None else {}
        if alarm is None or event.id not in open_events:
            return plan.decision()
        plan.write(alarm.id, SYSTEM, Clear(event.id, self.plant.alarms.off_delay_ns))
        plan.write(alarm.id, SYSTEM, Revise(kept(event), open_events[event.id]))
        return plan.decision()

    def act(self, alarm_id: str, act: Act, *, at: int, by: str, seen: int | None = None) -> Decision:
        """What a person does to an alarm.

        Parameters
        ----------
        seen : number of the last record that this person has seen; None: whatever there is

        Raises
        ------
        AlarmConflictError : something has happened to the alarm since
        AlarmError : no such alarm in the book, or the act is not possible
        """
        plan = self._plan(at)
        alarm = plan.alarm(alarm_id)
        if alarm is None:
            raise AlarmError(f"no alarm {alarm_id} in the book", do="load its records first, if it has any")
        if isinstance(act, _BY_SYSTEM):
            raise AlarmError(f"{act.name!r} is not for people", do="it follows from events and pauses")
        longest = self.plant.alarms.longest_shelf_ns
        if isinstance(act, Shelve) and act.until - at > longest:
            raise AlarmError(
                f"a shelf of {format_duration(act.until - at)} is too long, at most {format_duration(longest)}",
                do="name an earlier end, or take the alarm out of service",
            )
        plan.write(alarm_id, by, act, None if seen is None else seen + 1)
        return plan.decision()

    def pausing(self, pause: Pause, at: int) -> Decision:
        """The records of a pause that somebody has just made, or lifted; call `keep` with it when they are stored."""
        plan = self._plan(at)
        if pause.holds(at):
            self._begin(plan, pause, at)
        elif at >= pause.end:
            for alarm_id in plan.suppressed_by(pause.id):
                self._unsuppress(plan, alarm_id, pause.id)
        return plan.decision()

    def tick(self, now: int) -> Decision:
        """What time alone has brought: pauses that begin, children of parents whose delay is over."""
        return self._plan(now).decision()

    # What is kept.

    def commit(self, decision: Decision) -> None:
        """Take in the records of a decision, once they are stored.

        Raises
        ------
        AlarmConflictError : another decision came between
        """
        if decision.version != self._version:
            raise AlarmConflictError("the book has changed since this was decided", do="decide again")
        for record in decision.records:
            self._put(record)
        self._pass(decision.at)
        self._version += bool(decision.records)

    def load(self, records: Iterable[Record], now: int | None = None) -> None:
        """Take in stored records, those of each alarm complete and in order; what it has already is passed over.

        Parameters
        ----------
        records : after a restart those of all alarms that may be open, at once: what had to follow up to the last of them
            has been stored with them, so nothing follows a second time
        now : ns UTC; closed alarms stay in the book from now on for a while, so that people can act on them.
            None: after a restart, they stay as long as they would have stayed
        """
        of_alarm: dict[str, list[Record]] = {}
        for record in records:
            of_alarm.setdefault(record.alarm_id, []).append(record)
        for alarm_id, found in of_alarm.items():
            known = self._alarms.get(alarm_id)
            if known is not None and known.number >= found[-1].number:
                continue
            alarm: Alarm | None = None
            for moment in moments(found, max(record.at for record in found)):
                alarm = moment.alarm
                self._ring(moment.before, alarm, moment.at)
            assert alarm is not None
            for record in found:
                if isinstance(record.act, Raise):
                    self._of_event[record.act.event.id] = alarm_id
            self._index(alarm if now is None else settle(alarm, now))
        self._rung.sort()
        if now is None and of_alarm:
            self._pass(max(record.at for found in of_alarm.values() for record in found))
        self._version += 1

    def keep(self, pause: Pause, now: int) -> None:
        """Take in a pause, made or lifted; of those that begin later, `tick` sees to the open alarms. One that was lifted stays so."""
        known = self._pauses.get(pause.id)
        if known is not None and known.end <= pause.end:
            return
        self._pauses[pause.id] = pause
        if pause.start > now:
            heapq.heappush(self._starts, (pause.start, pause.id))
        self._version += 1

    def serve(self, asset: str, since: int) -> None:
        """A new model serves the asset: its first fortnight begins."""
        self._in_service[asset] = since

    # How it works.

    def _plan(self, at: int) -> _Plan:
        """What is to be decided anyway up to `at`, in order of time."""
        plan = _Plan(self, at)
        plan.pass_time()
        return plan

    def _pass(self, now: int) -> None:
        """Let time pass: alarms change as their records say, and those that are long closed are forgotten."""
        while self._starts and self._starts[0][0] <= now:
            heapq.heappop(self._starts)
        if len(self._pauses) > 2 * self._pauses_kept:
            self._pauses = {key: pause for key, pause in self._pauses.items() if pause.end + self._keep_ns > now}
            self._pauses_kept = max(len(self._pauses), LEAST_PAUSES)
        while self._wake and self._wake[0][0] <= now:
            at, alarm_id = heapq.heappop(self._wake)
            alarm = self._alarms.get(alarm_id)
            if alarm is None or _wake_at(alarm, self._keep_ns) != at:
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

    def _hide(self, plan: _Plan, alarm_id: str, event: Event, at: int) -> None:
        """Suppress an alarm that an event has just begun or joined, where a pause or a parent does so.

        A pause holds for an alarm where it covers all its events: one that it does not cover brings the alarm out.
        """
        alarm = plan.alarm(alarm_id)
        assert alarm is not None
        alone = len(alarm.open_events) == 1
        causes = {found.cause for found in alarm.suppressions}
        for pause in self._pauses.values():
            if pause.id in causes and not covers(pause, event, at):
                self._unsuppress(plan, alarm_id, pause.id)
            elif pause.id not in causes and covers(pause, event, at) and (alone or not pause.tags):
                plan.write(alarm_id, SYSTEM, Suppress(pause.id, pause.kind, pause.end, pause.why))
        for asset in self.grouping.above(alarm.asset):
            for parent in plan.of_asset(asset):
                if parent.id not in causes and commands(parent) and below_it(parent, alarm):
                    plan.write(alarm_id, SYSTEM, Suppress(parent.id, SuppressedBy.PARENT))

    def _begin(self, plan: _Plan, pause: Pause, at: int) -> None:
        ids = self._of_asset.get(pause.asset, {}) if pause.asset else self._alarms
        for alarm_id in sorted(ids):
            alarm = plan.alarm(alarm_id)
            if alarm is None or alarm.closed or not covers(pause, alarm.event, at):
                continue
            if (len(alarm.open_events) <= 1 or not pause.tags) and all(found.cause != pause.id for found in alarm.suppressions):
                plan.write(alarm_id, SYSTEM, Suppress(pause.id, pause.kind, pause.end, pause.why))

    def _command(self, plan: _Plan, parent: Alarm) -> None:
        """Suppress what stands below an alarm, and let go what does not, or all."""
        commanding = commands(parent)
        for child_id in plan.suppressed_by(parent.id):
            child = plan.alarm(child_id)
            if child is not None and not (commanding and below_it(parent, child)):
                self._unsuppress(plan, child_id, parent.id)
        if not commanding:
            return
        for asset in self.grouping.below(parent.asset):
            for child in plan.of_asset(asset):
                if below_it(parent, child) and all(found.cause != parent.id for found in child.suppressions):
                    plan.write(child.id, SYSTEM, Suppress(parent.id, SuppressedBy.PARENT))

    def _obey(self, plan: _Plan, child: Alarm) -> None:
        """Bring out an alarm that has become more urgent than the parents that suppress it."""
        for found in child.suppressions:
            parent = plan.alarm(found.cause) if found.by is SuppressedBy.PARENT else None
            if parent is not None and child.priority < parent.priority:
                self._unsuppress(plan, child.id, found.cause)

    def _unsuppress(self, plan: _Plan, alarm_id: str, cause: str) -> None:
        alarm = plan.alarm(alarm_id)
        if alarm is not None and any(found.cause == cause for found in alarm.suppressions):
            plan.write(alarm_id, SYSTEM, Unsuppress(cause))

    def _put(self, record: Record) -> None:
        before = self._alarms.get(record.alarm_id)
        settled = self._moved(before, max(record.at, before.at)) if before is not None else None
        after = advance(settled, record)
        if isinstance(record.act, Raise):
            self._of_event[record.act.event.id] = after.id
        self._ring(State.NORMAL if settled is None else settled.state, after, after.at)
        self._index(after)

    def _ring(self, before: State, after: Alarm, at: int) -> None:
        if after.kind is AlarmKind.ALARM and rings(before, after):
            self._rung.append(at)
            if self._rung[0] < at - 2 * self._keep_ns:
                self._rung = [time for time in self._rung if time >= at - self._keep_ns]

    def _index(self, alarm: Alarm) -> None:
        before = self._alarms.get(alarm.id)
        for found in before.suppressions if before is not None else ():
            self._release(found.cause, alarm.id)
        for found in alarm.suppressions:
            self._of_cause.setdefault(found.cause, {})[alarm.id] = None
        self._alarms[alarm.id] = alarm
        self._of_asset.setdefault(alarm.asset, {})[alarm.id] = None
        self._changed[alarm.id] = None
        wake = _wake_at(alarm, self._keep_ns)
        if wake is not None:
            heapq.heappush(self._wake, (wake, alarm.id))

    def _release(self, cause: str, alarm_id: str) -> None:
        suppressed = self._of_cause.get(cause, {})
        suppressed.pop(alarm_id, None)
        if not suppressed:
            self._of_cause.pop(cause, None)

    def _forget(self, alarm: Alarm) -> None:
        del self._alarms[alarm.id]
        self._of_asset[alarm.asset].pop(alarm.id, None)
        for event_id in alarm.events:
            self._of_event.pop(event_id, None)


class _Plan:
    """A decision in the making: the book, and over it what the records so far would change."""

    def __init__(self, book: Book, until: int) -> None:
        self._book, self._until = book, until
        self.at = until
        self._changed: dict[str, Alarm] = {}
        self._records: list[Record] = []
        self._due = [(at, 1, what) for at, what in _up_to(book._wake, until)] + [(at, 0, what) for at, what in _up_to(book._starts, until)]
        heapq.heapify(self._due)

    def pass_time(self) -> None:
        """What follows from time alone: pauses that begin, alarms that begin or cease to command those below them."""
        while self._due:
            self.at, is_alarm, what = heapq.heappop(self._due)
            if not is_alarm:
                self._book._begin(self, self._book._pauses[what], self.at)
                continue
            before = self._changed.get(what) or self._book._alarms.get(what)
            if before is None or next_change(before) != self.at:
                continue
            after = due(before, self.at)
            self._change(after)
            if commands(before) != commands(after):
                self._book._command(self, after)
        self.at = self._until

    def alarm(self, alarm_id: str) -> Alarm | None:
        """An alarm as it would be now."""
        found = self._changed.get(alarm_id) or self._book._alarms.get(alarm_id)
        return due(found, self.at) if found is not None else None

    def of_asset(self, asset: str) -> Iterator[Alarm]:
        """Alarms of an asset, in the order of their ids."""
        new = {alarm.id for alarm in self._changed.values() if alarm.asset == asset}
        for alarm_id in sorted(new.union(self._book._of_asset.get(asset, ()))):
            alarm = self.alarm(alarm_id)
            if alarm is not None:
                yield alarm

    def suppressed_by(self, cause: str) -> tuple[str, ...]:
        """Ids of alarms that a cause suppresses, in an order that does not depend on what happened before."""
        new = [alarm.id for alarm in self._changed.values() if any(found.cause == cause for found in alarm.suppressions)]
        return tuple(sorted({*self._book._of_cause.get(cause, ()), *new}))

    def write(self, alarm_id: str, by: str, act: Act, number: int | None = None) -> None:
        """One more record, and what follows from it for those below the alarm."""
        # As it was before the time of this record: what time does at that very moment is followed up here too.
        before = self._changed.get(alarm_id) or self._book._alarms.get(alarm_id)
        last = before.number if before is not None else 0
        record = Record(alarm_id, last + 1 if number is None else number, self.at, by, act)
        after = advance(before, record)
        self._change(after)
        self._records.append(record)
        urgent = before is not None and after.priority != before.priority
        if urgent:
            self._book._obey(self, after)
        commanded = before is not None and commands(before)
        if commands(after) != commanded or (commanded and urgent):
            self._book._command(self, after)

    def decision(self) -> Decision:
        """What has been decided."""
        return Decision(tuple(self._records), self._until, self._book._version)

    def _change(self, alarm: Alarm) -> None:
        self._changed[alarm.id] = alarm
        change = next_change(alarm)
        if change is not None and change <= self._until:
            heapq.heappush(self._due, (change, 1, alarm.id))


def _up_to(heap: list[tuple[int, str]], until: int) -> Iterator[tuple[int, str]]:
    """Entries of a heap that are due, without taking them out."""
    todo = [0]
    while todo:
        index = todo.pop()
        if index < len(heap) and heap[index][0] <= until:
            yield heap[index]
            todo += (2 * index + 1, 2 * index + 2)


def _wake_at(alarm: Alarm, keep_ns: int) -> int | None:
    """When the book has to look at an alarm again by itself."""
    change = next_change(alarm)
    return alarm.at + keep_ns if change is None and alarm.closed else change

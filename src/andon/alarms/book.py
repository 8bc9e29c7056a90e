"""The book: every alarm that is open, in memory, and what each event and each act of a person comes to.

A decision gives records and changes nothing; the caller stores them, then commits. So a database that is down loses
nothing and invents nothing: the same question gets the same answer later. Everything depends on the records, the plant
file and the times given, never on a clock; after a restart the stored records bring the book back.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from andon.alarms.deciding import Plan
from andon.alarms.floods import Flood, in_flood
from andon.alarms.grouping import Grouping
from andon.alarms.life import due, settle
from andon.alarms.open_alarms import OpenAlarms, up_to
from andon.alarms.rationalising import from_event, kept
from andon.plant.alarm import SYSTEM, Act, Alarm, AlarmKind, Clear, Pause, Raise, Record, Revise, Shelve, Suppress, Unsuppress
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
        self._open = OpenAlarms(max(KEEP_NS, plant.alarms.rejoin_ns))
        self._in_service = dict(in_service or {})
        self._pauses: dict[str, Pause] = {}
        self._pauses_kept = LEAST_PAUSES
        self._starts: list[tuple[int, str]] = []
        self._version = 0

    # What is there.

    def __len__(self) -> int:
        return len(self._open.alarms)

    def alarm(self, alarm_id: str, now: int) -> Alarm | None:
        """An alarm at `now` (ns UTC); None where the book does not have it (any more)."""
        found = self._open.alarms.get(alarm_id)
        return settle(found, now) if found is not None else None

    def ids(self) -> tuple[str, ...]:
        """Ids of the alarms that the book has: those that are open, and those that were closed not long ago."""
        return tuple(self._open.alarms)

    def case(self, alarm: Alarm) -> str:
        """The alarm that an alarm is shown with: the highest of the parents that suppress it, else itself."""
        while alarm.case != alarm.id and (parent := self._open.alarms.get(alarm.case)) is not None:
            alarm = parent
        return alarm.case

    def open(self, now: int) -> tuple[Alarm, ...]:
        """Every alarm and notification that is not closed at `now`, hidden ones too, by their first record; as `life.due` has them."""
        return tuple(alarm for found in self._open.alarms.values() if not (alarm := due(found, now)).closed)

    def flood(self, now: int) -> Flood | None:
        """The flood that lasts at `now`."""
        return in_flood(self._open.rung, self.plant.alarms, now)

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
        return self._open.take_changed()

    # What comes to pass: decisions.

    def opened(self, event: Event, at: int) -> Decision:
        """An event has opened: it begins an alarm, or joins one of its asset and cause. Asked twice, nothing comes of the second.

        Parameters
        ----------
        event : as known now
        at : ns UTC, the tick, not the wall clock, so that a replay gives the same records
        """
        plan = self._plan(at)
        if event.id in self._open.of_event:
            return self._decision(plan)
        act = from_event(event, self.plant, notify_only=self.notify_only(event.asset, at))
        joined = [alarm for alarm in plan.of_asset(event.asset) if self.grouping.joins(act, alarm, at)]
        alarm_id = max(joined, key=lambda alarm: (not alarm.closed, alarm.last_raised_at or 0, alarm.id)).id if joined else event.id
        plan.write(alarm_id, SYSTEM, act)
        plan.hide(alarm_id, event)
        return self._decision(plan)

    def revised(self, event: Event, at: int) -> Decision:
        """An open event has grown: a record where it is more urgent now."""
        plan = self._plan(at)
        found = self._open.of_event.get(event.id)
        alarm = plan.alarm(found) if found is not None else None
        before = dict(alarm.open_events).get(event.id) if alarm is not None else None
        if alarm is None or before is None:
            return self._decision(plan)
        priority = from_event(event, self.plant, notify_only=alarm.kind is AlarmKind.NOTIFICATION).priority
        if priority < before:
            plan.write(alarm.id, SYSTEM, Revise(kept(event), priority))
        return self._decision(plan)

    def closed(self, event: Event, at: int) -> Decision:
        """An event has closed: the alarm returns to normal with its last one. What is known of the event now is kept."""
        plan = self._plan(at)
        found = self._open.of_event.get(event.id)
        alarm = plan.alarm(found) if found is not None else None
        open_events = dict(alarm.open_events) if alarm is not None else {}
        if alarm is None or event.id not in open_events:
            return self._decision(plan)
        plan.write(alarm.id, SYSTEM, Clear(event.id, self.plant.alarms.off_delay_ns))
        plan.write(alarm.id, SYSTEM, Revise(kept(event), open_events[event.id]))
        return self._decision(plan)

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
        return self._decision(plan)

    def pausing(self, pause: Pause, at: int) -> Decision:
        """The records of a pause that somebody has just made, or lifted; call `keep` with it when they are stored."""
        plan = self._plan(at)
        if pause.holds(at):
            plan.begin(pause)
        elif at >= pause.end:
            for alarm_id in plan.suppressed_by(pause.id):
                plan.unsuppress(alarm_id, pause.id)
        return self._decision(plan)

    def tick(self, now: int) -> Decision:
        """What time alone has brought: pauses that begin, children of parents whose delay is over."""
        return self._decision(self._plan(now))

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
            self._open.put(record)
        self._pass(decision.at)
        self._version += bool(decision.records)

    def load(self, records: Iterable[Record], now: int | None = None) -> None:
        """Take in stored records, those of each alarm complete and in order; what it has already is passed over.

        Parameters
        ----------
        records : after a restart those of all alarms that may be open, at once: what had to follow up to the last of them
            has been stored with them, so nothing follows a second time. Those of alarms that the book had (`ids`) and those that
            have records since are enough: with all others it forgets more, and has the same
        now : ns UTC; closed alarms stay in the book from now on for a while, so that people can act on them.
            None: after a restart, they stay as long as they would have stayed
        """
        of_alarm: dict[str, list[Record]] = {}
        for record in records:
            of_alarm.setdefault(record.alarm_id, []).append(record)
        for found in of_alarm.values():
            self._open.load(found, now)
        self._open.rung.sort()
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

    def take_plant(self, plant: PlantFile) -> None:
        """Another plant file: it decides about what comes from now on."""
        self.plant, self.grouping = plant, Grouping(plant)

    def serve(self, asset: str, since: int) -> None:
        """A new model serves the asset: its first fortnight begins."""
        self._in_service[asset] = since

    # How it works.

    def _plan(self, at: int) -> Plan:
        """What is to be decided anyway up to `at`, in order of time."""
        plan = Plan(self._open, self._pauses, self.grouping, up_to(self._starts, at), at)
        plan.pass_time()
        return plan

    def _decision(self, plan: Plan) -> Decision:
        return Decision(plan.records, plan.at, self._version)

    def _pass(self, now: int) -> None:
        """Let time pass."""
        while self._starts and self._starts[0][0] <= now:
            heapq.heappop(self._starts)
        if len(self._pauses) > 2 * self._pauses_kept:
            self._pauses = {key: pause for key, pause in self._pauses.items() if pause.end + self._open.keep_ns > now}
            self._pauses_kept = max(len(self._pauses), LEAST_PAUSES)
        self._open.pass_time(now)

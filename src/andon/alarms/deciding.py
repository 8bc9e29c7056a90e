"""A decision in the making: what follows from an event, an act, or time, for the alarm and for those below it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping

from andon.alarms.grouping import Grouping, below_it, commands
from andon.alarms.life import advance, due, next_change
from andon.alarms.open_alarms import OpenAlarms, up_to
from andon.alarms.pausing import covers
from andon.plant.alarm import SYSTEM, Act, Alarm, Pause, Record, Suppress, SuppressedBy, Unsuppress
from andon.plant.verdict import Event


class Plan:
    """A decision in the making: the open alarms, and over them what the records so far would change.

    Parameters
    ----------
    alarms : as they are; they are only read
    pauses : id -> pause
    grouping : what stands below what
    starts : (ns UTC, id) of the pauses that begin up to `until`
    until : ns UTC, the time of the decision
    """

    def __init__(
        self, alarms: OpenAlarms, pauses: Mapping[str, Pause], grouping: Grouping, starts: Iterable[tuple[int, str]], until: int
    ) -> None:
        self._open, self._pauses, self._grouping, self._until = alarms, pauses, grouping, until
        self.at = until
        self._changed: dict[str, Alarm] = {}
        self._records: list[Record] = []
        self._due = [(at, 1, what) for at, what in up_to(alarms.wake, until)] + [(at, 0, what) for at, what in starts]
        heapq.heapify(self._due)

    def pass_time(self) -> None:
        """What follows from time alone: pauses that begin, alarms that begin or cease to command those below them."""
        while self._due:
            self.at, is_alarm, what = heapq.heappop(self._due)
            if not is_alarm:
                self.begin(self._pauses[what])
                continue
            before = self._changed.get(what) or self._open.alarms.get(what)
            if before is None or next_change(before) != self.at:
                continue
            after = due(before, self.at)
            self._change(after)
            if commands(before) != commands(after):
                self._command(after)
        self.at = self._until

    def alarm(self, alarm_id: str) -> Alarm | None:
        """An alarm as it would be now."""
        found = self._changed.get(alarm_id) or self._open.alarms.get(alarm_id)
        return due(found, self.at) if found is not None else None

    def of_asset(self, asset: str) -> Iterator[Alarm]:
        """Alarms of an asset, in the order of their ids."""
        new = {alarm.id for alarm in self._changed.values() if alarm.asset == asset}
        for alarm_id in sorted(new.union(self._open.of_asset.get(asset, ()))):
            alarm = self.alarm(alarm_id)
            if alarm is not None:
                yield alarm

    def suppressed_by(self, cause: str) -> tuple[str, ...]:
        """Ids of alarms that a cause suppresses, in an order that does not depend on what happened before."""
        new = [alarm.id for alarm in self._changed.values() if any(found.cause == cause for found in alarm.suppressions)]
        return tuple(sorted({*self._open.of_cause.get(cause, ()), *new}))

    def write(self, alarm_id: str, by: str, act: Act, number: int | None = None) -> None:
        """One more record, and what follows from it for those below the alarm."""
        # As it was before the time of this record: what time does at that very moment is followed up here too.
        before = self._changed.get(alarm_id) or self._open.alarms.get(alarm_id)
        last = before.number if before is not None else 0
        record = Record(alarm_id, last + 1 if number is None else number, self.at, by, act)
        after = advance(before, record)
        self._change(after)
        self._records.append(record)
        urgent = before is not None and after.priority != before.priority
        if urgent or (before is not None and before.closed and not after.closed):
            self._obey(after)
        commanded = before is not None and commands(before)
        if commands(after) != commanded or (commanded and urgent):
            self._command(after)

    @property
    def records(self) -> tuple[Record, ...]:
        """What has been decided."""
        return tuple(self._records)

    def hide(self, alarm_id: str, event: Event) -> None:
        """Suppress an alarm that an event has just begun or joined, where a pause or a parent does so.

        A pause holds for an alarm where it covers all its events: one that it does not cover brings the alarm out.
        """
        alarm = self.alarm(alarm_id)
        assert alarm is not None
        alone = len(alarm.open_events) == 1
        causes = {found.cause for found in alarm.suppressions}
        for pause in self._pauses.values():
            if pause.id in causes and not covers(pause, event, self.at):
                self.unsuppress(alarm_id, pause.id)
            elif pause.id not in causes and covers(pause, event, self.at) and (alone or not pause.tags):
                self.write(alarm_id, SYSTEM, Suppress(pause.id, pause.kind, pause.end, pause.why))
        self._submit(alarm)

    def _submit(self, child: Alarm) -> None:
        """Suppress an alarm where a parent commands it."""
        causes = {found.cause for found in child.suppressions}
        for asset in self._grouping.above(child.asset):
            for parent in self.of_asset(asset):
                if parent.id not in causes and commands(parent) and below_it(parent, child):
                    self.write(child.id, SYSTEM, Suppress(parent.id, SuppressedBy.PARENT))

    def begin(self, pause: Pause) -> None:
        """Suppress what stands open where a pause begins."""
        ids = self._open.of_asset.get(pause.asset, {}) if pause.asset else self._open.alarms
        for alarm_id in sorted(ids):
            alarm = self.alarm(alarm_id)
            if alarm is None or alarm.closed or not covers(pause, alarm.event, self.at):
                continue
            if (len(alarm.open_events) <= 1 or not pause.tags) and all(found.cause != pause.id for found in alarm.suppressions):
                self.write(alarm_id, SYSTEM, Suppress(pause.id, pause.kind, pause.end, pause.why))

    def unsuppress(self, alarm_id: str, cause: str) -> None:
        """Let go of an alarm, where a cause suppresses it."""
        alarm = self.alarm(alarm_id)
        if alarm is not None and any(found.cause == cause for found in alarm.suppressions):
            self.write(alarm_id, SYSTEM, Unsuppress(cause))

    def _command(self, parent: Alarm) -> None:
        """Suppress what stands below an alarm, and let go what does not, or all."""
        commanding = commands(parent)
        for child_id in self.suppressed_by(parent.id):
            child = self.alarm(child_id)
            if child is not None and not (commanding and below_it(parent, child)):
                self.unsuppress(child_id, parent.id)
        if not commanding:
            return
        for asset in self._grouping.below(parent.asset):
            for child in self.of_asset(asset):
                if below_it(parent, child) and all(found.cause != parent.id for found in child.suppressions):
                    self.write(child.id, SYSTEM, Suppress(parent.id, SuppressedBy.PARENT))

    def _obey(self, child: Alarm) -> None:
        """An alarm whose priority has changed, or that was closed, comes out where it is more urgent than a parent, else goes below it."""
        for found in child.suppressions:
            parent = self.alarm(found.cause) if found.by is SuppressedBy.PARENT else None
            if parent is not None and child.priority < parent.priority:
                self.unsuppress(child.id, found.cause)
        self._submit(child)

    def _change(self, alarm: Alarm) -> None:
        self._changed[alarm.id] = alarm
        change = next_change(alarm)
        if change is not None and change <= self._until:
            heapq.heappush(self._due, (change, 1, alarm.id))

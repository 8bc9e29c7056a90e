"""The threshold of each asset as time goes: the promise's, moved by the controller from the log of closed events and their marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from andon.evidence.controller import Controller, EventRecord, Step
from andon.plant.time import DAY_NS
from andon.streaming.control import Marked, Promised

KEPT_NS = 400 * DAY_NS
_NEVER = -1
NEVER = 2**62


class Closed(msgspec.Struct, frozen=True):
    """A closed event of the log."""

    id: str
    opened: int
    closed: int
    peak: float
    false: bool | None = None
    marked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """The threshold of one asset. Replaced, never changed.

    Attributes
    ----------
    promise : what was promised; its threshold is the floor
    log : closed events, oldest first
    marks : marks of events that have not closed yet
    steps : movements so far, up to `worked` (ns); empty where they have to be worked out again
    """

    promise: Promised
    log: tuple[Closed, ...] = ()
    marks: tuple[Marked, ...] = ()
    steps: tuple[Step, ...] = ()
    worked: int = _NEVER

    def at(self, time: int) -> tuple[float, Limit]:
        """The threshold in force at a tick (ns), and the limit with its steps worked out."""
        if not self.log:  # the controller moves by events alone
            return self.promise.threshold, self
        limit = self if self._holds(time) else self._work_out(time)
        low, high = 0, len(limit.steps)
        while low < high:  # the last step not after the tick
            middle = (low + high) // 2
            low, high = (middle + 1, high) if limit.steps[middle].time <= time else (low, middle)
        return (limit.steps[low - 1].threshold if low else limit.promise.threshold), limit

    def holds_until(self, time: int) -> int:
        """First moment after a tick (ns) at which the threshold may be another one, unless something is said before."""
        if not self.log:
            return NEVER
        moments = [(time // DAY_NS + 1) * DAY_NS]
        for item in self.log:
            moments += [moment for moment in (item.closed + DAY_NS, item.marked_at or 0, item.closed) if moment > time]
        return min(moments)

    def with_promise(self, promise: Promised) -> Limit:
        """Another promise: the controller begins anew, the log stays."""
        return replace(self, promise=promise, steps=(), worked=_NEVER)

    def with_closed(self, event: Closed) -> Limit:
        """One more closed event; a mark that came before counts from its close on."""
        mine = next((mark for mark in reversed(self.marks) if mark.event == event.id), None)
        if mine is not None:
            event = msgspec.structs.replace(event, false=mine.false, marked_at=mine.at)
        marks = tuple(mark for mark in self.marks if mark.event != event.id)
        log = tuple(item for item in self.log if item.closed > event.closed - KEPT_NS and item.id != event.id)
        return replace(self, log=(*log, event), marks=marks, steps=(), worked=_NEVER)

    def with_mark(self, mark: Marked) -> Limit:
        """An event is marked; the last mark counts."""
        if all(item.id != mark.event for item in self.log):
            return replace(self, marks=(*(item for item in self.marks if item.event != mark.event), mark))
        log = tuple(
            msgspec.structs.replace(item, false=mark.false, marked_at=mark.at) if item.id == mark.event else item for item in self.log
        )
        return replace(self, log=log, steps=(), worked=_NEVER)

    def _holds(self, time: int) -> bool:
        """Nothing can have moved the threshold since it was worked out: no event, and no midnight while it stands raised."""
        if self.worked == _NEVER or time < self.worked:
            return self.worked != _NEVER and bool(self.steps) and self.steps[0].time <= time
        raised = bool(self.steps) and self.steps[-1].threshold > self.promise.threshold
        waiting = any(item.closed > self.worked - 2 * DAY_NS for item in self.log)
        return not (raised or waiting) or (time // DAY_NS == self.worked // DAY_NS and not self._due(time))

    def _due(self, time: int) -> bool:
        """An event becomes an unmarked one between `worked` and `time`, or a mark falls there."""
        return any(self.worked < moment <= time for item in self.log for moment in (item.closed + DAY_NS, item.marked_at or item.closed))

    def _work_out(self, time: int) -> Limit:
        promise = self.promise
        controller = Controller(promise.threshold, promise.tail_scale, promise.rate_per_hour, max(min(promise.running_share, 1.0), 1e-6))
        records = [EventRecord(item.id, item.opened, item.closed, item.peak, item.false, item.marked_at) for item in self.log]
        return replace(self, steps=controller.steps(records, promise.since, time), worked=time)

    def to_kept(self) -> dict[str, Any]:
        """As JSON values."""
        built: dict[str, Any] = msgspec.to_builtins({"promise": self.promise, "log": self.log, "marks": self.marks})
        return built

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> Limit:
        """What `to_kept` gave."""
        return cls(
            msgspec.convert(kept["promise"], Promised),
            tuple(msgspec.convert(item, Closed) for item in kept["log"]),
            tuple(msgspec.convert(item, Marked) for item in kept["marks"]),
        )

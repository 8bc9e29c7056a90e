"""What of an alarm is told to people and machines elsewhere: one message a case, not one a change, and few in a flood.

A case is told when it comes up, when it becomes more urgent, and when it is over. What is hidden (shelved, suppressed by its parent or by a
pause, out of service) is not told; what comes back from hiding and still holds is. A case that chatters is told so once, and then is silent
until it has been quiet. In a flood the first of each line and the most urgent are told, the rest is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from andon.plant.alarm import Alarm
from andon.plant.file.alarm_settings import AlarmSettings
from andon.plant.time import DAY_NS

OLDEST_NS = DAY_NS
"""What came up longer ago, because nobody was there to tell it, is not told any more: the list has it."""


class What(StrEnum):
    """What is told of a case."""

    RAISED = "raised"
    URGENT = "more-urgent"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Told:
    """What is known to be told of an alarm.

    Attributes
    ----------
    activation : ns UTC, the activation that it is about
    priority : the most urgent one that was told
    over : its end was told, or needs no telling
    silent : this activation was not told: a flood, chattering, too long ago
    hidden : it was hidden when it came up, and is told should it hold when it is shown
    times : activations of the last `chatter_within`
    """

    activation: int
    priority: int
    over: bool = False
    silent: bool = False
    hidden: bool = False
    times: tuple[int, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "activation": self.activation, "priority": self.priority, "over": self.over, "silent": self.silent, "hidden": self.hidden,
            "times": list(self.times),
        }  # fmt: skip

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Told:
        """What `to_plain` gave."""
        return cls(
            int(data["activation"]), int(data["priority"]), bool(data["over"]), bool(data["silent"]), bool(data["hidden"]),
            tuple(int(time) for time in data["times"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to tell: of which alarm, when it came to pass (ns UTC), and whether it chatters and so falls silent."""

    what: What
    at: int
    alarm: Alarm
    chatters: bool = False

    @property
    def id(self) -> str:
        """The same whenever it is worked out again."""
        level = f".{self.alarm.priority}" if self.what is What.URGENT else ""
        return f"{self.alarm.id}.{self.what.value}.{self.alarm.last_raised_at}{level}"


def tellings(
    told: Told | None, alarm: Alarm, now: int, settings: AlarmSettings, *, folded: bool = False
) -> tuple[Sequence[Telling], Told | None]:
    """What there is to tell of an alarm at `now` (ns UTC), and what is known to be told then. Asked again nothing more comes of it.

    Parameters
    ----------
    told : what was told before; None: nothing
    alarm : at `now`
    folded : a flood folds it behind another
    """
    since = alarm.last_raised_at
    if since is None or not alarm.count:
        return (), told
    fresh = told is None or told.activation != since
    if fresh:
        before = told.times if told is not None else ()
        times = (*(time for time in before if time > since - settings.chatter_within_ns), since)
        told = Told(since, alarm.priority, times=times)
        silent = len(times) > settings.chatter or now - since > OLDEST_NS or folded
        if alarm.hidden or silent:
            return (), replace(told, silent=silent, hidden=alarm.hidden, over=silent)
        raised = Telling(What.RAISED, since, alarm, chatters=len(times) == settings.chatter)
        over, told = _over(told, alarm, now)
        return (raised, *over), told
    assert told is not None
    if told.hidden:
        if alarm.hidden or told.over:
            return (), told
        if not alarm.active:
            return (), replace(told, over=True)
        shown = replace(told, hidden=False, priority=alarm.priority, silent=folded, over=folded)
        return ((), shown) if folded else ((Telling(What.RAISED, since, alarm),), shown)
    if alarm.active and not alarm.hidden and alarm.priority < told.priority and not folded:
        return (Telling(What.URGENT, alarm.at, alarm),), replace(told, priority=alarm.priority, silent=False, over=False)
    return _over(told, alarm, now)


def _over(told: Told, alarm: Alarm, now: int) -> tuple[Sequence[Telling], Told]:
    if told.over or alarm.active or told.silent:
        return (), told
    at = alarm.cleared_at if alarm.cleared_at is not None else now
    return (Telling(What.OVER, at, alarm),), replace(told, over=True)

"""Grouping: one open case for each asset and cause, and children that are suppressed while their parent is in alarm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from andon.plant.alarm import Alarm, Raise, State, SuppressedBy
from andon.plant.file.schema import PlantFile


class Grouping:
    """What belongs together, from the plant file: tags by `group`, assets by `parent`, alarms by cause."""

    def __init__(self, plant: PlantFile) -> None:
        self._rejoin_ns = plant.alarms.rejoin_ns
        named = [(tag.id, tag.group) for tag in plant.tags] + [(tag.id, tag.group) for tag in plant.derived]
        self._group = {tag: group for tag, group in named if group}
        self._parent = {asset.id: asset.parent for asset in plant.assets if asset.parent}
        self._children: dict[str, list[str]] = {}
        for child, parent in self._parent.items():
            self._children.setdefault(parent, []).append(child)

    def above(self, asset: str) -> Iterator[str]:
        """Parent, its parent, and so on."""
        while asset := self._parent.get(asset, ""):
            yield asset

    def below(self, asset: str) -> Iterator[str]:
        """Children, their children, and so on."""
        todo = list(self._children.get(asset, ()))
        while todo:
            asset = todo.pop()
            yield asset
            todo += self._children.get(asset, ())

    def top(self, asset: str) -> str:
        """The highest asset above this one; itself where none is."""
        return next(reversed([asset, *self.above(asset)]))

    def same_cause(self, first: Iterable[str], second: Iterable[str]) -> bool:
        """Two causes are the same where they share a tag, or a group of tags; no tag is the same cause as no tag."""
        left, right = set(first), set(second)
        if not left or not right:
            return left == right
        return bool(left & right) or bool(self._groups(left) & self._groups(right))

    def _groups(self, tags: set[str]) -> set[str]:
        return {self._group[tag] for tag in tags if tag in self._group}

    def joins(self, act: Raise, alarm: Alarm, now: int) -> bool:
        """Whether an event belongs to an alarm: one of its asset and cause that is open, or was over less than `rejoin` ago.

        Parameters
        ----------
        alarm : settled at `now`
        now : ns UTC
        """
        if alarm.asset != act.event.asset or not self.same_cause(act.cause, alarm.cause):
            return False
        return not alarm.closed or now - over_since(alarm) < self._rejoin_ns


def over_since(alarm: Alarm) -> int:
    """When an alarm that is closed was over: its last return to normal, or the acknowledgement after it. ns UTC."""
    times = [alarm.cleared_at, alarm.acknowledged.at if alarm.acknowledged else None]
    return max((time for time in times if time is not None), default=alarm.event.start)


def commands(parent: Alarm) -> bool:
    """Whether an alarm suppresses those below it: its condition holds, and nobody has hidden it. What is hidden hides nothing."""
    if not parent.active or parent.out is not None or parent.shelf is not None:
        return False
    return all(found.by is SuppressedBy.PARENT for found in parent.suppressions)


def below_it(parent: Alarm, child: Alarm) -> bool:
    """A parent suppresses what is open and not more urgent than itself."""
    return child.id != parent.id and child.priority >= parent.priority and not child.closed


def waits(alarm: Alarm) -> bool:
    """It is for a list to show: it has come up, is not over, and nothing hides it."""
    return alarm.state is not State.NORMAL and not alarm.hidden


def rings(before: State, alarm: Alarm) -> bool:
    """Whether a change of state is one that an operator hears."""
    return alarm.state is State.UNACKNOWLEDGED and before is not State.UNACKNOWLEDGED

"""Whether a promise was kept: events that count, in running time, beside the rate that people agreed to (contract 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from andon.alarms.counting import at_least, at_most, interval
from andon.alarms.history import History
from andon.plant.budget import Budget
from andon.plant.time import HOUR_NS

SURE = 0.05
"""A promise is doubted where it would give such a count less often than this."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a budget group was promised, and for how long it ran.

    Attributes
    ----------
    group : name of the budget group
    assets : of the group; empty: all
    budget : the promise
    running_ns : judgeable running time in the period
    """

    group: str
    assets: tuple[str, ...]
    budget: Budget
    running_ns: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of a promise.

    Attributes
    ----------
    promise : it
    expected : events that it allows in the running time
    true, false, unmarked : events opened in the period by their mark; those less than the merge gap apart count once
    low, high : 90 % interval of the mean that fits the count
    too_many, too_few : probability of so many or more, and of so few or fewer, if the promise held
    """

    promise: Promise
    expected: float
    true: int
    false: int
    unmarked: int
    low: float
    high: float
    too_many: float
    too_few: float

    @property
    def counted(self) -> int:
        """False alarms: those marked so, and those that nobody marked."""
        return self.false + self.unmarked

    @property
    def held(self) -> bool:
        """The count is one that the promise would give: no more than in nineteen of twenty such times."""
        return self.too_many >= SURE

    @property
    def rate_per_hour(self) -> float:
        """Counted events per hour of running time; NaN where it did not run."""
        return self.counted * HOUR_NS / self.promise.running_ns if self.promise.running_ns > 0 else float("nan")


def kept(histories: Iterable[History], promise: Promise, start: int, end: int) -> Kept:
    """Count the events that opened in start <= time < end (ns UTC) against a promise; notifications count like alarms."""
    spans: list[tuple[int, int, bool | None]] = []
    for found in histories:
        if promise.assets and found.alarm.asset not in promise.assets:
            continue
        for event, logged in zip(found.events, found.log, strict=True):
            if start <= event.start < end:
                spans.append((event.start, event.end if event.end is not None else end, logged.false))
    spans.sort(key=lambda span: (span[0], span[1]))
    clusters: list[list[bool | None]] = []
    last_end = 0
    for begin, over, mark in spans:
        if clusters and begin - last_end < promise.budget.merge_gap_ns:
            clusters[-1].append(mark)
            last_end = max(last_end, over)
        else:
            clusters.append([mark])
            last_end = over
    true = sum(False in marks for marks in clusters)
    false = sum(False not in marks and True in marks for marks in clusters)
    unmarked = len(clusters) - true - false
    expected = promise.budget.rate_per_hour * promise.running_ns / HOUR_NS
    counted = false + unmarked
    low, high = interval(counted)
    return Kept(promise, expected, true, false, unmarked, low, high, at_least(counted, expected), at_most(counted, expected))

"""Events against labelled faults: caught, missed, false, how early, how late.

An event is true where it *opens* between `lead_ns` before the start of a fault and the fault's end. A true event
catches every fault it overlaps; an event that opened elsewhere is false and catches nothing. So an alarm that always
stands, or one that never ends, does not count as catching what happens under it. Events that only meet planned or
unknown time are excused: neither true nor false.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from andon.evaluating.rates import Rate, rate_per_day
from andon.evaluating.segments import as_labels
from andon.plant.arrays import BoolArray, TimeArray
from andon.plant.errors import EvaluationError
from andon.plant.label import Label, LabelKind

_ENDLESS = np.iinfo(np.int64).max


class Period(Protocol):
    """Anything with a start and an end; `plant.verdict.Event` is one."""

    @property
    def start(self) -> int:
        """When it opened, ns UTC."""
        ...

    @property
    def end(self) -> int | None:
        """When it closed, inclusive, ns UTC; None while it lasts."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """A bare event: start and end, ns UTC, inclusive."""

    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Caught:
    """A fault that an event announced.

    Attributes
    ----------
    label : the fault
    event : index of the first true event that overlaps it
    delay_ns : opening of the event minus start of the fault; negative is warning before the fault
    before_end_ns : end of the fault minus opening of the event: the time left to act
    """

    label: Label
    event: int
    delay_ns: int
    before_end_ns: int

    @property
    def lead_ns(self) -> int:
        """How long before the start of the fault the event opened; 0 where it came after."""
        return max(0, -self.delay_ns)


@dataclass(frozen=True, slots=True)
class EventScores:
    """What a list of events is worth against labels.

    Attributes
    ----------
    caught, missed : faults
    true, false, excused : indices of events; false ones less than `merge_gap_ns` apart count once in `false_count`
    false_count : false events after merging
    false_rate : per day of judged time
    alarm_share : share of the judged time outside faults that stands in alarm (false events only)
    """

    caught: tuple[Caught, ...]
    missed: tuple[Label, ...]
    true: tuple[int, ...]
    false: tuple[int, ...]
    excused: tuple[int, ...]
    false_count: int
    false_rate: Rate
    alarm_share: float

    @property
    def recall(self) -> float:
        """Share of faults caught; NaN without faults."""
        faults = len(self.caught) + len(self.missed)
        return len(self.caught) / faults if faults else float("nan")

    @property
    def precision(self) -> float:
        """True events among true and false ones (merged); NaN without events."""
        opened = len(self.true) + self.false_count
        return len(self.true) / opened if opened else float("nan")

    @property
    def f1(self) -> float:
        """Harmonic mean of event-wise precision and recall; 0 where nothing is caught, NaN without faults."""
        if not self.caught:
            return 0.0 if self.missed else float("nan")
        return 2 * self.precision * self.recall / (self.precision + self.recall)

    @property
    def median_delay_ns(self) -> float:
        """Median delay over caught faults; negative is lead; NaN where none is caught."""
        return float(np.median([c.delay_ns for c in self.caught])) if self.caught else float("nan")


def match_events(
    events: Sequence[Period],
    labels: Iterable[Label],
    *,
    running_ns: int,
    lead_ns: int = 0,
    merge_gap_ns: int = 0,
    level: float = 0.9,
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> EventScores:
    """Match events with labelled faults of the same asset.

    Parameters
    ----------
    events : in any order
    labels : of every kind; FALSE ones are normal time
    running_ns : judged running time outside faults, planned and unknown periods: what false alarms are counted in
    lead_ns : how long before a fault an event may open and still announce it
    merge_gap_ns : false events less than this apart count once, as in the budget
    level : of the interval of the false-alarm rate
    since_ns, until_ns : first and last tick of the evaluated period. Labels wholly outside are left out (a fault of another
        year is not missed), and events that still last end with the period; without them every label counts and such
        events are endless

    Raises
    ------
    EvaluationError : a label ends before it starts, or negative durations
    """
    if lead_ns < 0 or merge_gap_ns < 0 or running_ns < 0:
        raise EvaluationError("durations must not be negative")
    labels = tuple(labels)
    for label in labels:
        if label.end < label.start:
            raise EvaluationError(f"a label of {label.asset} ends before it starts", do="swap its start and end in labels.csv")
    labels = tuple(x for x in labels if _meets(x, since_ns, until_ns))
    faults = sorted((x for x in labels if x.kind is LabelKind.FAULT), key=lambda x: (x.start, x.end))
    quiet = [x for x in labels if x.kind in (LabelKind.PLANNED, LabelKind.UNKNOWN)]
    order = sorted(range(len(events)), key=lambda i: (events[i].start, i))
    last = [_end(events[i], until_ns) for i in range(len(events))]

    announces = [i for i in order if any(f.start - lead_ns <= events[i].start < max(f.end, f.start + 1) for f in faults)]
    true = set(announces)
    excused = tuple(
        i
        for i in order
        if i not in true
        and any(events[i].start < q.end and last[i] >= q.start for q in quiet)
        and not any(events[i].start < f.end and last[i] >= f.start for f in faults)
    )
    false = tuple(i for i in order if i not in true and i not in set(excused))

    caught, missed = [], []
    for fault in faults:
        first = next((i for i in announces if events[i].start < max(fault.end, fault.start + 1) and last[i] >= fault.start - lead_ns), None)
        if first is None:
            missed.append(fault)
        else:
            caught.append(Caught(fault, first, events[first].start - fault.start, fault.end - events[first].start))

    merged = _merge([(events[i].start, last[i]) for i in false], merge_gap_ns)
    false_ns = sum(stop - start for start, stop in merged if stop < _ENDLESS)
    endless = any(stop == _ENDLESS for _, stop in merged)
    share = float("nan") if running_ns == 0 else 1.0 if endless else min(1.0, false_ns / running_ns)
    rate = rate_per_day(len(merged), running_ns, level)
    return EventScores(tuple(caught), tuple(missed), tuple(announces), false, excused, len(merged), rate, share)


def spans(time: TimeArray, alarm: ArrayLike, merge_gap_ns: int = 0) -> tuple[Span, ...]:
    """Events of a row of alarms: runs, joined where they are less than `merge_gap_ns` apart.

    Parameters
    ----------
    time : (T,) int64 ns, increasing
    alarm : (T,) bool
    """
    on = np.flatnonzero(as_labels(alarm, "alarms"))
    if len(on) == 0:
        return ()
    at = np.asarray(time, dtype=np.int64)[on]
    new = (np.diff(on) > 1) & (np.diff(at) >= merge_gap_ns)
    starts = at[np.concatenate([[True], new])]
    ends = at[np.concatenate([new, [True]])]
    return tuple(Span(int(a), int(b)) for a, b in zip(starts, ends, strict=True))


def label_mask(time: TimeArray, labels: Iterable[Label], *kinds: LabelKind) -> BoolArray:
    """(T,) bool: the ticks inside a label of the given kinds (faults where none is given); start <= time < end."""
    at = np.asarray(time, dtype=np.int64)
    inside = np.zeros(len(at), dtype=np.bool_)
    for label in labels:
        if label.kind in (kinds or (LabelKind.FAULT,)):
            inside[np.searchsorted(at, label.start) : np.searchsorted(at, label.end)] = True
    return inside


def _meets(label: Label, since_ns: int | None, until_ns: int | None) -> bool:
    after = since_ns is None or max(label.end, label.start + 1) > since_ns
    return after and (until_ns is None or label.start <= until_ns)


def _end(event: Period, until_ns: int | None) -> int:
    if event.end is not None:
        return max(event.end, event.start)
    return _ENDLESS if until_ns is None else max(until_ns, event.start)


def _merge(periods: list[tuple[int, int]], gap_ns: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in periods:
        if merged and (start - merged[-1][1] < gap_ns or start <= merged[-1][1]):
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged

"""The controller: holds the rate of false alarms in service by moving the threshold in small, recorded steps.

A pure function of the log of closed events and their marks. A replay with the same records gives the same thresholds;
a record that comes later never changes an earlier step.

Each event that counts raises the threshold by a quarter of the evidence that makes events e times rarer and a quarter of
what its peak stood above the threshold: together half the tail's scale on the process of the calibration, and more on one
whose peaks have grown. Quiet running time lowers it again, so slowly that it stands still where events come at 0.8 of the
promise or less often (adaptive conformal inference: the long-run rate follows from the steps, whatever the process does).
It never goes below the calibrated threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.evidence.calibration import Calibration
from andon.plant.arrays import Float64Array, TimeArray
from andon.plant.time import DAY_NS, HOUR_NS

MARK_AFTER_NS = DAY_NS
UNMARKED_A_DAY = 0.02
UNMARKED_IN_ALL = 0.25

_GAIN = 0.5
_AIM = 0.8
_MARKED_A_DAY = 0.25
_MARKED_IN_ALL = 9.0
_LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A closed event of the log.

    Attributes
    ----------
    id : of the event
    opened, closed : ns UTC
    peak_evidence : how high the evidence rose
    false : True: somebody marked it false, counts 1; False: a true alarm, counts 0; None: not marked
    marked_at : ns UTC of the mark; None where not marked. A record and its later mark are one `EventRecord`.

    An event that still stands when it is marked false has a record of its own for each day that it stands, closed at the
    mark, with the peak of that day: else a standing false alarm would never reach the controller.
    """

    id: str
    opened: int
    closed: int
    peak_evidence: float
    false: bool | None = None
    marked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One movement of the threshold: a record of the ledger.

    Attributes
    ----------
    time : ns UTC, in force from here on
    threshold : in force
    marked, unmarked : parts of it that come from events marked false, and from unmarked ones
    event : id of the event behind it; empty: quiet running time
    counted : what the event counted, 0 or 1
    """

    time: int
    threshold: float
    marked: float
    unmarked: float
    event: str = ""
    counted: int = 0


@dataclass(frozen=True, slots=True)
class Controller:
    """Bounded steps of one threshold.

    Attributes
    ----------
    threshold : the calibrated one, > 0
    tail_scale : > 0, evidence that makes events e times rarer
    rate_per_hour : the promise
    running_share : judgeable share of wall time, 0-1
    mark_after_ns : an unmarked event counts after this
    """

    threshold: float
    tail_scale: float
    rate_per_hour: float
    running_share: float = 1.0
    mark_after_ns: int = MARK_AFTER_NS

    @classmethod
    def of(cls, calibration: Calibration, mark_after_ns: int = MARK_AFTER_NS) -> Controller:
        """The controller of a calibration."""
        return cls(
            calibration.threshold,
            calibration.tail_scale,
            calibration.budget.rate_per_hour,
            max(min(calibration.running_share, 1.0), 1e-6),
            mark_after_ns,
        )

    def steps(self, records: Sequence[EventRecord], start: int, until: int) -> tuple[Step, ...]:
        """Every movement of the threshold from `start` to `until`, oldest first.

        Parameters
        ----------
        records : the log of closed events, in any order
        start : ns UTC when this model went into service
        until : ns UTC; what happens later is not looked at

        Returns
        -------
        the first step is at `start`; then one for each event that counts or is marked true after it had counted, and one
        a day (UTC) while the threshold is above the calibrated one
        """
        marked = unmarked = debt_ns = owed = 0.0
        most_owed = _AIM * _GAIN * self.tail_scale * self.rate_per_hour * 7 * 24
        recent: list[tuple[int, float, bool]] = []  # (time, evidence, marked) of the last day
        counted: dict[str, float] = {}
        closings = sorted((record.closed, record.closed - record.opened) for record in records if record.closed > start)
        seen = 0
        out = [Step(start, self.threshold, 0.0, 0.0)]
        now = start
        for time, kind, record in self._timeline(records, start, until):
            # Time in an event is no quiet time; how long it was is known when it closes.
            while seen < len(closings) and closings[seen][0] <= time:
                debt_ns += closings[seen][1] * self.running_share
                seen += 1
            running = self.running_share * (time - now)
            quiet_ns, debt_ns = max(running - debt_ns, 0.0), max(debt_ns - running, 0.0)
            fall = _AIM * _GAIN * self.tail_scale * self.rate_per_hour * quiet_ns / HOUR_NS
            # What a bound kept back is paid by later quiet time before the threshold falls.
            owed, fall = max(owed - fall, 0.0), max(fall - owed, 0.0)
            unmarked, fall = max(unmarked - fall, 0.0), max(fall - unmarked, 0.0)
            marked = max(marked - fall, 0.0)
            now = time
            if record is None:
                if out[-1].threshold != self.threshold + marked + unmarked:
                    out.append(Step(time, self.threshold + marked + unmarked, marked, unmarked))
                continue
            # An event that the threshold of today would not have opened asks for no further step.
            in_force = self.threshold + marked + unmarked - counted.get(record.id, 0.0)
            would_open = record.peak_evidence >= in_force
            unmarked = max(unmarked - counted.pop(record.id, 0.0), 0.0)
            if kind == "true":
                out.append(Step(time, self.threshold + marked + unmarked, marked, unmarked, record.id, 0))
                continue
            recent = [row for row in recent if time - row[0] < DAY_NS]
            spent = sum(by for _, by, was_marked in recent if was_marked == (kind == "false"))
            excess = min(record.peak_evidence, _LARGEST) - in_force
            wanted = 0.5 * _GAIN * (self.tail_scale + excess) if would_open else 0.0
            if kind == "false":
                by = min(wanted, _MARKED_A_DAY * (in_force - spent) - spent, _MARKED_IN_ALL * self.threshold - marked)
                marked += max(by, 0.0)
            else:
                by = min(wanted, UNMARKED_A_DAY * self.threshold - spent, UNMARKED_IN_ALL * self.threshold - unmarked)
                unmarked += max(by, 0.0)
                counted[record.id] = max(by, 0.0)
            owed = min(owed + wanted - max(by, 0.0), most_owed)
            recent.append((time, max(by, 0.0), kind == "false"))
            out.append(Step(time, self.threshold + marked + unmarked, marked, unmarked, record.id, 1))
        return tuple(out)

    def _timeline(self, records: Sequence[EventRecord], start: int, until: int) -> list[tuple[int, str, EventRecord | None]]:
        """What is known when: marks, events that stayed unmarked, and midnights."""
        moments: list[tuple[int, str, EventRecord | None]] = []
        for record in records:
            due = record.closed + self.mark_after_ns
            mark = None if record.false is None else max(record.closed, record.marked_at or record.closed)
            if mark is None or mark > due:
                moments.append((due, "unmarked", record))
            if mark is not None and record.false:
                moments.append((mark, "false", record))
            elif mark is not None and mark > due:
                moments.append((mark, "true", record))
        moments += [(midnight, "day", None) for midnight in range((start // DAY_NS + 1) * DAY_NS, until + 1, DAY_NS)]
        inside = [moment for moment in moments if start < moment[0] <= until]
        return sorted(inside, key=lambda moment: (moment[0], moment[1], moment[2].id if moment[2] else ""))


def thresholds_at(steps: Sequence[Step], time: TimeArray) -> Float64Array:
    """The threshold in force at each time.

    Parameters
    ----------
    steps : from `Controller.steps`
    time : (T,) int64 ns UTC, at or after the first step

    Returns
    -------
    (T,) float64
    """
    at = np.searchsorted(np.array([step.time for step in steps], dtype=np.int64), time, side="right") - 1
    return np.array([step.threshold for step in steps])[np.maximum(at, 0)]

"""Rows as they were written become a piece of a recording: in UTC, in order, each time once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from andon.plant.arrays import FloatArray, StatusArray, TimeArray
from andon.plant.errors import At
from andon.plant.recording import Problem
from andon.plant.status import Status
from andon.plant.time import format_instant
from andon.reading.problems import problem
from andon.reading.questions import Question
from andon.reading.table import Table
from andon.reading.wide import Rows
from andon.reading.zones import set_back_at, to_utc


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a recording: some tags over some time, from one file.

    Attributes
    ----------
    owner : asset that the file names; empty where it names none
    time : (T,) int64 ns UTC, strictly increasing
    values : (T, C) float32, or float64 where that would lose the steps of a tag
    status : (T, C) uint8
    """

    owner: str
    file: str
    tags: tuple[str, ...]
    units: tuple[str, ...]
    time: TimeArray
    values: FloatArray
    status: StatusArray
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    anonymous: bool = False

    def renamed(self, names: dict[str, str]) -> Piece:
        """The same piece with other tag ids."""
        return replace(
            self,
            tags=tuple(names.get(tag, tag) for tag in self.tags),
            texts={names.get(tag, tag): texts for tag, texts in self.texts.items()},
        )


def place_in_time(rows: Rows, zone: str | None, table: Table, owner: str = "", anonymous: bool = False) -> tuple[Piece, list[Problem]]:
    """Local times to UTC, rows in order of time, rows of one time as one.

    Rules: without a zone, local times are taken as UTC, and said to be so. Of rows with the same time the later one in
    the file counts, tag by tag where it has a value. Rows out of order are sorted.

    Raises
    ------
    Question : no zone was given, and the clock was set back an hour in an autumn night
    """
    problems: list[Problem] = []
    time, line = rows.time, rows.line
    local = ~rows.zoned
    if local.any():
        if zone is None:
            back = set_back_at(time) if local.all() else -1
            if back >= 0:
                raise Question(
                    f"in which zone are these times? The clock was set back at {format_instant(int(time[back]))[:-1]}, "
                    "as daylight saving does, so the hour before comes twice",
                    option="zone", at=table.at(int(line[back])),
                    do='pass zone="Europe/Berlin" (--zone), or zone="UTC" if the clock was at fault',
                )  # fmt: skip
            problems.append(problem("zone-assumed", at=table.at()))
        else:
            time, met = _to_utc(time, local, zone, table, line)
            problems += met
    time, values, status, met = _in_order(time, rows.values, rows.status, table, line)
    problems += met
    return Piece(owner, table.file, rows.tags, rows.units, time, values, status, rows.texts, anonymous), problems


def _to_utc(time: TimeArray, local: np.ndarray, zone: str, table: Table, line: np.ndarray) -> tuple[TimeArray, list[Problem]]:
    problems: list[Problem] = []
    where = np.flatnonzero(local)
    found = to_utc(time[where], zone)
    out = time.copy()
    out[where] = found.time
    if found.unsure:
        problems.append(problem("dst-fold-unsure", at=table.at(), count=found.unsure, zone=zone))
    if found.folded > found.unsure:
        problems.append(problem("dst-fold", at=table.at(), count=found.folded - found.unsure, zone=zone))
    if found.skipped.any():
        first = where[int(np.argmax(found.skipped))]
        at = replace(table.at(int(line[first])), time=format_instant(int(time[first]))[:-1])
        problems.append(problem("dst-gap", at=at, count=int(found.skipped.sum()), zone=zone))
    return out, problems


def _in_order(
    time: TimeArray, values: FloatArray, status: StatusArray, table: Table, line: np.ndarray
) -> tuple[TimeArray, FloatArray, StatusArray, list[Problem]]:
    steps = np.diff(time)
    if bool((steps > 0).all()):
        return time, values, status, []
    problems: list[Problem] = []
    back = np.flatnonzero(steps < 0)
    if back.size:
        if back.size == steps.size and steps.size > 1:
            problems.append(problem("time-reversed", at=table.at()))
            time, values, status, line = time[::-1], values[::-1], status[::-1], line[::-1]
        else:
            first = int(back[0]) + 1
            at = _at_time(table, int(line[first]), int(time[first]))
            problems.append(problem("time-backwards", at=at, count=int(back.size), before=format_instant(int(time[first - 1]))))
            order = np.argsort(time, kind="stable")
            time, values, status, line = time[order], values[order], status[order], line[order]
    same = np.flatnonzero(np.diff(time) == 0)
    if same.size:
        first = int(same[0]) + 1
        problems.append(problem("duplicate-time", at=_at_time(table, int(line[first]), int(time[first])), count=int(same.size)))
        time, values, status = keep_last(time, values, status)
    return np.ascontiguousarray(time), np.ascontiguousarray(values), np.ascontiguousarray(status), problems


def _at_time(table: Table, line: int, time: int) -> At:
    return replace(table.at(line), time=format_instant(time))


def keep_last(time: TimeArray, values: FloatArray, status: StatusArray) -> tuple[TimeArray, FloatArray, StatusArray]:
    """Rows of one time as one: the last that is not MISSING counts, tag by tag.

    Parameters
    ----------
    time : (T,) not decreasing; values, status : (T, C)
    """
    last = np.flatnonzero(np.append(np.diff(time) != 0, True))
    out, state = values[last].copy(), status[last].copy()
    starts = np.append(0, last[:-1] + 1)
    depth = int((last - starts).max()) if len(last) else 0
    for step in range(1, depth + 1):
        here = np.flatnonzero(last - step >= starts)
        source = last[here] - step
        rows, columns = np.nonzero((state[here] == Status.MISSING) & (status[source] != Status.MISSING))
        out[here[rows], columns] = values[source[rows], columns]
        state[here[rows], columns] = status[source[rows], columns]
    return time[last], out, state

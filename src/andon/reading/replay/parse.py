"""Recordings cut into batches: a pure function of the recordings and the step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import TimeArray
from andon.plant.batch import Batch
from andon.plant.errors import At, ReadingError
from andon.plant.recording import Recording

ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Slice:
    """One batch to be, and where to go on after it.

    Attributes
    ----------
    time : ns UTC, of its first row
    batch : without a time of arrival
    position : `<last time>:<recordings groups done at it>`
    """

    time: int
    batch: Batch
    position: str


def read_position(position: str) -> tuple[int, int] | None:
    """(last time, groups done) of a position; None at the beginning.

    Raises
    ------
    ReadingError : it is no position of a replay
    """
    if not position:
        return None
    last, _, groups = position.partition(":")
    try:
        return int(last), int(groups)
    except ValueError as error:
        raise ReadingError(f"{position[:60]!r} is no position of a replay", at=At(key="position"), do="start from the beginning") from error


def slices(recordings: Sequence[Recording], source: str, step_ns: int | None, position: str = "") -> Iterator[Slice]:
    """Batches in order of source time. Assets with the same tags share a batch; rows of one time stand in the order of the recordings.

    Parameters
    ----------
    step_ns : source time of a batch; 0: every time stamp; None: about `ROWS` rows
    position : go on after it
    """
    groups: dict[tuple[str, ...], list[Recording]] = {}
    for recording in recordings:
        groups.setdefault(recording.tags, []).append(recording)
    members = list(groups.values())
    stamps: TimeArray = np.unique(np.concatenate([recording.time for recording in recordings] or [np.zeros(0, dtype=np.int64)]))
    if not len(stamps):
        return
    if step_ns is None:
        rows = sum(recording.rows for recording in recordings)
        edges = stamps[:: max(1, ROWS * len(stamps) // max(rows, 1))]
    elif step_ns <= 0:
        edges = stamps
    else:
        edges = np.unique(stamps // step_ns) * step_ns
        edges[0] = min(edges[0], stamps[0])
    ends = np.append(edges[1:], stamps[-1] + 1)
    begin = read_position(position)
    for low, high in zip(edges.tolist(), ends.tolist(), strict=True):
        last = int(stamps[np.searchsorted(stamps, high) - 1])
        if begin is not None and last < begin[0]:
            continue
        for number, group in enumerate(members, start=1):
            if begin is not None and last == begin[0] and number <= begin[1]:
                continue
            batch = _cut(group, source, low, high)
            if batch is not None:
                yield Slice(int(batch.time[0]), batch, f"{last}:{number}")


def _cut(group: list[Recording], source: str, low: int, high: int) -> Batch | None:
    parts = [(code, recording.between(low, high)) for code, recording in enumerate(group)]
    parts = [(code, part) for code, part in parts if part.rows]
    if not parts:
        return None
    time = np.concatenate([part.time for _, part in parts])
    code = np.concatenate([np.full(part.rows, code, dtype=np.int32) for code, part in parts])
    values = np.concatenate([part.values.astype(np.float32, copy=False) for _, part in parts])
    status = np.concatenate([part.status for _, part in parts])
    if len(parts) > 1:
        order = np.argsort(time, kind="stable")
        time, code, values, status = time[order], code[order], values[order], status[order]
    names = tuple(recording.asset for recording in group)
    return Batch(source, 0, names, group[0].tags, code, time, values, status)

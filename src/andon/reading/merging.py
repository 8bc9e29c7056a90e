"""Pieces of one asset become its recording: on the union of their times, or on the grid where that is sparse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from andon.plant.arrays import FloatArray, Int64Array, StatusArray, TimeArray
from andon.plant.errors import At, ReadingError
from andon.plant.grid import tick_means, tick_of
from andon.plant.recording import Problem, Recording
from andon.plant.status import Status, is_valid
from andon.plant.time import format_duration
from andon.reading.ordering import Piece
from andon.reading.problems import problem

DENSE = 0.25
MOST_CELLS = 2_000_000_000


def merge(asset: str, pieces: Sequence[Piece], interval_ns: int | None = None) -> tuple[Recording, list[Problem]]:
    """The recording of an asset.

    Rules: the union of all times where at least a quarter of its cells is filled, else the grid (mean of the samples in
    (k-1, k]) at `interval_ns`, by default the median of the tags' median intervals. Where two files hold the same tag at
    the same time, the later file counts.

    Raises
    ------
    ReadingError : the recording would have more than 2e9 cells
    """
    problems: list[Problem] = []
    files = tuple(dict.fromkeys(piece.file for piece in pieces))
    texts, pieces = _one_alphabet(pieces, problems)
    tags = tuple(dict.fromkeys(tag for piece in pieces for tag in piece.tags))
    units = {tag: unit for piece in reversed(pieces) for tag, unit in zip(piece.tags, piece.units, strict=True) if unit}
    if len(pieces) == 1 and (interval_ns is None or len(pieces[0].tags) > 1):
        time, values, status = pieces[0].time, pieces[0].values, pieces[0].status
    else:
        union = _union([piece.time for piece in pieces], sum(piece.values.size for piece in pieces), len(tags))
        intervals = _intervals(pieces)
        if union is not None:
            _check_size(len(union), len(tags), asset)
            time, (values, status) = union, _fill(union, pieces, tags, problems)
            if len(pieces) > 1 and intervals.size and intervals.max() > 1.5 * intervals.min():
                problems.append(_rates("mixed-rates", files[0], intervals))
        else:
            step = interval_ns or max(int(np.median(intervals)), 1) if intervals.size else interval_ns or 60_000_000_000
            time, values, status = _on_grid(pieces, tags, texts, step, asset)
            problems.append(problem("gridded", at=At(file=files[0]), interval=format_duration(step), tags=len(tags)))
    return Recording(
        asset, tags, time, values, status, tuple(units.get(tag, "") for tag in tags), texts, (), files
    ), problems  # fmt: skip


def _rates(kind: str, file: str, intervals: Int64Array) -> Problem:
    return problem(kind, at=At(file=file), low=format_duration(int(intervals.min())), high=format_duration(int(intervals.max())))


def _check_size(rows: int, width: int, asset: str) -> None:
    if rows * width > MOST_CELLS:
        raise ReadingError(
            f"the recording of {asset} would have {rows:,} times x {width:,} tags",
            do="pass a longer interval (--interval 1min), or fewer files",
        )


def _intervals(pieces: Sequence[Piece]) -> Int64Array:
    """Median interval of each piece that has one, once per tag."""
    found = [np.full(len(piece.tags), np.median(np.diff(piece.time)), dtype=np.int64) for piece in pieces if len(piece.time) > 1]
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _union(times: Sequence[TimeArray], filled: int, width: int) -> TimeArray | None:
    """The union of times, None where less than a quarter of its cells would be filled."""
    if sum(len(time) for time in times) * 8 < 1 << 26:
        union = np.unique(np.concatenate(times)) if times else np.empty(0, dtype=np.int64)
        return union if filled >= DENSE * len(union) * width else None
    union = times[0]
    for time in times[1:]:
        if time is not union and not np.array_equal(time, union):
            union = np.union1d(union, time)
            if filled < DENSE * len(union) * width:
                return None
    return union


def _fill(union: TimeArray, pieces: Sequence[Piece], tags: tuple[str, ...], problems: list[Problem]) -> tuple[FloatArray, StatusArray]:
    place = {tag: number for number, tag in enumerate(tags)}
    precise = any(piece.values.dtype == np.float64 for piece in pieces)
    values: FloatArray = np.full((len(union), len(tags)), np.nan, dtype=np.float64 if precise else np.float32)
    status = np.full((len(union), len(tags)), Status.MISSING, dtype=np.uint8)
    for piece in pieces:
        rows = np.searchsorted(union, piece.time)
        columns = np.array([place[tag] for tag in piece.tags])
        whole = len(columns) == len(tags) and bool((columns == np.arange(len(tags))).all())
        contiguous = len(rows) > 0 and rows[-1] - rows[0] + 1 == len(rows)
        where = slice(int(rows[0]), int(rows[-1]) + 1) if contiguous else rows
        if whole and contiguous and bool((status[where] == Status.MISSING).all()):
            values[where], status[where] = piece.values, piece.status
            continue
        clashes, first = 0, -1
        for number, column in enumerate(columns):
            given = piece.status[:, number] != Status.MISSING
            taken = given & (status[where, column] != Status.MISSING)
            if taken.any():
                clashes += int(taken.sum())
                first = first if first >= 0 else int(piece.time[int(np.argmax(taken))])
            at = rows[given]
            values[at, column] = piece.values[given, number]
            status[at, column] = piece.status[given, number]
        if clashes:
            problems.append(problem("overlap", at=At(file=piece.file), count=clashes))
    return values, status


def _on_grid(
    pieces: Sequence[Piece], tags: tuple[str, ...], texts: dict[str, tuple[str, ...]], step: int, asset: str
) -> tuple[TimeArray, FloatArray, StatusArray]:
    first = min(int(tick_of(piece.time[:1], step)[0]) for piece in pieces if len(piece.time))
    last = max(int(tick_of(piece.time[-1:], step)[0]) for piece in pieces if len(piece.time))
    count = last - first + 1
    _check_size(count, len(tags), asset)
    precise = any(piece.values.dtype == np.float64 for piece in pieces)
    values: FloatArray = np.empty((count, len(tags)), dtype=np.float64 if precise else np.float32)
    status = np.empty((count, len(tags)), dtype=np.uint8)
    parts: dict[str, list[tuple[Piece, int]]] = {tag: [] for tag in tags}
    for piece in pieces:
        for number, tag in enumerate(piece.tags):
            parts[tag].append((piece, number))
    for column, tag in enumerate(tags):
        time = np.concatenate([piece.time for piece, _ in parts[tag]])
        value = np.concatenate([piece.values[:, number].astype(np.float64) for piece, number in parts[tag]])
        state = np.concatenate([piece.status[:, number] for piece, number in parts[tag]])
        if len(parts[tag]) > 1:
            order = np.argsort(time, kind="stable")
            time, value, state = time[order], value[order], state[order]
        tick = tick_of(time, step)
        if tag in texts:
            keep = is_valid(state) & np.isfinite(value)
            tick, value, state = tick[keep], value[keep], state[keep]
            newest = np.append(np.diff(tick) != 0, True) if len(tick) else np.empty(0, dtype=bool)
            tick, value, state = tick[newest], value[newest], state[newest]
        values[:, column], status[:, column] = tick_means(tick, value, state, first, last)
    filled = np.flatnonzero((status != Status.MISSING).any(axis=1))
    time = (first + np.arange(count, dtype=np.int64)) * step
    if filled.size and filled.size < 0.5 * count:
        # Long stretches without any sample need no rows; a row that is not there is missing all the same.
        return time[filled], values[filled], status[filled]
    return time, values, status


def _one_alphabet(pieces: Sequence[Piece], problems: list[Problem]) -> tuple[dict[str, tuple[str, ...]], list[Piece]]:
    """One list of texts per category tag over all pieces, and pieces whose values index it."""
    lists: dict[str, set[str]] = {}
    for piece in pieces:
        for tag, texts in piece.texts.items():
            lists.setdefault(tag, set()).update(texts)
    if not lists or len(pieces) == 1:
        return dict(pieces[0].texts) if pieces else {}, list(pieces)
    for piece in pieces:
        for number, tag in enumerate(piece.tags):
            if tag in lists and tag not in piece.texts:
                valid = np.isfinite(piece.values[:, number])
                if valid.any():
                    lists[tag] |= {f"{value:g}" for value in np.unique(piece.values[valid, number])}
                    problems.append(problem("kind-differs", at=At(file=piece.file, tag=tag)))
    final = {tag: tuple(sorted(texts)) for tag, texts in lists.items()}
    for piece in pieces:
        for number, tag in enumerate(piece.tags):
            if tag not in final:
                continue
            old = piece.texts.get(tag)
            if old == final[tag]:
                continue
            index = {text: place for place, text in enumerate(final[tag])}
            valid = np.flatnonzero(np.isfinite(piece.values[:, number]))
            if not valid.size:
                continue
            distinct, back = np.unique(piece.values[valid, number], return_inverse=True)
            names = [old[int(value)] if old is not None else f"{value:g}" for value in distinct]
            piece.values[valid, number] = np.array([index[name] for name in names], dtype=np.float64)[back]
    return final, list(pieces)

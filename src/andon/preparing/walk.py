"""Walk a recording tick by tick, in blocks of bounded size; samples of an unfinished tick wait in the state.

Blocks are small, so that what is worked out of one stays in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

import numpy as np

from andon.plant.arrays import Int64Array
from andon.plant.errors import At, PreparationError
from andon.plant.grid import tick_of
from andon.plant.recording import Recording
from andon.plant.time import format_duration, format_instant
from andon.preparing.block import Block, make_block
from andon.preparing.gridding import NEVER, tick_table
from andon.preparing.periods import Period
from andon.preparing.plan import find_columns, read_samples
from andon.preparing.state import PrepareState

BLOCK_VALUES = 200_000
MOST_EMPTY_TICKS = 20_000_000


def walk(
    state: PrepareState,
    recording: Recording,
    each: Callable[[Block], None],
    *,
    planned: Sequence[Period] = (),
    until: int | None = None,
    watch: Int64Array,
) -> PrepareState:
    """Call `each` with every block of complete ticks, in order; see `blocks`."""
    going = blocks(state, recording, planned=planned, until=until, watch=watch)
    while True:
        try:
            each(next(going))
        except StopIteration as stop:
            after: PrepareState = stop.value
            return after


def blocks(
    state: PrepareState, recording: Recording, *, planned: Sequence[Period] = (), until: int | None = None, watch: Int64Array
) -> Generator[Block, None, PrepareState]:
    """Every block of complete ticks, in order; returns the state after them.

    A tick is complete when a sample at or after its end was seen, or when `until` is at or after its end.

    Raises
    ------
    PreparationError : time goes back, or the recording spans far more ticks than it has samples
    """
    plan = state.plan
    interval = plan.preparation.interval_ns
    if recording.rows and int(recording.time[0]) <= state.last_time:
        raise PreparationError(
            f"time goes back: {format_instant(int(recording.time[0]))} after {format_instant(state.last_time)}",
            at=At(time=format_instant(int(recording.time[0]))),
            do="give the pieces of a recording in order; score late samples again from an earlier state",
        )
    newest = int(recording.time[-1]) if recording.rows else state.last_time
    known_until = newest if until is None else max(newest, until)
    if known_until == NEVER or (state.next_tick == NEVER and recording.rows == 0 and len(state.time) == 0):
        return state
    ticks = tick_of(recording.time, interval)
    first = state.next_tick
    if first == NEVER:
        first = int(ticks[0])
    last = known_until // interval
    if last - first > MOST_EMPTY_TICKS and last - first > 100 * recording.rows:
        raise PreparationError(
            f"{recording.rows} samples span {last - first} ticks of {format_duration(interval)}, from "
            f"{format_instant(first * interval)} to {format_instant(last * interval)}",
            do="a time stamp is wrong, or the sampling interval is too short: correct the file or [sampling] interval",
        )
    columns = find_columns(plan, recording)
    row = 0
    per_tick = max(1.0, (recording.rows + len(state.time)) / max(last - first + 1, 1))
    step = max(1, int(BLOCK_VALUES / max(plan.width, 1) / per_tick))
    state = replace(state, last_time=max(newest, last * interval), next_tick=first)
    while first <= last:
        stop = min(first + step - 1, last)
        high = int(np.searchsorted(ticks, stop, side="right"))
        values, ok, status = read_samples(plan, columns, recording, row, high)
        time = recording.time[row:high]
        if len(state.time):
            time = np.concatenate((state.time, time))
            values, ok = np.concatenate((state.values, values)), np.concatenate((state.ok, ok))
            status = np.concatenate((state.status, status))
            state = replace(state, time=time[:0].copy(), values=values[:0].copy(), ok=ok[:0].copy(), status=status[:0].copy())
        table = tick_table(time, tick_of(time, interval), values, ok, status, first, stop, plan.last_only)
        block, state = make_block(plan, state, table, first, recording.asset, planned, watch)
        yield block
        row, first = high, stop + 1
    if row < recording.rows:
        values, ok, status = read_samples(plan, columns, recording, row, recording.rows)
        state = replace(
            state,
            time=np.concatenate((state.time, recording.time[row:])),
            values=np.concatenate((state.values, values)),
            ok=np.concatenate((state.ok, ok)),
            status=np.concatenate((state.status, status)),
        )
    return state

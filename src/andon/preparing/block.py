"""One block of ticks: hold, rates, derived tags, off time, maintenance, mode, settling, what has not changed for how long.

Everything is in engineering units here; `run.py` scales and masks, `fit.py` learns from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array, IntArray
from andon.plant.time import NS
from andon.preparing.calendar import in_maintenance
from andon.preparing.gridding import NEVER, TickTable, last_true
from andon.preparing.periods import Period
from andon.preparing.plan import Plan
from andon.preparing.setpoints import SetPoints, travels
from andon.preparing.state import PrepareState


@dataclass(frozen=True, slots=True)
class Block:
    """T ticks, C channels, before scaling.

    Attributes
    ----------
    tick : (T,) int64
    value : (T, C) float64, engineering units; NaN where not valid
    unchanged_ns : (T, C) int64, for how long the value has stood still; (0, 0) where nobody asked
    age : (T,) float32, 0 where all channels are fresh, 1 where all are older than their hold
    codes : (T, categories) level of each category, NaN where missing
    mode : (T,) int16, -1 where unknown
    off, maintenance, settling, reset, data : (T,) bool; data: at least one real sample came
    """

    tick: Int64Array
    value: Float64Array
    unchanged_ns: Int64Array
    age: Float32Array
    codes: Float64Array
    mode: IntArray
    off: BoolArray
    maintenance: BoolArray
    settling: BoolArray
    reset: BoolArray
    data: BoolArray


def make_block(
    plan: Plan, state: PrepareState, table: TickTable, first: int, asset: str, planned: Sequence[Period], watch: Int64Array
) -> tuple[Block, PrepareState]:
    """The block of the ticks first, first + 1, ..., and the state after it.

    Parameters
    ----------
    planned : labelled maintenance
    watch : channels whose standing still is measured
    """
    preparation = plan.preparation
    rows = len(table.value)
    tick = np.arange(first, first + rows, dtype=np.int64)
    time = tick * preparation.interval_ns
    real = table.real_time != NEVER
    state = replace(state, next_tick=first + rows)
    held, age, state = _hold(plan, state, table, time, real)
    value, state = _channels(plan, state, table, held, tick, real)
    columns = {tag: held[:, index] for tag, index in plan.columns.items()} if plan.derived or plan.off else {}
    for channel, expression in plan.derived:
        value[:, channel] = columns[preparation.channels[channel].name] = expression.evaluate(columns, rows, plan.texts)
    condition = plan.off.get(asset, plan.off.get(""))
    stands = condition.evaluate(columns, rows, plan.texts) if condition is not None else np.zeros(rows)
    off = ~np.isnan(stands) & (stands != 0)
    maintenance = in_maintenance(preparation.maintenance, asset, time) if preparation.maintenance else np.zeros(rows, dtype=bool)
    for period in planned:
        maintenance |= period.rows(time)
    data = real.any(axis=1) if plan.width else np.zeros(rows, dtype=bool)
    reset, state = _resets(plan, state, tick, data, off)
    mode = modes_of(plan, held, value)
    disturbed = off | maintenance
    if len(plan.setpoints):
        before = SetPoints(state.set_value, state.ramp_from, state.ramp_way, state.ramp_tick)
        travel, after = travels(value[:, plan.setpoints], tick, before, plan.ramps)
        disturbed |= (travel > plan.usual).any(axis=1)
        state = replace(state, set_value=after.value, ramp_from=after.ramp_from, ramp_way=after.ramp_way, ramp_tick=after.ramp_tick)
    settling, state = _settling(plan, state, tick, mode, disturbed, off | maintenance)
    unchanged = np.zeros((0, 0), dtype=np.int64)
    if len(watch):
        unchanged, state = _unchanged(plan, state, table, tick, real, reset, watch)
    codes = held[:, list(plan.category_inputs)]
    return Block(tick, value, unchanged, age, codes, mode, off, maintenance, settling, reset, data), state


def _carry(before: IntArray | Float64Array, rows: IntArray | Float64Array, index: Int64Array) -> NDArray[Any]:
    """Rows at `index` of [before, rows...], column by column."""
    return np.take_along_axis(np.concatenate((before[None, :], rows)), index, axis=0)


def _hold(
    plan: Plan, state: PrepareState, table: TickTable, time: Int64Array, real: BoolArray
) -> tuple[Float64Array, Float32Array, PrepareState]:
    """Values with the last GOOD one held, the mean age of the channels' inputs, and the state."""
    rows = len(time)
    if table.whole:
        # Copies: a view would keep the whole block in memory.
        good_value, good_time, real_time = table.good_value[-1].copy(), table.good_time[-1].copy(), table.real_time[-1].copy()
        state = replace(state, good_value=good_value, good_time=good_time, real_time=real_time)
        return table.value, np.zeros(rows, dtype=np.float32), state
    index = last_true(table.good_time != NEVER)
    good_time = _carry(state.good_time, table.good_time, index)
    good_value = _carry(state.good_value, table.good_value, index)
    standing = np.isnan(table.value) & (good_time != NEVER) & (time[:, None] - good_time <= plan.hold)
    held = np.where(standing, good_value, table.value)
    real_time = _carry(state.real_time, table.real_time, last_true(real))
    old = np.where(real, 0.0, np.where(real_time == NEVER, 1.0, np.minimum((time[:, None] - real_time) / plan.span, 1.0)))
    # Contiguous, so that a row is summed in the order in which a single tick is.
    age = np.add.reduce(np.ascontiguousarray(old[:, plan.used]), axis=1) / max(len(plan.used), 1)
    return (
        held,
        age.astype(np.float32),
        replace(state, good_value=good_value[-1].copy(), good_time=good_time[-1].copy(), real_time=real_time[-1].copy()),
    )


def _channels(
    plan: Plan, state: PrepareState, table: TickTable, held: Float64Array, tick: Int64Array, real: BoolArray
) -> tuple[Float64Array, PrepareState]:
    """(T, C) values of the channels; derived ones are still NaN."""
    if plan.plain:
        return held, state
    value = held[:, plan.gather] if plan.width else np.full((len(tick), len(plan.from_input)), np.nan)
    value[:, plan.from_input < 0] = np.nan
    if not plan.counters:
        return value, state
    counter_value, counter_tick = state.counter_value.copy(), state.counter_tick.copy()
    rate_value, rate_tick = state.rate_value.copy(), state.rate_tick.copy()
    interval = plan.preparation.interval_ns
    longest = max(plan.preparation.gap_ns // interval, 1)
    for channel, column in plan.counters:
        count, came = table.value[:, column], real[:, column] & ~np.isnan(table.value[:, column])
        newest = last_true(came)
        before = np.concatenate(([0], newest[:-1]))
        values, ticks = np.concatenate(([counter_value[column]], count)), np.concatenate(([counter_tick[column]], tick))
        step, apart = count - values[before], tick - ticks[before]
        # A counter that falls was reset or rolled over: that step says nothing of the rate.
        known = came & (ticks[before] != NEVER) & (apart <= longest) & (step >= 0)
        rate = np.where(known, step / np.where(known, apart * (interval / NS), 1.0), np.nan)
        index = last_true(known)
        rates, when = np.concatenate(([rate_value[column]], rate)), np.concatenate(([rate_tick[column]], tick))
        fresh = (when[index] != NEVER) & ((tick - when[index]) * interval <= plan.hold[column])
        value[:, channel] = np.where(fresh, rates[index], np.nan)
        counter_value[column], counter_tick[column] = values[newest[-1]], ticks[newest[-1]]
        rate_value[column], rate_tick[column] = rates[index[-1]], when[index[-1]]
    return value, replace(state, counter_value=counter_value, counter_tick=counter_tick, rate_value=rate_value, rate_tick=rate_tick)


def _resets(plan: Plan, state: PrepareState, tick: Int64Array, data: BoolArray, off: BoolArray) -> tuple[BoolArray, PrepareState]:
    """Where state starts anew: at the first tick, when the machine comes back, and after a gap of all tags."""
    interval = plan.preparation.interval_ns
    newest = last_true(data)
    ticks = np.concatenate(([state.data_tick], tick))
    before = ticks[np.concatenate(([0], newest[:-1]))]
    reset = data & (before != NEVER) & ((tick - before) * interval > plan.preparation.gap_ns)
    reset |= np.concatenate(([state.off], off[:-1])) & ~off
    if state.mode == -2:
        reset[0] = True
    return reset, replace(state, data_tick=int(ticks[newest[-1]]), off=bool(off[-1]))


def modes_of(plan: Plan, held: Float64Array, value: Float64Array) -> IntArray:
    """(T,) int16 mode, -1 where it is unknown."""
    if plan.mode_input >= 0:
        code = held[:, plan.mode_input]
        known = ~np.isnan(code) & (code < len(plan.preparation.modes.levels))
        return np.where(known, np.where(known, code, 0), -1).astype(np.int16)
    if len(plan.mode_centers):
        at = plan.mode_channels
        scaled = (value[:, at] - plan.center[at]) / plan.scale[at]
        distance = np.abs(scaled[:, None, :] - plan.mode_centers[None, :, :]).max(axis=2)
        nearest = np.where(np.isnan(distance), np.inf, distance)
        return np.where(nearest.min(axis=1) <= plan.preparation.modes.radius, nearest.argmin(axis=1), -1).astype(np.int16)
    return np.zeros(len(value), dtype=np.int16)


def _settling(
    plan: Plan, state: PrepareState, tick: Int64Array, mode: IntArray, disturbed: BoolArray, out: BoolArray
) -> tuple[BoolArray, PrepareState]:
    """Where the process settles after a disturbance or a change of mode; `out` is time that is not judged anyway."""
    before = np.concatenate(([mode[0] if state.mode == -2 else state.mode], mode[:-1]))
    index = last_true(disturbed | (mode != before))
    ticks = np.concatenate(([state.disturbed_tick], tick))
    last = ticks[index]
    settle = plan.preparation.settle_ns
    settling = (last != NEVER) & ((tick - last) * plan.preparation.interval_ns <= settle) & ~out
    if settle <= 0:
        settling[:] = False
    return settling, replace(state, mode=int(mode[-1]), disturbed_tick=int(last[-1]))


def _unchanged(
    plan: Plan, state: PrepareState, table: TickTable, tick: Int64Array, real: BoolArray, reset: BoolArray, watch: Int64Array
) -> tuple[Int64Array, PrepareState]:
    """(T, len(watch)) ns for which the real values of a channel have been the same."""
    inputs = plan.from_input[watch]
    if table.whole:
        return _unchanged_whole(plan, state, table.value[:, inputs], tick, reset, watch)
    value, came = table.value[:, inputs], real[:, inputs]
    came = came & ~np.isnan(value)
    newest = last_true(came)
    values = np.concatenate((state.seen_value[None, watch], value))
    before = np.concatenate((np.zeros((1, len(watch)), dtype=np.int64), newest[:-1]))
    changed = (came & (value != np.take_along_axis(values, before, axis=0))) | reset[:, None]
    wide = np.broadcast_to(tick[:, None], value.shape)
    since = _carry(state.since_tick[watch], wide, last_true(changed))
    seen = _carry(state.seen_tick[watch], wide, newest)
    unchanged = np.where((seen == NEVER) | (since == NEVER), 0, np.maximum(seen - since, 0)) * plan.preparation.interval_ns
    seen_value, seen_tick, since_tick = state.seen_value.copy(), state.seen_tick.copy(), state.since_tick.copy()
    seen_value[watch] = np.take_along_axis(values, newest[-1:], axis=0)[0]
    seen_tick[watch], since_tick[watch] = seen[-1], since[-1]
    return unchanged, replace(state, seen_value=seen_value, seen_tick=seen_tick, since_tick=since_tick)


def _unchanged_whole(
    plan: Plan, state: PrepareState, value: Float64Array, tick: Int64Array, reset: BoolArray, watch: Int64Array
) -> tuple[Int64Array, PrepareState]:
    """`_unchanged` where every input has a GOOD sample in every tick: nothing is carried from row to row but the last change."""
    changed = value != np.concatenate((state.seen_value[None, watch], value[:-1]))
    changed |= reset[:, None]
    since = np.where(changed, tick[:, None], NEVER)
    np.maximum(since[0], state.since_tick[watch], out=since[0])
    np.maximum.accumulate(since, axis=0, out=since)
    unchanged = tick[:, None] - since
    unchanged *= plan.preparation.interval_ns
    if bool((since[0] == NEVER).any()):
        unchanged[since == NEVER] = 0
    seen_value, seen_tick, since_tick = state.seen_value.copy(), state.seen_tick.copy(), state.since_tick.copy()
    seen_value[watch], seen_tick[watch], since_tick[watch] = value[-1], tick[-1], since[-1]
    return unchanged, replace(state, seen_value=seen_value, seen_tick=seen_tick, since_tick=since_tick)

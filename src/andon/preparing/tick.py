"""One live tick: the same answer as `walk` with blocks, for the case that one sample completes one tick.

This is the second writing of `block.py`, row by row instead of in columns of time, because a live tick has no time for
arrays of one row in two dimensions. A property test holds both together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array, StatusArray, TimeArray
from andon.plant.file.schema import OutOfService
from andon.plant.grid import tick_of
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.time import NS
from andon.plant.verdict import Why
from andon.plant.window import Prepared
from andon.preparing.block import modes_of
from andon.preparing.calendar import calendar_row, in_maintenance
from andon.preparing.gridding import NEVER, tick_table
from andon.preparing.periods import Period
from andon.preparing.plan import Plan, find_columns, read_samples
from andon.preparing.setpoints import SetPoints, travel_at
from andon.preparing.state import PrepareState

CLIP = 50.0
_GOOD, _INTERPOLATED, _JUDGED = int(Status.GOOD), int(Status.INTERPOLATED), int(Why.JUDGED)  # an Enum is slow to ask


class Samples(NamedTuple):
    """N samples of M inputs."""

    time: TimeArray
    values: Float64Array
    ok: BoolArray
    status: StatusArray


def take_out(plan: Plan, valid: BoolArray, time: Int64Array, item: OutOfService | str, asset: str) -> None:
    """Mark the channels of a tag out of service as not valid, in place: `valid` is (T, C)."""
    tag, owner, until = (item, "", None) if isinstance(item, str) else (item.tag, item.asset, item.until)
    if owner not in ("", asset):
        return
    rows = np.ones(len(time), dtype=bool) if until is None else time < until
    for index, channel in enumerate(plan.preparation.channels):
        if channel.tag == tag:
            valid[rows, index] = False


def prepare_tick(
    state: PrepareState, recording: Recording, planned: Sequence[Period], out_of_service: Sequence[OutOfService | str], until: int | None
) -> tuple[Prepared, PrepareState] | None:
    """The tick that one sample completes; None where it completes none or several, or comes out of order.

    Parameters
    ----------
    recording : of one row
    """
    plan = state.plan
    preparation = plan.preparation
    interval = preparation.interval_ns
    newest = int(recording.time[0])
    k = state.next_tick
    if k == NEVER or newest <= state.last_time or (newest if until is None else max(newest, until)) // interval != k:
        return None
    columns = find_columns(plan, recording)
    time = k * interval
    here = -(-newest // interval) == k
    # The usual case: the only sample of the tick, every tag plain, finite, in its range and GOOD.
    usual = here and plan.plain and not plan.special and columns.straight and not len(state.time)
    usual = usual and not np.count_nonzero(recording.status)  # much quicker than `any`, as everywhere here
    if usual:
        values = recording.values.astype(np.float64)
        usual = np.count_nonzero(np.isfinite(values)) == plan.width and not (
            plan.ranged and (np.count_nonzero(values < plan.low) or np.count_nonzero(values > plan.high))
        )
    if not usual:
        values, ok, status = read_samples(plan, columns, recording, 0, 1)
    if usual:
        rest = Samples(state.time, state.values, state.ok, state.status)
    elif here:
        if len(state.time):
            samples = Samples(
                np.concatenate((state.time, recording.time)),
                np.concatenate((state.values, values)),
                np.concatenate((state.ok, ok)),
                np.concatenate((state.status, status)),
            )
        else:
            samples = Samples(recording.time, values, ok, status)
        rest = Samples(recording.time[:0], values[:0], ok[:0], status[:0])
    else:
        samples = Samples(state.time, state.values, state.ok, state.status)
        rest = Samples(recording.time, values, ok, status)
    if usual or (len(samples.time) == 1 and not samples.status.any() and samples.ok.all()):
        value = held = good_value = values[0] if usual else samples.values[0]
        good_time = real_time = _of_all(plan.width, newest if usual else int(samples.time[0]))
        came: BoolArray | None = None  # all
        age = 0.0
    else:
        value, fresh, good_value, good_time, came, real_time = _samples(plan, samples, k)
        good_time = np.where(fresh, good_time, state.good_time)
        good_value = np.where(fresh, good_value, state.good_value)
        held = np.where(np.isnan(value) & (good_time != NEVER) & (time - good_time <= plan.hold), good_value, value)
        real_time = np.where(came, real_time, state.real_time)
        age = _age(plan, came, real_time, time)
    if plan.plain:
        channels = held
    else:
        channels = held[plan.gather] if plan.width else np.full(len(plan.from_input), np.nan)
    counters = (state.counter_value, state.counter_tick, state.rate_value, state.rate_tick)
    if plan.counters:
        counters = _rates(plan, state, value, came, channels, k)
    off = bool(plan.derived or plan.off) and _expressions(plan, held, channels, recording.asset)
    maintenance = bool(planned) and any(period.start <= time < period.end for period in planned)
    if preparation.maintenance and not maintenance:
        maintenance = bool(in_maintenance(preparation.maintenance, recording.asset, np.array([time], dtype=np.int64))[0])
    data = plan.width > 0 and (came is None or bool(came.any()))
    reset = (
        state.mode == -2
        or (state.off and not off)
        or (data and state.data_tick != NEVER and (k - state.data_tick) * interval > preparation.gap_ns)
    )
    plain = plan.mode_input < 0 and len(plan.mode_centers) == 0
    mode = 0 if plain else int(modes_of(plan, held[None, :], channels[None, :])[0])
    moves, beyond = SetPoints(state.set_value, state.ramp_from, state.ramp_way, state.ramp_tick), False
    if len(plan.setpoints):
        travel, moves = travel_at(channels[plan.setpoints], k, moves, plan.ramps)
        beyond = bool((travel > plan.usual).any())
    disturbed = k if off or maintenance or beyond or (state.mode != -2 and mode != state.mode) else state.disturbed_tick
    settle = preparation.settle_ns
    settling = settle > 0 and disturbed != NEVER and (k - disturbed) * interval <= settle and not off and not maintenance
    valid = np.isfinite(channels)
    standing = (state.seen_value, state.seen_tick, state.since_tick)
    if len(plan.watch):
        standing = _stuck(plan, state, value, came, valid, k, reset)
    for item in out_of_service:
        take_out(plan, valid[None, :], np.array([time]), item, recording.asset)
    count = int(np.count_nonzero(valid))
    share = count / len(valid) if len(valid) else 0.0
    if off:
        valid = np.zeros_like(valid)
    x = channels - plan.center
    x /= plan.scale
    if off or count < len(valid):
        x = np.where(valid, x, 0.0)
    np.minimum(np.maximum(x, -CLIP, out=x), CLIP, out=x)
    why = _why(preparation.min_valid, share, mode, settling, off, maintenance)
    prepared = Prepared(
        recording.asset,
        plan.channel_names,
        plan.channel_tags,
        plan.context_names,
        interval,
        np.array([k], dtype=np.int64),
        x.astype(np.float32)[None, :],
        valid[None, :],
        _context(plan, age, mode, held, time),
        np.array([mode], dtype=np.int16),
        np.array([why], dtype=np.uint8),
        np.array([reset], dtype=bool),
    )
    after = PrepareState(
        plan, k + 1, max(newest, time), rest.time, rest.values, rest.ok, rest.status,
        good_value, good_time, real_time, *counters, *standing, moves.value, moves.ramp_from, moves.ramp_way, moves.ramp_tick, mode,
        disturbed, k if data else state.data_tick, off,
    )  # fmt: skip
    return prepared, after


def _of_all(count: int, number: int) -> Int64Array:
    """(count,) the same number for each; `np.full` takes thrice as long."""
    out = np.empty(count, dtype=np.int64)
    out.fill(number)
    return out


def _why(min_valid: float, share: float, mode: int, settling: bool, off: bool, maintenance: bool) -> int:
    if not (maintenance or off or settling) and share > 0 and share >= min_valid and mode >= 0:
        return _JUDGED
    if maintenance:
        return Why.MAINTENANCE
    if off:
        return Why.MACHINE_OFF
    if share == 0:
        return Why.NO_DATA
    if share < min_valid:
        return Why.TOO_FEW_VALID
    return Why.SETTLING if settling else Why.UNKNOWN_MODE


def _samples(plan: Plan, samples: Samples, k: int) -> tuple[Float64Array, BoolArray, Float64Array, Int64Array, BoolArray, Int64Array]:
    """Of the tick's samples, for each input: mean; is there a GOOD one, its value and time; is there a real one, its time."""
    if len(samples.time) == 1:
        value, ok, status = samples.values[0], samples.ok[0], samples.status[0]
        time = np.full(plan.width, samples.time[0], dtype=np.int64)
        return np.where(ok, value, np.nan), ok & (status == _GOOD), value, time, ok & (status != _INTERPOLATED), time
    tick = tick_of(samples.time, plan.preparation.interval_ns)
    table = tick_table(samples.time, tick, samples.values, samples.ok, samples.status, k, k, plan.last_only)
    fresh, came = table.good_time[0] != NEVER, table.real_time[0] != NEVER
    return table.value[0], fresh, table.good_value[0], table.good_time[0], came, table.real_time[0]


def _age(plan: Plan, came: BoolArray, real_time: Int64Array, time: int) -> float:
    if not len(plan.used):
        return 0.0
    old = np.minimum((time - real_time) / plan.span, 1.0)
    old[came] = 0.0
    old[real_time == NEVER] = 1.0
    return float(np.add.reduce(old[plan.used])) / len(plan.used)


def _rates(
    plan: Plan, state: PrepareState, value: Float64Array, came: BoolArray | None, channels: Float64Array, k: int
) -> tuple[Float64Array, Int64Array, Float64Array, Int64Array]:
    """Counters to rates, as `block._channels`; fills `channels`."""
    interval = plan.preparation.interval_ns
    longest = max(plan.preparation.gap_ns // interval, 1)
    counter_value, counter_tick = state.counter_value.copy(), state.counter_tick.copy()
    rate_value, rate_tick = state.rate_value.copy(), state.rate_tick.copy()
    for channel, column in plan.counters:
        count = value[column]
        if (came is None or came[column]) and count == count:
            before = int(counter_tick[column])
            apart, step = k - before, count - counter_value[column]
            if before != NEVER and apart <= longest and step >= 0:
                rate_value[column], rate_tick[column] = step / (apart * (interval / NS)), k
            counter_value[column], counter_tick[column] = count, k
        when = int(rate_tick[column])
        fresh = when != NEVER and (k - when) * interval <= plan.hold[column]
        channels[channel] = rate_value[column] if fresh else np.nan
    return counter_value, counter_tick, rate_value, rate_tick


def _expressions(plan: Plan, held: Float64Array, channels: Float64Array, asset: str) -> bool:
    """Fills the derived channels; True where the machine is off."""
    if not plan.derived and not plan.off:
        return False
    columns = {tag: held[index : index + 1] for tag, index in plan.columns.items()}
    for channel, expression in plan.derived:
        result = expression.evaluate(columns, 1, plan.texts)
        columns[plan.preparation.channels[channel].name] = result
        channels[channel] = result[0]
    condition = plan.off.get(asset, plan.off.get(""))
    if condition is None:
        return False
    stands = float(condition.evaluate(columns, 1, plan.texts)[0])
    return stands == stands and stands != 0


def _stuck(
    plan: Plan, state: PrepareState, value: Float64Array, came: BoolArray | None, valid: BoolArray, k: int, reset: bool
) -> tuple[Float64Array, Int64Array, Int64Array]:
    """Marks what has not changed for too long as not valid, as `block._unchanged`."""
    watch = plan.watch
    inputs = plan.watched_inputs
    now = value if plan.watches_inputs else value[inputs]
    old = state.seen_value[watch] if plan.watches_some else state.seen_value
    old_since = state.since_tick[watch] if plan.watches_some else state.since_tick
    if came is None:
        changed = now != old
        seen_value, seen_tick = now, _of_all(len(watch), k)
    else:
        real = came[inputs] & ~np.isnan(now)
        changed = real & (now != old)
        seen_value = np.where(real, now, old)
        seen_tick = np.where(real, k, state.seen_tick[watch])
    since = _of_all(len(watch), k) if reset else np.where(changed, k, old_since)
    if came is not None or (k - int(np.minimum.reduce(since))) * plan.preparation.interval_ns > plan.shortest_stuck:
        long = (seen_tick - since) * plan.preparation.interval_ns > plan.stuck[watch]
        if came is not None:
            long &= (seen_tick != NEVER) & (since != NEVER)
        if long.any():
            valid[watch[long]] = False
    if not plan.watches_some:
        return seen_value, seen_tick, since
    all_value, all_tick, all_since = state.seen_value.copy(), state.seen_tick.copy(), state.since_tick.copy()
    all_value[watch], all_tick[watch], all_since[watch] = seen_value, seen_tick, since
    return all_value, all_tick, all_since


def _context(plan: Plan, age: float, mode: int, held: Float64Array, time: int) -> Float32Array:
    """(1, K) context in the order of `Preparation.context_names`."""
    preparation = plan.preparation
    row = [age]
    names = preparation.modes.names
    if len(names) > 1:
        row += [float(mode == index) for index in range(len(names))]
    for category, column in zip(preparation.categories, plan.category_inputs, strict=True):
        code = held[column]
        row += [float(code == index) for index in range(len(category.levels))]
    if preparation.calendar:
        row += calendar_row(time, preparation.zone)
    return np.array([row], dtype=np.float32)

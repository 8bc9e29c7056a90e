"""One tick of many assets at once: the same answer for each as `prepare`, with the assets in the place of the rows.

State lies in arrays of all assets; a tick takes a number of calls that does not depend on how many they are. The assets share a
preparation but for where their channels and modes stand (`sisters`). A property test holds this and `prepare` together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array, IntArray
from andon.plant.errors import PreparationError
from andon.plant.file.expression import Expression
from andon.plant.file.schema import OutOfService
from andon.plant.recording import Recording
from andon.plant.rows import Rows
from andon.plant.time import NS
from andon.plant.verdict import Why
from andon.plant.window import Prepared
from andon.preparing.block import modes_of
from andon.preparing.calendar import calendar_row, in_maintenance
from andon.preparing.gridding import NEVER, tick_table
from andon.preparing.lockstep_state import AllPrepareState
from andon.preparing.plan import find_columns, make_plan, read_samples
from andon.preparing.preparation import ModeModel, Preparation, Window
from andon.preparing.setpoints import SetPoints, travel_at
from andon.preparing.state import PrepareState, start_state
from andon.preparing.tick import CLIP


@dataclass(frozen=True, slots=True)
class Labelled:
    """Planned work: start <= time < end (ns), of one asset or of all (-1)."""

    asset: int
    start: int
    end: int


class PrepareTogether:
    """Prepares ticks of A assets that share a model.

    Parameters
    ----------
    preparations : one for each asset; they may differ in the centres of channels and in the centres and radius of modes
    assets : A names
    tags : M names, the columns of the rows that it will be given

    Raises
    ------
    PreparationError : they differ in more
    """

    def __init__(self, preparations: Sequence[Preparation], assets: Sequence[str], tags: tuple[str, ...]) -> None:
        self.assets, self.count = tuple(assets), len(assets)
        first = preparations[0]
        for one in preparations:
            if one is not first and _same_but_centres(one) != _same_but_centres(first):
                raise PreparationError("assets of one fleet are prepared in different ways", do="judge them one by one")
        self.plan = plan = make_plan(first)
        self.preparation = first
        none = np.zeros(0, dtype=np.int64)
        empty = Recording("", tags, none, np.zeros((0, len(tags)), np.float32), np.zeros((0, len(tags)), np.uint8))
        self._columns = find_columns(plan, empty)
        centres = {id(one): np.array([channel.center for channel in one.channels], dtype=np.float64) for one in preparations}
        self._own = len(centres) > 1
        self._centre = np.stack([centres[id(one)] for one in preparations]) if self._own else plan.center[None]
        self._mode_centres = np.array([one.modes.centers for one in preparations], dtype=np.float64) if self._own else np.zeros(0)
        self._radius = np.array([one.modes.radius for one in preparations])
        at = {name: number for number, name in enumerate(self.assets)}
        self._at = at
        self._channels_of: dict[str, Int64Array] = {
            tag: np.flatnonzero([channel.tag == tag for channel in first.channels]) for tag in dict.fromkeys(first.channel_tags)
        }
        expressions: dict[str, list[int]] = {}
        for name in self.assets:
            expressions.setdefault(name if name in plan.off else "", []).append(at[name])
        self._off: list[tuple[Expression, Int64Array]] = [
            (plan.off[key], np.array(rows, dtype=np.int64)) for key, rows in expressions.items() if key in plan.off
        ]
        windows: dict[Window, list[int] | None] = {}
        for owner, window in first.maintenance:
            rows_of = windows.get(window, [])
            if owner == "" or rows_of is None:
                windows[window] = None
            elif owner in at:
                windows[window] = [*rows_of, at[owner]]
        self._windows = [(window, slice(None) if rows is None else rows) for window, rows in windows.items()]
        self._all = np.arange(self.count)

    def start(self) -> AllPrepareState:
        """Before the first sample."""
        return self._stacked([start_state(self.plan)] * self.count, np.zeros(self.count, dtype=bool))

    def join(self, states: Sequence[PrepareState | None]) -> AllPrepareState:
        """The states of the assets together; None where an asset has not begun.

        Raises
        ------
        PreparationError : a state has samples that wait for their tick
        """
        if any(state is not None and len(state.time) for state in states):
            raise PreparationError("samples wait in the state of an asset", do="finish the tick before assets are joined")
        fresh = start_state(self.plan)
        return self._stacked([fresh if state is None else state for state in states], np.array([state is not None for state in states]))

    def _stacked(self, states: Sequence[PrepareState], begun: BoolArray) -> AllPrepareState:
        parts = {item.name: np.stack([np.asarray(getattr(one, item.name)) for one in states]) for item in fields(AllPrepareState)[1:]}
        return AllPrepareState(begun.copy(), **parts)

    def split(self, state: AllPrepareState, next_tick: int) -> tuple[PrepareState | None, ...]:
        """The state of each asset by itself; None where it has not begun."""
        fresh = start_state(self.plan)
        last = (next_tick - 1) * self.preparation.interval_ns
        out: list[PrepareState | None] = []
        for at in range(self.count):
            if not state.begun[at]:
                out.append(None)
                continue
            own = {item.name: getattr(state, item.name)[at] for item in fields(state)[1:]}
            parts: dict[str, Any] = {name: np.array(v) if isinstance(v, np.ndarray) else v.item() for name, v in own.items()}
            out.append(replace(fresh, next_tick=next_tick, last_time=last, **parts))
        return tuple(out)

    def tick(
        self,
        k: int,
        rows: Rows,
        state: AllPrepareState,
        *,
        planned: Sequence[Labelled] = (),
        out_of_service: Sequence[OutOfService] = (),
    ) -> tuple[Prepared, BoolArray]:
        """One tick of all assets; `state` is moved on in place.

        Parameters
        ----------
        k : the tick, the one after the last
        rows : samples of this tick alone, by asset and then time

        Returns
        -------
        prepared : rows are assets; those that have not begun are NO_DATA with nothing in them
        live : (A,) bool, has begun
        """
        plan, preparation, interval = self.plan, self.preparation, self.preparation.interval_ns
        time = k * interval
        held, value, came, whole, age = self._hold(k, rows, state)
        live = state.begun
        if not live.all():
            live = live.copy()
            live[rows.asset] = True
            state.begun = live
        everybody = bool(live.all())
        channels = held
        if not plan.plain:
            channels = held[:, plan.gather] if plan.width else np.full((self.count, len(plan.from_input)), np.nan)
        if plan.counters:
            self._rates(k, state, value, came, channels)
        off = self._expressions(held, channels)
        maintenance = self._maintenance(time, planned)
        data = np.ones(self.count, dtype=bool) if whole else came.any(axis=1) if plan.width else np.zeros(self.count, dtype=bool)
        never = state.mode == -2
        reset = never | (state.off & ~off)
        reset |= data & (state.data_tick != NEVER) & ((k - state.data_tick) * interval > preparation.gap_ns)
        mode = self._modes(held, channels)
        disturbed = off | maintenance | (~never & (mode != state.mode))
        if len(plan.setpoints):
            moves = SetPoints(state.set_value, state.ramp_from, state.ramp_way, state.ramp_tick)
            travel, moves = travel_at(channels[:, plan.setpoints], k, moves, plan.ramps)
            disturbed |= (travel > plan.usual).any(axis=1)
            state.set_value, state.ramp_from, state.ramp_way, state.ramp_tick = (
                moves.value,
                moves.ramp_from,
                moves.ramp_way,
                moves.ramp_tick,
            )
        if not everybody:
            reset &= live
            disturbed &= live
        since = np.where(disturbed, k, state.disturbed_tick)
        settling = (since != NEVER) & ((k - since) * interval <= preparation.settle_ns) & ~off & ~maintenance
        if preparation.settle_ns <= 0:
            settling[:] = False
        valid = np.ones(channels.shape, dtype=bool) if whole and plan.plain else np.isfinite(channels)
        if len(plan.watch):
            self._stuck(k, state, value, came, valid, reset, whole)
        for item in out_of_service:
            self._take_out(valid, item, time)
        gone = not bool(valid.all())
        share = np.count_nonzero(valid, axis=1) / max(valid.shape[1], 1)
        if off.any():
            valid &= ~off[:, None]
            gone = True
        why = np.zeros(self.count, dtype=np.uint8)
        why[mode < 0] = Why.UNKNOWN_MODE
        why[settling] = Why.SETTLING
        why[share < preparation.min_valid] = Why.TOO_FEW_VALID
        why[share == 0] = Why.NO_DATA
        why[off] = Why.MACHINE_OFF
        why[maintenance] = Why.MAINTENANCE
        if everybody:
            state.mode, state.off = mode, off
        else:
            why[~live] = Why.NO_DATA
            valid[~live] = True
            state.mode, state.off = np.where(live, mode, state.mode), np.where(live, off, state.off)
        state.disturbed_tick = since
        state.data_tick = np.where(data & live, k, state.data_tick)
        x = channels - self._centre
        x /= plan.scale
        if not everybody:
            x[~live] = 0.0
        if gone:
            x[~valid] = 0.0
        np.minimum(np.maximum(x, -CLIP, out=x), CLIP, out=x)
        prepared = Prepared(
            "", plan.channel_names, plan.channel_tags, plan.context_names, interval, np.full(self.count, k, dtype=np.int64),
            x.astype(np.float32), valid, self._context(age, mode, held, time), np.where(live, mode, -1).astype(np.int16), why, reset,
        )  # fmt: skip
        return prepared, live

    def _hold(self, k: int, rows: Rows, state: AllPrepareState) -> tuple[Float64Array, Float64Array, BoolArray, bool, Float64Array]:
        """Values of the inputs with the last GOOD one held; those of the tick's samples alone; real ones; all of them; mean age."""
        plan, time = self.plan, k * self.preparation.interval_ns
        one_each = len(rows) == self.count and bool((rows.asset == self._all).all())
        if one_each and not plan.special and self._columns.straight and not rows.status.any():
            value = rows.values.astype(np.float64)
            finite = bool(np.isfinite(np.add.reduce(value, axis=None)))
            if finite and not (plan.ranged and bool(((value < plan.low) | (value > plan.high)).any())):
                when = np.broadcast_to(rows.time[:, None], value.shape)
                state.good_value, state.good_time, state.real_time = value, when, when
                return value, value, np.broadcast_to(np.True_, value.shape), True, np.zeros(self.count)
        values, ok, status = read_samples(plan, self._columns, rows, 0, len(rows))
        table = tick_table(rows.time, rows.asset.astype(np.int64), values, ok, status, 0, self.count - 1, plan.last_only)
        fresh, real = table.good_time != NEVER, table.real_time != NEVER
        state.good_value = np.where(fresh, table.good_value, state.good_value)
        state.good_time = good_time = np.where(fresh, table.good_time, state.good_time)
        state.real_time = real_time = np.where(real, table.real_time, state.real_time)
        standing = np.isnan(table.value) & (good_time != NEVER) & (time - good_time <= plan.hold)
        held = np.where(standing, state.good_value, table.value)
        old = np.where(real, 0.0, np.where(real_time == NEVER, 1.0, np.minimum((time - real_time) / plan.span, 1.0)))
        age = np.add.reduce(np.ascontiguousarray(old[:, plan.used]), axis=1) / max(len(plan.used), 1)
        return held, table.value, real, table.whole, age

    def _rates(self, k: int, state: AllPrepareState, value: Float64Array, came: BoolArray, channels: Float64Array) -> None:
        """Counters to rates, as `tick._rates`; fills `channels`."""
        interval = self.preparation.interval_ns
        longest = max(self.preparation.gap_ns // interval, 1)
        for name in ("counter_value", "counter_tick", "rate_value", "rate_tick"):
            setattr(state, name, np.array(getattr(state, name)))
        for channel, column in self.plan.counters:
            count = value[:, column]
            here = came[:, column] & ~np.isnan(count)
            before = state.counter_tick[:, column]
            apart, step = k - before, count - state.counter_value[:, column]
            known = here & (before != NEVER) & (apart <= longest) & (step >= 0)
            rate = step / np.where(known, apart * (interval / NS), 1.0)
            state.rate_value[:, column] = np.where(known, rate, state.rate_value[:, column])
            state.rate_tick[:, column] = np.where(known, k, state.rate_tick[:, column])
            state.counter_value[:, column] = np.where(here, count, state.counter_value[:, column])
            state.counter_tick[:, column] = np.where(here, k, before)
            when = state.rate_tick[:, column]
            fresh = (when != NEVER) & ((k - when) * interval <= self.plan.hold[column])
            channels[:, channel] = np.where(fresh, state.rate_value[:, column], np.nan)

    def _expressions(self, held: Float64Array, channels: Float64Array) -> BoolArray:
        """Fills the derived channels; (A,) True where the machine is off."""
        plan = self.plan
        off = np.zeros(self.count, dtype=bool)
        if not plan.derived and not self._off:
            return off
        columns = {tag: held[:, index] for tag, index in plan.columns.items()}
        for channel, expression in plan.derived:
            name = self.preparation.channels[channel].name
            channels[:, channel] = columns[name] = expression.evaluate(columns, self.count, plan.texts)
        for condition, rows in self._off:
            stands = condition.evaluate(columns, self.count, plan.texts)[rows]
            off[rows] = ~np.isnan(stands) & (stands != 0)
        return off

    def _maintenance(self, time: int, planned: Sequence[Labelled]) -> BoolArray:
        out = np.zeros(self.count, dtype=bool)
        for label in planned:
            if label.start <= time < label.end:
                out[slice(None) if label.asset < 0 else label.asset] = True
        if self._windows:
            now = np.array([time], dtype=np.int64)
            for window, rows in self._windows:
                if bool(in_maintenance([("", window)], "", now)[0]):
                    out[rows] = True
        return out

    def _modes(self, held: Float64Array, channels: Float64Array) -> IntArray:
        plan = self.plan
        if plan.mode_input < 0 and len(plan.mode_centers) == 0:
            return np.zeros(self.count, dtype=np.int64)
        if plan.mode_input >= 0 or not self._own:
            return modes_of(plan, held, channels).astype(np.int64)
        at = plan.mode_channels
        scaled = (channels[:, at] - self._centre[:, at]) / plan.scale[at]
        distance = np.abs(scaled[:, None, :] - self._mode_centres).max(axis=2)
        nearest = np.where(np.isnan(distance), np.inf, distance)
        return np.where(nearest.min(axis=1) <= self._radius, nearest.argmin(axis=1), -1)

    def _stuck(
        self, k: int, state: AllPrepareState, value: Float64Array, came: BoolArray, valid: BoolArray, reset: BoolArray, whole: bool
    ) -> None:
        """Marks what has not changed for too long as not valid, as `tick._stuck`."""
        plan, interval = self.plan, self.preparation.interval_ns
        watch, inputs = plan.watch, plan.watched_inputs
        now = value if plan.watches_inputs else value[:, inputs]
        old = state.seen_value[:, watch] if plan.watches_some else state.seen_value
        since = state.since_tick[:, watch] if plan.watches_some else state.since_tick
        seen_value, seen_tick = now, np.broadcast_to(np.int64(k), now.shape)
        changed = now != old
        if not whole:
            real = came[:, inputs] & ~np.isnan(now)
            changed &= real
            old_tick = state.seen_tick[:, watch] if plan.watches_some else state.seen_tick
            seen_value, seen_tick = np.where(real, now, old), np.where(real, k, old_tick)
        since = np.where(changed, k, since)
        since[reset] = k
        if not whole or (k - int(since.min(initial=k))) * interval > plan.shortest_stuck:
            long = (seen_tick - since) * interval > plan.stuck[watch]
            long &= (seen_tick != NEVER) & (since != NEVER)
            if long.any():
                row, column = np.nonzero(long)
                valid[row, watch[column]] = False
        if plan.watches_some:
            for name, part in (("seen_value", seen_value), ("seen_tick", seen_tick), ("since_tick", since)):
                array = np.array(getattr(state, name))
                array[:, watch] = part
                setattr(state, name, array)
        else:
            state.seen_value, state.seen_tick, state.since_tick = seen_value, seen_tick, since

    def _take_out(self, valid: BoolArray, item: OutOfService, time: int) -> None:
        """Mark the channels of a tag out of service as not valid, as `tick.take_out`."""
        channels = self._channels_of.get(item.tag)
        if channels is None or (item.until is not None and time >= item.until):
            return
        if not item.asset:
            valid[:, channels] = False
        elif item.asset in self._at:
            valid[self._at[item.asset], channels] = False

    def _context(self, age: Float64Array, mode: IntArray, held: Float64Array, time: int) -> Float32Array:
        """(A, K) context in the order of `Preparation.context_names`."""
        preparation, plan = self.preparation, self.plan
        out = np.empty((self.count, len(plan.context_names)), dtype=np.float32)
        out[:, 0] = age
        at = 1
        if (modes := len(preparation.modes.names)) > 1:
            out[:, at : at + modes] = mode[:, None] == np.arange(modes)
            at += modes
        for category, column in zip(preparation.categories, plan.category_inputs, strict=True):
            levels = len(category.levels)
            out[:, at : at + levels] = held[:, column, None] == np.arange(levels)
            at += levels
        if preparation.calendar:
            out[:, at:] = calendar_row(time, preparation.zone)
        return out


def _same_but_centres(one: Preparation) -> Preparation:
    """What sisters share."""
    channels = tuple(replace(channel, center=0.0) for channel in one.channels)
    modes: ModeModel = replace(one.modes, centers=tuple(tuple(0.0 for _ in row) for row in one.modes.centers), radius=0.0)
    return replace(one, assets=(), channels=channels, modes=modes, fitted_from=0, fitted_to=0)

"""Set-points: what a usual step of one is in normal time, and where one was moved by more than that.

A move beyond what normal time had is deliberate and new: the process answers it in a way that nobody has seen, so nothing is judged for
the settling time. Moves that normal time had are in the training, in the calibration, and in the budget.

A move may be one step or a ramp of small ones. What counts is the *travel*: how far the set-point has come since it began to move in one
direction, with no rest longer than the settling time. Each tick of a ramp beyond what is usual disturbs, so settling counts from its end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import Float64Array, Int64Array
from andon.preparing.gridding import NEVER, last_true

MARGIN = 1.2
GROSS = 3.0
SMALLEST = 0.5


def steps_of(value: Float64Array, before: Float64Array) -> tuple[Float64Array, Float64Array]:
    """How far each tick lies from the last known value.

    Parameters
    ----------
    value : (T, S) set-points, NaN where not known
    before : (S,) last known value before the first tick, NaN where none

    Returns
    -------
    (T, S) >= 0, 0 where there is nothing to compare; (S,) last known value
    """
    known = ~np.isnan(value)
    joined = np.concatenate((before[None, :], value))
    last = np.take_along_axis(joined, last_true(known), axis=0)
    previous = np.concatenate((before[None, :], last[:-1]))
    step = np.abs(value - previous)
    return np.where(np.isnan(step), 0.0, step), last[-1].copy()


@dataclass(frozen=True, slots=True)
class SetPoints:
    """What is remembered of S set-points (of A assets: with A in front).

    Attributes
    ----------
    value : (S,) last known value, NaN where none
    ramp_from : (S,) where the move that was seen last began
    ramp_way : (S,) its direction, -1 or 1; 0 where there was none
    ramp_tick : (S,) its last tick; NEVER where there was none
    """

    value: Float64Array
    ramp_from: Float64Array
    ramp_way: Float64Array
    ramp_tick: Int64Array


@dataclass(frozen=True, slots=True)
class Ramps:
    """When steps are one move.

    Attributes
    ----------
    rest : (S,) ticks without a step after which a move has ended; -1: each step is a move by itself
    still : (S,) a step up to this is none: noise, or a ramp so slow that it goes no further in a settling time than is usual
    """

    rest: Int64Array
    still: Float64Array


def no_moves(count: int) -> SetPoints:
    """Before the first value."""
    nothing = np.full(count, np.nan)
    return SetPoints(nothing, nothing, np.zeros(count), np.full(count, NEVER, dtype=np.int64))


def travel_at(now: Float64Array, tick: int, before: SetPoints, ramps: Ramps) -> tuple[Float64Array, SetPoints]:
    """How far each set-point has travelled at one tick, 0 where it does not move.

    Parameters
    ----------
    now : (S,) or (A, S), NaN where not known
    """
    step = np.nan_to_num(now - before.value)
    moving = np.abs(step) > ramps.still
    way = np.sign(step)
    going = (before.ramp_tick != NEVER) & (tick - before.ramp_tick <= ramps.rest) & (way == before.ramp_way)
    begun = np.where(moving & ~going, before.value, before.ramp_from)
    travel = np.where(moving, np.abs(now - begun), 0.0)
    after = SetPoints(
        np.where(np.isnan(now), before.value, now), begun, np.where(moving, way, before.ramp_way), np.where(moving, tick, before.ramp_tick)
    )
    return travel, after


def travels(value: Float64Array, tick: Int64Array, before: SetPoints, ramps: Ramps) -> tuple[Float64Array, SetPoints]:
    """(T, S) `travel_at` of every tick, and what is remembered after them."""
    known = ~np.isnan(value)
    joined = np.concatenate((before.value[None, :], value))
    last = np.take_along_axis(joined, last_true(known), axis=0)
    previous = np.concatenate((before.value[None, :], last[:-1]))
    step = np.nan_to_num(value - previous)
    moving = np.abs(step) > ramps.still
    travel = np.zeros_like(value)
    ramp_from, ramp_way, ramp_tick = before.ramp_from.copy(), before.ramp_way.copy(), before.ramp_tick.copy()
    for column in np.flatnonzero(moving.any(axis=0)):
        at = np.flatnonzero(moving[:, column])
        way, when, started = np.sign(step[at, column]), tick[at], previous[at, column]
        old_way = np.concatenate(([ramp_way[column]], way[:-1]))
        old_tick = np.concatenate(([ramp_tick[column]], when[:-1]))
        begins = (old_tick == NEVER) | (when - old_tick > ramps.rest[column]) | (way != old_way)
        run = np.maximum.accumulate(np.where(begins, np.arange(len(at)), -1))
        begun = np.where(run >= 0, started[np.maximum(run, 0)], ramp_from[column])
        travel[at, column] = np.abs(value[at, column] - begun)
        ramp_from[column], ramp_way[column], ramp_tick[column] = begun[-1], way[-1], when[-1]
    return travel, SetPoints(last[-1].copy(), ramp_from, ramp_way, ramp_tick)


def ramps_of(usual: Float64Array, settle_ticks: int) -> Ramps:
    """Steps that are one move, by the largest usual step (S,) and the settling time."""
    rest = np.full(len(usual), settle_ticks, dtype=np.int64)
    return Ramps(rest, usual / max(settle_ticks, 1))


def usual_step(steps: Float64Array, scale: float) -> float:
    """The largest step that counts as usual.

    Parameters
    ----------
    steps : (N,) steps of normal time, zeros among them
    scale : of the channel, > 0

    Returns
    -------
    a fifth more than the largest step (or travel) of normal time, where one gross step among many counts as three times the 99 % quantile
    of the steps at most; never less than half the channel's scale
    """
    taken = steps[steps > 0]
    if len(taken) == 0:
        return SMALLEST * scale
    largest = min(float(taken.max()), GROSS * float(np.quantile(taken, 0.99)))
    return max(MARGIN * largest, SMALLEST * scale)

"""Set-points: what a usual step of one is in normal time, and where one was moved by more than that.

A move beyond what normal time had in steps is deliberate and new: the process answers it in a way that nobody has seen, so
nothing is judged for the settling time. Steps that normal time had are in the training, in the calibration, and in the budget.
"""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array
from andon.preparing.gridding import last_true

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


def moved(value: Float64Array, before: Float64Array, limit: Float64Array) -> tuple[BoolArray, Float64Array]:
    """(T,) True where a set-point was moved by more than its limit, and the last known values (S,)."""
    step, last = steps_of(value, before)
    return np.asarray((step > limit).any(axis=1)), last


def usual_step(steps: Float64Array, scale: float) -> float:
    """The largest step that counts as usual.

    Parameters
    ----------
    steps : (N,) steps of normal time, zeros among them
    scale : of the channel, > 0

    Returns
    -------
    a fifth more than the largest step of normal time, where one gross step among many counts as three times the 99 % quantile
    of the steps at most; never less than half the channel's scale
    """
    taken = steps[steps > 0]
    if len(taken) == 0:
        return SMALLEST * scale
    largest = min(float(taken.max()), GROSS * float(np.quantile(taken, 0.99)))
    return max(MARGIN * largest, SMALLEST * scale)

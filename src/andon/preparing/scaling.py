"""Robust scaling: median and robust standard deviation of normal training time, never of the test."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import Float64Array

SD_OF_MAD = 1.4826  # of a normal distribution
SD_OF_SPAN = 1 / 3.91993  # of a normal distribution, by its 2.5 % and 97.5 % quantiles
LOOK_AT = 20_000
CONSTANT_SHARE = 0.01  # of the range or the level of a tag that never moved
CONSTANT_UNIT = 0.05  # of one unit, for a tag that stood at zero and has no range


def robust_scale(values: Float64Array, low: float | None = None, high: float | None = None) -> tuple[float, float, str]:
    """Centre and scale of a tag.

    The scale is the median absolute deviation as a standard deviation, but not below a quarter of the one that the
    span from the 2.5 % to the 97.5 % quantile suggests (a tag that mostly rests and sometimes moves), nor below half the
    tag's quantum. A tag that never moved takes 1 % of its range, else of its level. Every rule but the last resort
    (0.05 of one unit, for a tag that stood at zero and has no range) follows a change of unit.

    Parameters
    ----------
    values : (N,) finite values on normal training time, N >= 1
    low, high : instrument range

    Returns
    -------
    center, scale (> 0), and what the scale was taken from: "robust", "spread", "quantum", "range", "level" or "unit"
    """
    center = float(np.median(values))
    deviation = SD_OF_MAD * float(np.median(np.abs(values - center)))
    bottom, top = np.quantile(values, [0.025, 0.975]).tolist()
    spread = 0.25 * SD_OF_SPAN * (top - bottom)
    scale, by = (deviation, "robust") if deviation >= spread else (spread, "spread")
    if scale <= 0:
        scale, by = float(np.std(values)), "spread"
    floor = 0.5 * quantum(values)
    if scale < floor:
        scale, by = floor, "quantum"
    smallest = 1e-9 * abs(center)  # noise of the arithmetic, not of the process
    if scale > smallest and np.isfinite(scale):
        return center, scale, by
    if low is not None and high is not None and np.isfinite(high - low) and high > low:
        return center, CONSTANT_SHARE * (high - low), "range"
    if center != 0 and np.isfinite(center):
        return center, CONSTANT_SHARE * abs(center), "level"
    return center, CONSTANT_UNIT, "unit"


def quantum(values: Float64Array) -> float:
    """The step in which a tag's values are stored: the smallest distance of two values, where values repeat; else 0."""
    some = a_few(values)
    unique = np.unique(some)
    if len(unique) < 2 or len(unique) > 0.5 * len(some):
        return 0.0
    return float(np.diff(unique).min())


def a_few(values: Float64Array) -> Float64Array:
    """At most 20,000 of the values, drawn at random but always the same ones (a fixed stride would miss what is periodic)."""
    if len(values) <= LOOK_AT:
        return values
    return values[np.sort(np.random.default_rng(0).choice(len(values), LOOK_AT, replace=False))]

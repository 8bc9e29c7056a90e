"""Evidence of steady simulated processes, for the tests of calibration."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, Int64Array

MINUTE = 60_000_000_000


def steady_trace(ticks: int, seed: int, rho: float = 0.9, channels: int = 3) -> Float64Array:
    """Soft sum of a smoothed T² and a level of AR(1) channels: (ticks,) >= 0."""
    from scipy.signal import lfilter

    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((ticks + 500, channels))
    y = np.asarray(lfilter([np.sqrt(1.0 - rho**2)], [1.0, -rho], noise, axis=0))[500:]
    restless = np.asarray(lfilter([0.1], [1.0, -0.9], np.abs(noise[500:]), axis=0))
    return np.asarray(np.log1p((y**2).sum(axis=1) / 8.0) + np.log1p(restless.max(axis=1)))


def every(ticks: int, first: int = 0) -> tuple[BoolArray, Int64Array]:
    """All judged, and their ticks."""
    return np.ones(ticks, dtype=bool), np.arange(first, first + ticks, dtype=np.int64)

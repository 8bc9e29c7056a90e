"""A simulated plant with one quality target: known dead time, known response, an error that wanders."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import Float64Array
from andon.plant.label import LabResults
from andon.plant.time import MINUTE_NS
from andon.plant.window import Prepared

FIRST = 300
DEAD = 5


def inputs(rows: int, seed: int = 0) -> Float64Array:
    """(T, 3) inputs that move like a plant's: slow wander with small noise."""
    rng = np.random.default_rng(seed)
    out = np.zeros((rows, 3))
    for t in range(1, rows):
        out[t] = 0.95 * out[t - 1] + rng.normal(size=3) * 0.3
    return out


def target(x: Float64Array, seed: int = 0, wander: float = 0.3, bend: float = 0.0) -> Float64Array:
    """(T,) 100 + 5 x (a fading response to inputs DEAD ticks old) + a slow wander."""
    rng = np.random.default_rng(seed + 1000)
    rows = len(x)
    slow = np.zeros((rows, 3))
    error = np.zeros(rows)
    for t in range(1, rows):
        slow[t] = slow[t - 1] + 0.25 * (x[max(t - DEAD, 0)] - slow[t - 1])
        error[t] = 0.98 * error[t - 1] + wander * 0.2 * rng.normal()
    pure = 1.0 * slow[:, 0] - 0.6 * slow[:, 1] + bend * slow[:, 0] * slow[:, 1]
    out: Float64Array = 100.0 + 5.0 * (pure + error + 0.03 * rng.normal(size=rows))
    return out


def prepared(x: Float64Array) -> Prepared:
    """On the grid, every minute."""
    rows, channels = x.shape
    names = tuple(f"u{n}" for n in range(channels))
    reset = np.zeros(rows, dtype=bool)
    reset[0] = True
    return Prepared(
        "column", names, names, (), MINUTE_NS, np.arange(FIRST, FIRST + rows, dtype=np.int64), x.astype(np.float32),
        np.ones((rows, channels), dtype=bool), np.zeros((rows, 0), dtype=np.float32), np.zeros(rows, dtype=np.int16),
        np.zeros(rows, dtype=np.uint8), reset,
    )  # fmt: skip


def laboratory(y: Float64Array, every: int, delay: int) -> LabResults:
    """A result of every so many ticks."""
    row = np.arange(0, len(y), every, dtype=np.int64)
    time = (FIRST + row) * MINUTE_NS
    return LabResults("column", "butane", time, time + delay * MINUTE_NS, y[row], "%")

"""The scale of what the linear core leaves, channel by channel: the unit in which the network speaks."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import BoolArray, Float32Array
from andon.training.network.heads import LOG_SCALE_LIMIT
from andon.training.pieces import TARGET_LIMIT

SCALE_FLOOR = 5e-3
SCALE_ROWS = 100_000


def residual_scale(x: Float32Array, valid: BoolArray, expected: Float32Array, rows: BoolArray) -> Float32Array:
    """Scale of x - expected per channel over `rows`: the larger of the robust and half the trimmed deviation.

    Parameters
    ----------
    x, expected : (T, C); valid : (T, C) bool; rows : (T,) bool

    Returns
    -------
    (C,) float32, at least `SCALE_FLOOR`
    """
    chosen = np.flatnonzero(rows)
    chosen = chosen[:: max(1, len(chosen) // SCALE_ROWS)]
    out = np.full(x.shape[1], SCALE_FLOOR, dtype=np.float32)
    for channel in range(x.shape[1]):
        rest = np.asarray(x[chosen, channel] - expected[chosen, channel], dtype=np.float64)
        rest = rest[valid[chosen, channel] & np.isfinite(rest)]
        if len(rest) < 2:
            continue
        median, limit = np.median(np.abs(rest)), np.quantile(np.abs(rest), 0.995)
        trimmed = float(np.sqrt(np.mean(np.minimum(np.abs(rest), limit) ** 2)))
        out[channel] = max(SCALE_FLOOR, 1.4826 * float(median), 0.5 * trimmed)
    return out


def residual_spread(x: Float32Array, valid: BoolArray, expected: Float32Array, rows: BoolArray, scale: Float32Array) -> Float32Array:
    """(C,) log of the root mean square of (x - expected) / scale over `rows`, bounded as the targets are."""
    chosen = np.flatnonzero(rows)
    chosen = chosen[:: max(1, len(chosen) // SCALE_ROWS)]
    out = np.zeros(x.shape[1], dtype=np.float32)
    for channel in range(x.shape[1]):
        rest = np.asarray(x[chosen, channel] - expected[chosen, channel], dtype=np.float64) / scale[channel]
        rest = np.clip(rest[valid[chosen, channel] & np.isfinite(rest)], -TARGET_LIMIT, TARGET_LIMIT)
        if len(rest) > 1:
            out[channel] = np.clip(0.5 * np.log(np.mean(rest**2) + 1e-12), -LOG_SCALE_LIMIT, LOG_SCALE_LIMIT)
    return out

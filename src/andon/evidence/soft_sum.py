"""The soft sum of views: each view counts by the logarithm of how far it is beyond its own normal time."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import Float32Array, Float64Array, FloatArray


def soft_sum(view: FloatArray) -> Float64Array:
    """Sum over views of log(1 + view).

    Parameters
    ----------
    view : (T, V) >= 0, each divided by its own quantile on normal time

    Returns
    -------
    (T,) float64, >= 0
    """
    total: Float64Array = np.log1p(view).sum(axis=-1, dtype=np.float64)
    return total


def parts(view: FloatArray) -> Float64Array:
    """(T, V) the part of each view in the soft sum; rows sum to `soft_sum`."""
    out: Float64Array = np.log1p(np.asarray(view, dtype=np.float64))
    return out


def leading(view: Float32Array) -> int:
    """Index of the view with the largest part over the rows of `view` (T, V)."""
    return int(np.argmax(np.log1p(view).sum(axis=0)))

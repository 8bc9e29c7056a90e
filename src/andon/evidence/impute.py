"""Conditional means for missing channels: what the channels that are present say of those that are not.

With P the inverse covariance, the mean of the missing part m given the present part o is -P_mm^-1 P_mo x_o. Filling the
gap with it leaves the quadratic form x' P x equal to that of the present channels alone, so that a whitened statistic
needs no second covariance. Matrices are kept per pattern of missing channels.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import numpy as np

from andon.plant.arrays import BoolArray, Float32Array, Int64Array

CACHED_PATTERNS = 512
SMALLEST_PART = 1e-6  # of a diagonal that the other channels do not explain


def patterns(valid: BoolArray) -> Iterator[tuple[Int64Array, BoolArray]]:
    """Rows of equal validity together.

    Parameters
    ----------
    valid : (T, C) bool

    Yields
    ------
    rows : (N,) indices; rows where all channels are valid are left out
    valid : (C,) their pattern
    """
    broken = np.flatnonzero(~valid.all(axis=1))
    if broken.size == 0:
        return
    if broken.size == 1:
        yield broken.astype(np.int64), valid[broken[0]]
        return
    packed = np.packbits(valid[broken], axis=1)
    packed = np.ascontiguousarray(packed)
    key = packed.view([("", f"V{packed.shape[1]}")]).ravel()
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    borders = np.searchsorted(inverse[order], np.arange(len(first) + 1))
    for index in range(len(first)):
        rows = broken[order[borders[index] : borders[index + 1]]]
        yield rows.astype(np.int64), valid[rows[0]]


class ConditionalFill:
    """Fills missing channels by their conditional mean, for one or several covariances at once.

    After filling, the missing entries of P x are zero, and those of the present channels are what their own inverse
    covariance gives. `lost` says by how much the diagonal of that is smaller than the diagonal of P.

    Parameters
    ----------
    precision : (S, D, D) float32, inverse covariances; all S share the pattern of missing channels
    """

    __slots__ = ("_cache", "precision")

    def __init__(self, precision: Float32Array) -> None:
        self.precision = precision
        self._cache: OrderedDict[bytes, tuple[Int64Array, Int64Array, Float32Array, Float32Array]] = OrderedDict()

    def _matrices(self, valid: BoolArray) -> tuple[Int64Array, Int64Array, Float32Array, Float32Array]:
        key = valid.tobytes()
        known = self._cache.get(key)
        if known is not None:
            return known
        gone, left = np.flatnonzero(~valid), np.flatnonzero(valid)
        inner = self.precision[:, gone[:, None], gone[None, :]].astype(np.float64)
        cross = self.precision[:, gone[:, None], left[None, :]].astype(np.float64)
        weights = -np.linalg.solve(inner, cross)  # (S, m, o)
        diagonal = np.diagonal(self.precision, axis1=1, axis2=2)[:, left].astype(np.float64)
        # The present channels' own inverse covariance is P_oo - P_om P_mm^-1 P_mo.
        own = diagonal + np.einsum("smo,smo->so", cross, weights)
        gain = np.ones((len(self.precision), len(valid)), dtype=np.float32)
        gain[:, left] = diagonal / np.maximum(own, SMALLEST_PART * diagonal)
        found = (gone, left, np.ascontiguousarray(weights.transpose(0, 2, 1), dtype=np.float32), gain)
        self._cache[key] = found
        if len(self._cache) > CACHED_PATTERNS:
            self._cache.popitem(last=False)
        return found

    def fill(self, y: Float32Array, valid: BoolArray) -> None:
        """Replace the missing channels of `y`, in place.

        Parameters
        ----------
        y : (S, T, D) float32, deviations from the mean
        valid : (T, D) bool
        """
        for rows, pattern in patterns(valid):
            gone, left, weights, _ = self._matrices(pattern)
            if left.size == 0:
                y[:, rows] = 0.0
                continue
            block = y[:, rows]
            block[:, :, gone] = np.matmul(block[:, :, left], weights)
            y[:, rows] = block

    def gain(self, squared: Float32Array, valid: BoolArray) -> None:
        """Divide squared entries of P x by the diagonal that they have without the missing channels, in place.

        Parameters
        ----------
        squared : (S, T, D) float32, squares of P x over the diagonal of P
        valid : (T, D) bool
        """
        for rows, pattern in patterns(valid):
            squared[:, rows] *= self._matrices(pattern)[3][:, None, :]

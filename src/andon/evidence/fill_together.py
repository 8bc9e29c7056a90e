"""Conditional means for many rows that lack one channel each, whichever it is: `ConditionalFill` without a turn for every pattern.

A fleet has a dead sensor here and there, each asset another one. Where a single channel m is missing, its conditional mean is
-P_mo y_o / P_mm, so one gather of rows of P serves all rows at once. Rows that lack more go by their patterns.
"""

from __future__ import annotations

import numpy as np

from andon.evidence.impute import SMALLEST_PART, ConditionalFill
from andon.plant.arrays import BoolArray, Float32Array, Int64Array


class FillTogether:
    """Fills what a `ConditionalFill` fills, to rounding.

    Parameters
    ----------
    fill : of S covariances
    """

    __slots__ = ("_diagonal", "_fill")

    def __init__(self, fill: ConditionalFill) -> None:
        self._fill = fill
        self._diagonal = np.ascontiguousarray(np.diagonal(fill.precision, axis1=1, axis2=2))

    def fill(self, y: Float32Array, valid: BoolArray) -> None:
        """Replace the missing channels of `y` (S, N, D), in place; `valid` (N, D)."""
        one, channel, more = _by_number(valid)
        if len(one):
            y[:, one, channel] = 0.0
            # (S, N): what the others say of the missing channel.
            said = np.einsum("snd,snd->sn", self._fill.precision[:, channel], y[:, one])
            y[:, one, channel] = -said / self._diagonal[:, channel]
        if len(more):
            part = y[:, more]
            self._fill.fill(part, valid[more])
            y[:, more] = part

    def gain(self, squared: Float32Array, valid: BoolArray) -> None:
        """Divide squared entries (S, N, D) by the part of the diagonal that is left without the missing channels, in place."""
        one, channel, more = _by_number(valid)
        if len(one):
            explained = np.square(self._fill.precision[:, channel]) / (self._diagonal[:, channel, None] * self._diagonal[:, None, :])
            left = np.maximum(np.float32(1.0) - explained, np.float32(SMALLEST_PART))
            left[:, np.arange(len(one)), channel] = 1.0
            squared[:, one] /= left
        if len(more):
            part = squared[:, more]
            self._fill.gain(part, valid[more])
            squared[:, more] = part


def _by_number(valid: BoolArray) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Rows that lack one channel, and which; rows that lack several."""
    lost = valid.shape[1] - np.count_nonzero(valid, axis=1)
    one = np.flatnonzero(lost == 1)
    return one, valid[one].argmin(axis=1), np.flatnonzero(lost > 1)

"""Evidence to p-values of many assets, each with a map of its own, in arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from andon.evidence.calibration import PMap
from andon.plant.arrays import Float64Array, IntArray


class PMapsTogether:
    """The maps of A assets laid side by side.

    Parameters
    ----------
    maps : A maps
    """

    def __init__(self, maps: Sequence[PMap]) -> None:
        self._one = maps[0] if all(one is maps[0] or one == maps[0] for one in maps) else None
        if self._one is not None:
            return
        self._count = np.array([len(one.level) for one in maps], dtype=np.int64)
        width = int(self._count.max())
        self._level, self._log = np.zeros((2, len(maps), width))
        for at, one in enumerate(maps):
            self._level[at, : len(one.level)], self._log[at, : len(one.level)] = one.level, np.log(one.p)
        self._decay = np.array([one.decay for one in maps])

    def __call__(self, asset: IntArray, evidence: Float64Array) -> Float64Array:
        """(N,) p of the evidence (N,) of the assets (N,): the same number as the asset's own map gives."""
        if self._one is not None:
            return self._one(evidence)
        low, high = np.zeros(len(asset), dtype=np.int64), self._count[asset]
        while bool((high - low > 1).any()):  # the last level not above the evidence, else the first
            middle = (low + high) // 2
            beneath = self._level[asset, middle % self._level.shape[1]] <= evidence
            wide = high - low > 1
            low, high = np.where(wide & beneath, middle, low), np.where(wide & ~beneath, middle, high)
        last = self._count[asset] - 1
        after = np.minimum(low + 1, last)
        x0, y0 = self._level[asset, low], self._log[asset, low]
        run = self._level[asset, after] - x0
        slope = np.where(run > 0, (self._log[asset, after] - y0) / np.where(run > 0, run, 1.0), 0.0)
        log = np.where(evidence < self._level[asset, 0], 0.0, slope * (evidence - x0) + y0)
        beyond = np.maximum(evidence - self._level[asset, last], 0.0) / self._decay[asset]
        out: Float64Array = np.maximum(np.exp(log - beyond), 1e-300)
        return out

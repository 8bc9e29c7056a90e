"""The generalised Pareto tail of declustered peaks: fit, survival, level.

A peak's excess over a high base level follows P(excess > y) = (1 + shape y / scale)^(-1 / shape). Fits are weighted and
vectorised over bootstrap replicates, in numpy alone; tests check them against scipy's likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import Float64Array, FloatArray

PRIOR_PEAKS = 10.0
"""The shape is drawn towards 0 (an exponential tail) with the weight of this many peaks."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Generalised Pareto tails over one base level, one per replicate.

    Attributes
    ----------
    base : the level that excesses are counted from, in units of the trace
    scale : (R,) > 0, units of the trace
    shape : (R,) < 1; negative: the tail ends
    """

    base: float
    scale: Float64Array
    shape: Float64Array

    def survival(self, level: FloatArray | float) -> Float64Array:
        """P(peak > level | peak > base) of each replicate.

        Parameters
        ----------
        level : (L,) units of the trace; below the base the answer is 1

        Returns
        -------
        (R, L) float64, 0-1
        """
        excess = np.maximum(np.atleast_1d(np.asarray(level, dtype=np.float64)) - self.base, 0.0)
        ratio = excess[None, :] / self.scale[:, None]
        shape = self.shape[:, None]
        straight = np.abs(shape) < 1e-9
        safe = np.where(straight, 1.0, shape)
        inside = np.maximum(1.0 + safe * ratio, 0.0)
        with np.errstate(divide="ignore"):
            bent = np.where(inside > 0, np.exp(-np.log(inside) / safe), 0.0)
        return np.where(straight, np.exp(-ratio), bent)

    def level(self, survival: float) -> Float64Array:
        """The level that a peak exceeds with this probability, per replicate: (R,) units of the trace."""
        log = -np.log(survival)
        shape = self.shape
        straight = np.abs(shape) < 1e-9
        safe = np.where(straight, 1.0, shape)
        grown = np.where(straight, log, np.expm1(safe * log) / safe)
        return np.asarray(self.base + self.scale * grown)


def fit_tail(excess: FloatArray, base: float = 0.0, weight: FloatArray | None = None, prior_peaks: float = PRIOR_PEAKS) -> Tail:
    """Fit generalised Pareto tails to the excesses of declustered peaks.

    The posterior mean of Zhang and Stephens, whose prior needs no tuning, computed for all replicates at once. The shape
    is then shrunk towards 0 and the scale set so that the mean excess stays what was observed.

    Parameters
    ----------
    excess : (N,) >= 0, peak minus base
    base : level that the excesses are counted from
    weight : (R, N) >= 0, weight of each peak in each replicate; None: one replicate with equal weights
    prior_peaks : weight of the exponential tail, in peaks

    Returns
    -------
    R tails

    Raises
    ------
    ValueError : fewer than two excesses, or all are 0

    References
    ----------
    Zhang and Stephens 2009, "A new and efficient estimation method for the generalized Pareto distribution".
    Vehtari et al. 2024, "Pareto smoothed importance sampling" (the shrunk shape).
    """
    x = np.sort(np.asarray(excess, dtype=np.float64))
    order = np.argsort(np.asarray(excess, dtype=np.float64), kind="stable")
    n = len(x)
    if n < 2 or x[-1] <= 0:
        raise ValueError("a tail needs two peaks above its base")
    w = np.ones((1, n)) if weight is None else np.asarray(weight, dtype=np.float64)[:, order]
    w = w / w.sum(axis=1, keepdims=True)
    mean = w @ x
    quartile = max(float(x[max(int(n / 4 + 0.5) - 1, 0)]), 1e-6 * float(x[-1]))
    grid = 30 + int(np.sqrt(n))
    j = np.arange(1, grid + 1)
    theta = 1.0 / x[-1] + (1.0 - np.sqrt(grid / (j - 0.5))) / (3.0 * quartile)  # (G,)
    theta = np.where(np.abs(theta) * x[-1] < 1e-9, -1e-9 / x[-1], theta)
    logs = np.log1p(-theta[:, None] * x[None, :])  # (G, N), finite since theta < 1 / x[-1]
    k = w @ logs.T  # (R, G)
    profile = n * (np.log(-theta[None, :] / k) - k - 1.0)
    profile = np.exp(profile - profile.max(axis=1, keepdims=True))
    chosen = (profile * theta[None, :]).sum(axis=1) / profile.sum(axis=1)  # (R,)
    shape = (w * np.log1p(-chosen[:, None] * x[None, :])).sum(axis=1)
    shape = np.clip(shape * n / (n + prior_peaks), -0.9, 0.9)
    return Tail(base, np.maximum(mean * (1.0 - shape), 1e-12), shape)

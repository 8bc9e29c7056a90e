"""Covariance of a statistic at its own time scale, shrunk by how many independent samples there were.

A covariance is shrunk towards its diagonal by oracle approximating shrinkage. The rows of a smoothed, autocorrelated signal
hold far fewer independent samples than rows: their number, `effective_samples`, says how uncertain the mean of the training
time is: a new deviation has covariance S (1 + 1/n). (Shrinking by that number as well lost faults, see docs/decisions/0040.)
"""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import Float64Array, FloatArray

SMALLEST_SHRINKAGE = 1e-4


def effective_samples(y: FloatArray, longest: int | None = None) -> float:
    """Number of independent samples that a stretch of an autocorrelated signal is worth, over its columns.

    Parameters
    ----------
    y : (T, D) any scale
    longest : longest lag looked at, default T // 3

    Returns
    -------
    between 2 and T: T / (1 + 2 sum of autocorrelations up to the first that is not positive), the correlations
    averaged over the columns by variance-free weights

    References
    ----------
    Geyer 1992, "Practical Markov chain Monte Carlo" (initial positive sequence).
    """
    rows = len(y)
    if rows < 4:
        return 2.0
    centred = np.asarray(y, dtype=np.float64) - np.mean(y, axis=0, dtype=np.float64)
    spread = np.sqrt((centred**2).mean(axis=0))
    alive = spread > 1e-12
    if not alive.any():
        return float(rows)
    centred = centred[:, alive] / spread[alive]
    limit = min(longest or rows // 3, rows - 1)
    size = 1 << int(np.ceil(np.log2(rows + limit)))
    correlation = np.zeros(limit + 1)
    for low in range(0, centred.shape[1], 64):
        spectrum = np.fft.rfft(centred[:, low : low + 64], size, axis=0)
        correlation += np.fft.irfft((np.abs(spectrum) ** 2).sum(axis=1), size)[: limit + 1]
    correlation /= rows * centred.shape[1]
    negative = np.flatnonzero(correlation <= 0.0)
    end = int(negative[0]) if negative.size else len(correlation)
    inflation = 1.0 + 2.0 * float(correlation[1:end].sum())
    return float(np.clip(rows / inflation, 2.0, rows))


def shrinkage(covariance: Float64Array, samples: float) -> float:
    """Weight of the diagonal target in [0, 1], oracle approximating shrinkage.

    Parameters
    ----------
    covariance : (D, D) of columns scaled to unit variance
    samples : effective number of samples

    References
    ----------
    Chen, Wiesel, Eldar, Hero 2010, "Shrinkage algorithms for MMSE covariance estimation", eq. 23.
    """
    width = len(covariance)
    if width < 2:
        return 0.0
    trace = float(np.trace(covariance))
    squares = float((covariance**2).sum())
    above = (1.0 - 2.0 / width) * squares + trace**2
    below = (samples + 1.0 - 2.0 / width) * (squares - trace**2 / width)
    return 1.0 if below <= 0.0 else float(np.clip(above / below, 0.0, 1.0))


def precision_of(covariance: Float64Array, rows: float, samples: float, floor: FloatArray) -> Float64Array:
    """Inverse covariance of a new deviation from the mean of normal time.

    Parameters
    ----------
    covariance : (D, D) of the statistic on normal time
    rows : how many rows it averages
    samples : effective number of samples behind its mean
    floor : (D,) smallest standard deviation believed, so that a constant channel cannot become infinitely surprising

    Returns
    -------
    (D, D) float64, symmetric, positive definite
    """
    spread = np.sqrt(np.maximum(np.diag(covariance), np.asarray(floor, dtype=np.float64) ** 2))
    correlation = covariance / np.outer(spread, spread)
    np.fill_diagonal(correlation, 1.0)
    weight = max(shrinkage(correlation, rows), SMALLEST_SHRINKAGE)
    correlation *= 1.0 - weight
    np.fill_diagonal(correlation, 1.0)
    inverse = np.linalg.inv(correlation)
    out: Float64Array = (inverse + inverse.T) / (2.0 * np.outer(spread, spread) * (1.0 + 1.0 / max(samples, 1.0)))
    return out

"""PCA T² and SPE of a line as one quadratic form: the combined index of principal component analysis.

T² looks along the directions in which the tags always move, SPE (also called Q) at what leaves them. Each is divided by its own
99 % limit, and their sum is y' M y with one positive definite M, so that it travels as the precision of a line like any other.

References
----------
Jackson & Mudholkar 1979, "Control procedures for residuals associated with principal component analysis".
Nomikos & MacGregor 1995, "Multivariate SPC charts for monitoring batch processes" (the limit of SPE by its mean and variance).
Yue & Qin 2001, "Reconstruction-based fault identification using a combined index".
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from andon.evidence.whiten import SMALLEST_SHRINKAGE, shrinkage
from andon.plant.arrays import Float64Array, FloatArray

KEPT = 0.9
"""Share of the variance of the scaled tags that the principal components hold: the textbook's rule, never fitted to anything."""
LIMIT = 0.99


def combined_index(covariance: Float64Array, rows: float, samples: float, floor: FloatArray, kept: float = KEPT) -> Float64Array:
    """M of the index y' M y = T² / limit of T² + SPE / limit of SPE.

    Parameters
    ----------
    covariance : (D, D) of the statistic on normal time
    rows : how many rows it averages
    samples : effective number of samples behind its mean
    floor : (D,) smallest standard deviation believed
    kept : share of the variance that the principal components hold, in (0, 1]

    Returns
    -------
    (D, D) float64, symmetric, positive definite; T² alone where all components are kept
    """
    spread = np.sqrt(np.maximum(np.diag(covariance), np.asarray(floor, dtype=np.float64) ** 2))
    correlation = covariance / np.outer(spread, spread)
    np.fill_diagonal(correlation, 1.0)
    correlation *= 1.0 - max(shrinkage(correlation, rows), SMALLEST_SHRINKAGE)
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    values, vectors = values[::-1], vectors[:, ::-1]  # the largest first
    count = components(values, kept)
    weights = np.empty(len(values))
    weights[:count] = 1.0 / (values[:count] * chi_squared(LIMIT, count))
    weights[count:] = 1.0 / spe_limit(values[count:])
    index = (vectors * weights) @ vectors.T
    out: Float64Array = (index + index.T) / (2.0 * np.outer(spread, spread) * (1.0 + 1.0 / max(samples, 1.0)))
    return out


def components(values: Float64Array, kept: float = KEPT) -> int:
    """The fewest components that hold the share `kept` of the variance.

    Parameters
    ----------
    values : (D,) eigenvalues, the largest first
    """
    held = np.cumsum(values) / float(values.sum())
    return min(int(np.searchsorted(held, kept - 1e-12)) + 1, len(values))


def spe_limit(rest: Float64Array) -> float:
    """99 % limit of the squared prediction error from the eigenvalues left out: a scaled chi-squared of equal mean and variance."""
    if len(rest) == 0:
        return 1.0
    first, second = float(rest.sum()), float((rest**2).sum())
    return second / first * chi_squared(LIMIT, first**2 / second)


def chi_squared(probability: float, freedom: float) -> float:
    """Quantile of chi-squared by the cube root of Wilson and Hilferty 1931; at 99 % within 1 % from 2 degrees of freedom on."""
    part = 2.0 / (9.0 * freedom)
    return float(freedom * (1.0 - part + NormalDist().inv_cdf(probability) * np.sqrt(part)) ** 3)

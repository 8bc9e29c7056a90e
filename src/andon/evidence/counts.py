"""How many events to expect: the predictive distribution of a count whose rate is itself uncertain."""

from __future__ import annotations

import math

import numpy as np

from andon.plant.arrays import Float64Array, FloatArray


def predictive_cdf(mean: FloatArray, dispersion: float, most: int) -> Float64Array:
    """P(count <= c) for c = 0..most, mixed over equally likely means.

    Given its mean, the count is Poisson where `dispersion` is 1 and negative binomial with variance
    dispersion x mean where it is larger (events come in bursts).

    Parameters
    ----------
    mean : (R,) >= 0, expected count of each replicate
    dispersion : >= 1
    most : largest count asked

    Returns
    -------
    (most + 1,) float64, not decreasing, 0-1
    """
    mu = np.maximum(np.asarray(mean, dtype=np.float64), 1e-12)
    if dispersion < 1.0 + 1e-6:
        log = -mu
        size: Float64Array | None = None
    else:
        size = mu / (dispersion - 1.0)
        log = -size * math.log(dispersion)
    out = np.empty(most + 1)
    total = np.exp(log)
    out[0] = total.mean()
    for count in range(most):
        if size is None:
            log = log + np.log(mu / (count + 1.0))
        else:
            log = log + np.log((size + count) / (count + 1.0)) + math.log1p(-1.0 / dispersion)
        total = total + np.exp(log)
        out[count + 1] = total.mean()
    return np.minimum(np.maximum.accumulate(out), 1.0)


def _most(mean: FloatArray, dispersion: float) -> int:
    top = float(np.max(mean, initial=0.0))
    return math.ceil(top + 10.0 * math.sqrt(dispersion * top + 1.0) + 20.0)


def prediction_interval(mean: FloatArray, dispersion: float, level: float = 0.9) -> tuple[int, int]:
    """Shortest equal-tailed interval of whole counts that holds a future count with at least `level`.

    Parameters
    ----------
    mean : (R,) expected count of each replicate of the rate
    dispersion : >= 1, variance over mean of a count whose rate is known
    level : 0-1

    Returns
    -------
    low, high : inclusive
    """
    cdf = predictive_cdf(mean, dispersion, _most(mean, dispersion))
    side = (1.0 - level) / 2.0
    return int(np.searchsorted(cdf, side, side="left")), int(np.searchsorted(cdf, 1.0 - side - 1e-12, side="left"))


def at_most(mean: FloatArray, dispersion: float, level: float = 0.9) -> int:
    """The smallest count that a future count does not exceed with probability `level`."""
    return int(np.searchsorted(predictive_cdf(mean, dispersion, _most(mean, dispersion)), level - 1e-12, side="left"))


def tail_probability(count: int, mean: FloatArray, dispersion: float) -> float:
    """P(a future count >= `count`), 0-1."""
    if count <= 0:
        return 1.0
    most = max(count, 1)
    return float(max(1.0 - predictive_cdf(mean, dispersion, most)[count - 1], 0.0))

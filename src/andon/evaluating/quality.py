"""How good are predictions of a quantity, and do their intervals hold?

Point measures, interval measures (coverage, width, Winkler), quantile measures (pinball) and calibration. Refusals are
NaN in a prediction: `quality_scores` counts them apart, every other function refuses NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from andon.plant.arrays import Float64Array
from andon.plant.errors import EvaluationError


@dataclass(frozen=True, slots=True)
class QualityScores:
    """Scores of one target; NaN where nothing was answered.

    Attributes
    ----------
    count : laboratory results
    refused : share of them without a prediction
    rmse, mae, r2 : of the answered ones
    level : nominal coverage
    coverage : share of results inside the interval
    width : mean width of the interval
    winkler : mean interval score
    worst_block : the coverage farthest from `level` among blocks of `block` results in time order
    """

    count: int
    refused: float
    rmse: float
    mae: float
    r2: float
    level: float
    coverage: float
    width: float
    winkler: float
    worst_block: float


def quality_scores(
    truth: ArrayLike, value: ArrayLike, low: ArrayLike, high: ArrayLike, *, level: float = 0.9, block: int = 500
) -> QualityScores:
    """All scores of one target.

    Parameters
    ----------
    truth : (N,) laboratory results in time order
    value, low, high : (N,) predictions and intervals; NaN in `value` where refused
    level : nominal coverage of the intervals
    block : results in a block for the worst coverage; a last block shorter than half joins the one before

    Raises
    ------
    EvaluationError : lengths differ, NaN among the results, or an interval missing where there is a value
    """
    results = _vector(truth, "results")
    values = np.asarray(value, dtype=np.float64)
    lows, highs = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    for other in (values, lows, highs):
        _same(results, other)
    answered = ~np.isnan(values)
    nan = float("nan")
    refused = float(np.mean(~answered)) if len(results) else nan
    if not answered.any():
        return QualityScores(len(results), refused, nan, nan, nan, level, nan, nan, nan, nan)
    t, v, a, b = results[answered], values[answered], lows[answered], highs[answered]
    blocks = block_coverage(t, a, b, block)
    worst = float(blocks[np.argmax(np.abs(blocks - level))])
    return QualityScores(len(results), refused, rmse(t, v), mae(t, v), r2(t, v), level, coverage(t, a, b), mean_width(a, b),
                         winkler(t, a, b, level), worst)  # fmt: skip


def rmse(truth: ArrayLike, value: ArrayLike) -> float:
    """Root mean squared error, in the unit of the target."""
    return float(np.sqrt(np.mean(_error(truth, value) ** 2)))


def mae(truth: ArrayLike, value: ArrayLike) -> float:
    """Mean absolute error, in the unit of the target."""
    return float(np.mean(np.abs(_error(truth, value))))


def r2(truth: ArrayLike, value: ArrayLike) -> float:
    """Share of the variance explained: 1 is perfect, 0 the mean of these results, negative worse than that.

    NaN for fewer than two results. Constant results give 1 where they are met exactly and 0 elsewhere, as in scikit-learn.
    """
    error = _error(truth, value)
    t = np.asarray(truth, dtype=np.float64)
    if len(t) < 2:
        return float("nan")
    residual, total = float(np.sum(error**2)), float(np.sum((t - t.mean()) ** 2))
    if total == 0:
        return 1.0 if residual == 0 else 0.0
    return 1 - residual / total


def coverage(truth: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Share of results with low <= result <= high."""
    return float(np.mean(_inside(truth, low, high)))


def block_coverage(truth: ArrayLike, low: ArrayLike, high: ArrayLike, block: int) -> Float64Array:
    """Coverage of consecutive blocks of `block` results; marginal coverage hides bad stretches.

    Returns
    -------
    (N // block or 1,) a last block shorter than half a block joins the one before

    Raises
    ------
    EvaluationError : no results, or a block of less than one
    """
    inside = _inside(truth, low, high)
    if block < 1:
        raise EvaluationError(f"blocks of {block} results", do="1 or more")
    start = np.arange(0, len(inside), block)
    if len(start) > 1 and len(inside) - start[-1] < block / 2:
        start = start[:-1]
    size = np.diff(np.append(start, len(inside)))
    return np.add.reduceat(inside.astype(np.float64), start) / size


def mean_width(low: ArrayLike, high: ArrayLike) -> float:
    """Mean of high - low, in the unit of the target."""
    return float(np.mean(_error(high, low)))


def winkler(truth: ArrayLike, low: ArrayLike, high: ArrayLike, level: float = 0.9) -> float:
    """Interval score: the width, and 2 / (1 - level) for each unit that a result lies outside. Smaller is better.

    References
    ----------
    Winkler 1972; Gneiting and Raftery 2007, "Strictly proper scoring rules", equation 43.
    """
    t, a, b = _vector(truth, "results"), _vector(low, "lower ends"), _vector(high, "upper ends")
    _same(t, a)
    _same(t, b)
    if not 0 < level < 1:
        raise EvaluationError(f"a level of {level}", do="between 0 and 1")
    outside = np.maximum(a - t, 0) + np.maximum(t - b, 0)
    return float(np.mean(b - a + 2 / (1 - level) * outside))


def pinball(truth: ArrayLike, quantile: ArrayLike, level: float) -> float:
    """Mean quantile loss: (level) per unit above the prediction, (1 - level) per unit below. Smaller is better.

    Parameters
    ----------
    truth : (N,) results
    quantile : (N,) predicted quantiles
    level : of the quantile, 0-1

    References
    ----------
    Koenker and Bassett 1978, "Regression Quantiles".
    """
    error = _error(truth, quantile)
    if not 0 <= level <= 1:
        raise EvaluationError(f"a quantile level of {level}", do="0 to 1")
    return float(np.mean(np.maximum(level * error, (level - 1) * error)))


def quantile_calibration_error(truth: ArrayLike, quantiles: ArrayLike, levels: Sequence[float]) -> float:
    """Mean over levels of |share of results at or below the predicted quantile - level|; 0 is calibrated.

    Parameters
    ----------
    truth : (N,) results
    quantiles : (N, Q) predicted quantiles
    levels : Q levels

    References
    ----------
    Kuleshov et al. 2018, "Accurate Uncertainties for Deep Learning Using Calibrated Regression" (absolute form).
    """
    t = _vector(truth, "results")
    q = np.asarray(quantiles, dtype=np.float64)
    if q.shape != (len(t), len(levels)) or np.isnan(q).any():
        raise EvaluationError(f"quantiles of shape {q.shape} for {len(t)} results and {len(levels)} levels, or not numbers")
    return float(np.mean(np.abs(np.mean(t[:, None] <= q, axis=0) - np.asarray(levels, dtype=np.float64))))


def brier(truth: ArrayLike, probability: ArrayLike) -> float:
    """Mean squared difference of a probability and what happened (0 or 1). Smaller is better."""
    t, p = _probabilities(truth, probability)
    return float(np.mean((p - t) ** 2))


def expected_calibration_error(truth: ArrayLike, probability: ArrayLike, bins: int = 10) -> float:
    """Mean over equal bins of |share that happened - mean probability|, weighted by the bin's count; 0 is calibrated.

    Parameters
    ----------
    truth : (N,) 0/1
    probability : (N,) of 1, 0-1
    bins : number of bins of equal width; a probability on a border belongs to the bin above

    References
    ----------
    Naeini et al. 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI.
    """
    t, p = _probabilities(truth, probability)
    place = np.minimum((p * bins).astype(np.int64), bins - 1)
    gap = np.bincount(place, weights=t - p, minlength=bins)
    return float(np.abs(gap).sum() / len(t))


def _vector(values: ArrayLike, name: str) -> Float64Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0 or np.isnan(array).any():
        raise EvaluationError(f"{name} must be a row of numbers, at least one and none missing", do="leave out what was refused")
    return array


def _same(one: Float64Array, other: Float64Array) -> None:
    if one.shape != other.shape:
        raise EvaluationError(f"{len(one)} results, but predictions of shape {other.shape}", do="give one prediction per result")


def _error(truth: ArrayLike, value: ArrayLike) -> Float64Array:
    t, v = _vector(truth, "results"), _vector(value, "predictions")
    _same(t, v)
    return t - v


def _inside(truth: ArrayLike, low: ArrayLike, high: ArrayLike) -> Float64Array:
    t, a, b = _vector(truth, "results"), _vector(low, "lower ends"), _vector(high, "upper ends")
    _same(t, a)
    _same(t, b)
    return ((a <= t) & (t <= b)).astype(np.float64)


def _probabilities(truth: ArrayLike, probability: ArrayLike) -> tuple[Float64Array, Float64Array]:
    t, p = _vector(truth, "results"), _vector(probability, "probabilities")
    _same(t, p)
    if not bool(np.all((t == 0) | (t == 1))) or bool(np.any((p < 0) | (p > 1))):
        raise EvaluationError("results must be 0 or 1 and probabilities between 0 and 1")
    return t, p

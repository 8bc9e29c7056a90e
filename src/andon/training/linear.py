"""The linear core in closed form: ridge on lags, each channel from the others, canonical states.

Everything is read off one table of second moments of [x_t, x_{t-1}, ..., x_{t-K}]. Lags and penalties are chosen in time
order: fitted on the first part of the training rows, judged on the later part, then fitted again on all of them.

References
----------
Lütkepohl 2005, "New introduction to multiple time series analysis" (VAR).
Odiowei & Cao 2010, "Nonlinear dynamic process monitoring using canonical variate analysis and kernel density estimations".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.evidence.impute import ConditionalFill
from andon.evidence.whiten import shrinkage
from andon.plant.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from andon.plant.errors import TrainingError
from andon.plant.window import Prepared
from andon.scoring.linear_core import LinearCore

LAGS = (1, 2, 3, 5)
RELATION_LAGS = (0, 1, 2)
PENALTIES = tuple(float(value) for value in np.geomspace(1e-4, 3.0, 10))
CANONICAL_LAGS = 2
WIDEST = 2500
JOINT_LIMIT = 1800
WORK_LIMIT = 4e11
LATER_SHARE = 0.25
SMALLEST_VARIANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Moments:
    """Second moments of [x_t, x_{t-1}, ..., x_{t-K}], deviations from the mean.

    Attributes
    ----------
    table : ((K + 1) C, (K + 1) C) float64, lag 0 first, divided by `rows`
    rows : how many rows it averages
    """

    table: Float64Array
    rows: int


def fit_linear_core(prepared: Prepared, rows: BoolArray) -> LinearCore:
    """Fit the linear core on normal training rows.

    Parameters
    ----------
    prepared : T ticks
    rows : (T,) bool, True for normal training time

    Raises
    ------
    TrainingError : fewer than 20 usable rows in a row, or more than 2,500 channels
    """
    width = prepared.x.shape[1]
    if width == 0 or width > WIDEST:
        raise TrainingError(f"{width} channels in one asset; 1 to {WIDEST} are possible", do="split the asset into units of equipment")
    deepest = max(1, min(max(LAGS), JOINT_LIMIT // width - 1))
    x, mean, precision = _filled(prepared, rows)
    ends = _usable(prepared, rows, deepest)
    if len(ends) < 20:
        deepest = 1
        ends = _usable(prepared, rows, deepest)
    if len(ends) < 20:
        raise TrainingError(f"{len(ends)} usable rows of normal time; at least 20 in a row are needed", do="give a longer training period")
    cut = round(len(ends) * (1.0 - LATER_SHARE))
    early, later = _moments(x, ends[:cut], deepest), _moments(x, ends[cut:], deepest)
    both = Moments((early.table * early.rows + later.table * later.rows) / (early.rows + later.rows), early.rows + later.rows)
    lags, penalty, error = _choose_forecast(early, later, width, deepest)
    forecast = _ridge(both, width, lags, penalty)
    relation_lags, relation_penalty, relation_error = _choose_relation(early, later, width, deepest)
    relation = _relation(both, width, relation_lags, relation_penalty)
    states = _canonical(both, early, later, width, deepest)
    depth = max(lags, relation_lags, states.shape[0] - 1)
    weights = np.zeros((depth + 1, width, 2 * width + states.shape[2]))
    weights[1 : lags + 1, :, :width] = forecast
    weights[: relation_lags + 1, :, width : 2 * width] = relation
    weights[: states.shape[0], :, 2 * width :] = states
    residual = _residual_variance(both, forecast, width)
    return LinearCore(
        mean=mean.astype(np.float32),
        weights=weights.astype(np.float32),
        scale=np.sqrt(np.maximum(residual, SMALLEST_VARIANCE)).astype(np.float32),
        precision=precision.astype(np.float32),
        about={
            "lags": float(lags),
            "penalty": penalty,
            "later_error": error,
            "relation_lags": float(relation_lags),
            "relation_penalty": relation_penalty,
            "relation_later_error": relation_error,
            "states": float(states.shape[2]),
            "rows": float(both.rows),
        },
    )


def _filled(prepared: Prepared, rows: BoolArray) -> tuple[Float32Array, Float64Array, Float64Array]:
    """x with missing channels filled, its mean over valid training samples, the inverse covariance of one row."""
    valid = prepared.valid[rows]
    x = prepared.x[rows]
    count = np.maximum(valid.sum(axis=0), 1)
    mean = np.where(valid, x, 0.0).sum(axis=0, dtype=np.float64) / count
    deviation = np.where(valid, x - mean, 0.0).astype(np.float32)
    precision = _row_precision(deviation)
    if not valid.all():
        ConditionalFill(precision[None].astype(np.float32)).fill(deviation[None], valid)
        precision = _row_precision(deviation)
    whole = np.where(prepared.valid, prepared.x - mean, 0.0).astype(np.float32)
    if not prepared.valid.all():
        ConditionalFill(precision[None].astype(np.float32)).fill(whole[None], prepared.valid)
    return whole, mean, precision


def _row_precision(deviation: Float32Array) -> Float64Array:
    rows, width = deviation.shape
    covariance = np.zeros((width, width))
    for low in range(0, rows, 16384):
        part = deviation[low : low + 16384]
        covariance += (part.T @ part).astype(np.float64)
    covariance /= max(rows, 1)
    spread = np.sqrt(np.maximum(np.diag(covariance), SMALLEST_VARIANCE))
    correlation = covariance / np.outer(spread, spread)
    np.fill_diagonal(correlation, 1.0)
    weight = max(shrinkage(correlation, rows), 1e-4)
    correlation = (1.0 - weight) * correlation + weight * np.eye(width)
    out: Float64Array = np.linalg.inv(correlation) / np.outer(spread, spread)
    return out


def _usable(prepared: Prepared, rows: BoolArray, deepest: int) -> Int64Array:
    """Indices t such that t-deepest..t are training rows without a reset after the first."""
    blocked = ~rows
    bad = np.concatenate([[0], np.cumsum(blocked)])
    starts = np.concatenate([[0], np.cumsum(prepared.reset)])
    t = np.arange(deepest, len(rows))
    good = (bad[t + 1] - bad[t - deepest] == 0) & (starts[t + 1] - starts[t - deepest + 1] == 0)
    out: Int64Array = t[good].astype(np.int64)
    return out


def _moments(x: Float32Array, ends: Int64Array, deepest: int) -> Moments:
    """Second moments over the rows that end at `ends`; at most as many rows as the work limit allows, spread evenly."""
    size = (deepest + 1) * x.shape[1]
    allowed = max(int(WORK_LIMIT / (2.0 * size * size)), 4 * size)
    if len(ends) > allowed:
        ends = ends[np.linspace(0, len(ends) - 1, allowed).astype(np.int64)]
    table = np.zeros((size, size))
    step = max(256, min(8192, 2**24 // size))
    for low in range(0, len(ends), step):
        part = ends[low : low + step]
        joined = np.concatenate([x[part - lag] for lag in range(deepest + 1)], axis=1)
        table += (joined.T @ joined).astype(np.float64)
    return Moments(table / max(len(ends), 1), len(ends))


def _relative(error: Float64Array, moments: Moments, width: int) -> float:
    """Mean over channels of error / variance, each at most 2; channels that never move are left out."""
    variance = np.diag(moments.table)[:width]
    moving = variance > SMALLEST_VARIANCE
    if not moving.any():
        return 0.0
    return float(np.minimum(error[moving] / variance[moving], 2.0).mean())


def _choose_forecast(early: Moments, later: Moments, width: int, deepest: int) -> tuple[int, float, float]:
    best = (1, PENALTIES[-1], np.inf)
    for lags in [lag for lag in LAGS if lag <= deepest]:
        past = slice(width, (lags + 1) * width)
        values, vectors = np.linalg.eigh(early.table[past, past])
        values = np.maximum(values, 0.0)
        cross = vectors.T @ early.table[past, :width]
        later_past = vectors.T @ later.table[past, past] @ vectors
        later_cross = vectors.T @ later.table[past, :width]
        target = np.diag(later.table)[:width]
        for penalty in PENALTIES:
            solved = cross / (values + penalty)[:, None]
            error = target - 2.0 * (solved * later_cross).sum(axis=0) + (solved * (later_past @ solved)).sum(axis=0)
            score = _relative(error, early, width)
            if score < best[2] * (1.0 - 1e-3):
                best = (lags, penalty, score)
    return best


def _ridge(moments: Moments, width: int, lags: int, penalty: float) -> Float64Array:
    """(lags, C, C) weights of the lags 1..lags."""
    past = slice(width, (lags + 1) * width)
    inner = moments.table[past, past] + penalty * np.eye(lags * width)
    out: Float64Array = np.asarray(np.linalg.solve(inner, moments.table[past, :width]), dtype=np.float64).reshape((lags, width, width))
    return out


def _residual_variance(moments: Moments, weights: Float64Array, width: int) -> Float64Array:
    lags = len(weights)
    past = slice(width, (lags + 1) * width)
    flat = weights.reshape(-1, width)
    table = moments.table
    error = np.diag(table)[:width] - 2.0 * (flat * table[past, :width]).sum(axis=0) + (flat * (table[past, past] @ flat)).sum(axis=0)
    out: Float64Array = np.maximum(error, 0.0)
    return out


def _relation_coefficients(moments: Moments, width: int, lags: int, penalty: float) -> Float64Array:
    """(D, C) coefficients a with a' z = x_i minus its expectation; zero on the past of channel i itself."""
    size = (lags + 1) * width
    inverse = np.linalg.inv(moments.table[:size, :size] + penalty * np.eye(size))
    # Block of channel i: its values at lags 0..lags.
    own = np.arange(width)[:, None] + width * np.arange(lags + 1)[None, :]
    blocks = inverse[own[:, :, None], own[:, None, :]]
    first = np.linalg.inv(blocks)[:, 0, :]
    coefficients = np.einsum("ck,ckd->dc", first, inverse[own])
    for lag in range(1, lags + 1):
        coefficients[own[:, lag], own[:, 0]] = 0.0
    coefficients[own[:, 0], own[:, 0]] = 1.0
    out: Float64Array = coefficients
    return out


def _choose_relation(early: Moments, later: Moments, width: int, deepest: int) -> tuple[int, float, float]:
    best = (0, PENALTIES[-1], np.inf)
    for lags in [lag for lag in RELATION_LAGS if lag <= deepest]:
        size = (lags + 1) * width
        for penalty in PENALTIES[::2]:
            coefficients = _relation_coefficients(early, width, lags, penalty)
            error = (coefficients * (later.table[:size, :size] @ coefficients)).sum(axis=0)
            score = _relative(error, early, width)
            if score < best[2] * (1.0 - 1e-3):
                best = (lags, penalty, score)
    return best


def _relation(moments: Moments, width: int, lags: int, penalty: float) -> Float64Array:
    """(lags + 1, C, C) weights; a channel has none of its own."""
    coefficients = -_relation_coefficients(moments, width, lags, penalty)
    coefficients[np.arange(width), np.arange(width)] = 0.0
    return coefficients.reshape(lags + 1, width, width)


def _canonical(both: Moments, early: Moments, later: Moments, width: int, deepest: int) -> Float64Array:
    """(l, C, F) weights of the canonical states on x_t..x_{t-l+1}; F states whose correlation with the future holds later."""
    lags = max(1, min(CANONICAL_LAGS, (deepest + 1) // 2))
    future_weights, past_weights, _ = _canonical_directions(early, width, lags)
    future, past = slice(0, lags * width), slice(lags * width, 2 * lags * width)
    cross = np.einsum("dk,de,ek->k", future_weights, later.table[future, past], past_weights)
    of_future = np.einsum("dk,de,ek->k", future_weights, later.table[future, future], future_weights)
    of_past = np.einsum("dk,de,ek->k", past_weights, later.table[past, past], past_weights)
    holds = cross / np.sqrt(np.maximum(of_future * of_past, 1e-12)) > 2.0 / np.sqrt(later.rows)
    count = int(min(max(holds.sum(), 1), width))
    _, weights, _ = _canonical_directions(both, width, lags)
    return np.ascontiguousarray(weights[:, :count].reshape(lags, width, count))


def _canonical_directions(moments: Moments, width: int, lags: int) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Directions of future and past (columns), strongest correlation first, and the correlations."""
    future, past = slice(0, lags * width), slice(lags * width, 2 * lags * width)
    root_future = _inverse_root(moments.table[future, future], moments.rows)
    root_past = _inverse_root(moments.table[past, past], moments.rows)
    left, strength, right = np.linalg.svd(root_future @ moments.table[future, past] @ root_past)
    return root_future @ left, root_past @ right.T, strength


def _inverse_root(covariance: Float64Array, rows: int) -> Float64Array:
    spread = np.sqrt(np.maximum(np.diag(covariance), SMALLEST_VARIANCE))
    correlation = covariance / np.outer(spread, spread)
    np.fill_diagonal(correlation, 1.0)
    weight = max(shrinkage(correlation, rows), 1e-3)
    values, vectors = np.linalg.eigh((1.0 - weight) * correlation + weight * np.eye(len(correlation)))
    out: Float64Array = ((vectors / np.sqrt(np.maximum(values, 1e-8))) @ vectors.T) / spread[:, None]
    return out

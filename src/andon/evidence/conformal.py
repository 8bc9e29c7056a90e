"""Adaptive conformal intervals: an interval whose coverage is steered by the results that come in, however late.

Scores are signed residuals in units of a local scale, z = (y - centre) / scale. Each side of the interval has several
experts for its quantile: quantiles of the last so many scores, and quantile trackers of several step sizes. Experts are
weighted by their pinball loss with a fixed share (they may change places), and an integrator steered by the coverage of
the interval that was really issued corrects what is left. Feedback may be late: an update names what was issued for
that sample, so nothing is judged by an interval that was not yet known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from andon.plant.arrays import Float64Array
from andon.plant.errors import EvidenceError


@dataclass(frozen=True, slots=True)
class ConformalSettings:
    """How an interval adapts. Counts are of results, not of ticks; step sizes are in units of the seeds' spread.

    Attributes
    ----------
    level : nominal coverage of the interval
    windows : lengths of the window experts, in results
    steps : step sizes of the tracking experts
    sharpness : how fast weight moves to the better expert, per unit of scaled pinball loss
    share : part of the weight that is spread evenly at each update, so that no expert is ever lost
    correction : step size of the integrator on the issued interval
    bound : largest correction, in units of the seeds' spread
    """

    level: float = 0.9
    windows: tuple[int, ...] = (60, 250, 1000)
    steps: tuple[float, ...] = (0.02, 0.08)
    sharpness: float = 0.5
    share: float = 0.01
    correction: float = 0.04
    bound: float = 8.0

    def __post_init__(self) -> None:
        if not 0.0 < self.level < 1.0:
            raise EvidenceError(f"an interval cannot cover {self.level:g} of the results", do="choose a level between 0 and 1")

    @property
    def experts(self) -> int:
        """K, the number of experts of one side."""
        return len(self.windows) + len(self.steps)

    @property
    def sides(self) -> Float64Array:
        """(2,) the quantile level of the lower and the upper side."""
        miss = (1.0 - self.level) / 2.0
        return np.array([miss, 1.0 - miss])


@dataclass(frozen=True, slots=True)
class ConformalState:
    """What an adaptive interval remembers.

    Attributes
    ----------
    recent : (W,) the newest scores, oldest first; W is at most the longest window
    tracked : (2, len(steps)) quantiles of the tracking experts
    weight : (2, K) weights of the experts of each side, summing to 1
    shift : (2,) correction of each side, in score units
    spread : > 0, robust spread of the seeds, the unit of the steps
    quantile : (2, K) the experts' quantiles, as they stand
    """

    recent: Float64Array
    tracked: Float64Array
    weight: Float64Array
    shift: Float64Array
    spread: float
    quantile: Float64Array


def quantile_of(scores: Float64Array, q: float) -> float:
    """Conformal quantile: the value that a new exchangeable score stays below with probability q or more.

    Parameters
    ----------
    scores : (N,), N > 0
    q : 0-1; above one half the rank is rounded up with the + 1 of a new score, below one half mirrored

    References
    ----------
    Vovk, Gammerman, Shafer 2005, "Algorithmic learning in a random world".
    """
    if q < 0.5:
        return -quantile_of(-scores, 1.0 - q)
    n = len(scores)
    rank = min(int(np.ceil((n + 1) * q - 1e-9)), n) - 1
    return float(np.partition(scores, rank)[rank])


def normal_deviate(level: float) -> float:
    """Half width, in standard deviations, of the central interval of a normal distribution that holds `level`.

    Parameters
    ----------
    level : 0-1
    """
    from statistics import NormalDist

    return NormalDist().inv_cdf((1.0 + level) / 2.0)


def start_conformal(settings: ConformalSettings, scores: Float64Array) -> ConformalState:
    """State seeded with honest (out of sample) scores, oldest first.

    Parameters
    ----------
    scores : (N,) signed residual / scale; those that are not finite are ignored

    Raises
    ------
    EvidenceError : fewer than 20 scores
    """
    seed = np.asarray(scores, dtype=np.float64)
    seed = seed[np.isfinite(seed)]
    if len(seed) < 20:
        raise EvidenceError(f"only {len(seed)} results to calibrate an interval with", do="give at least 20 laboratory results")
    low, high = np.quantile(seed, [0.05, 0.95])
    spread = max(float(high - low) / 3.3, 1e-9)
    first = np.array([quantile_of(seed, q) for q in settings.sides])
    longest = max(settings.windows, default=len(seed))
    state = ConformalState(
        seed[-longest:].copy(),
        np.repeat(first[:, None], len(settings.steps), axis=1),
        np.full((2, settings.experts), 1.0 / settings.experts),
        np.zeros(2),
        spread,
        np.zeros((2, settings.experts)),
    )
    return replace(state, quantile=_quantiles(settings, state.recent, state.tracked))


def _quantiles(settings: ConformalSettings, recent: Float64Array, tracked: Float64Array) -> Float64Array:
    out = np.empty((2, settings.experts))
    for k, window in enumerate(settings.windows):
        part = recent[-window:]
        for side, q in enumerate(settings.sides):
            out[side, k] = quantile_of(part, float(q))
    out[:, len(settings.windows) :] = tracked
    return out


def issued(state: ConformalState) -> Float64Array:
    """(2,) the lower and the upper quantile now in force, in score units; the lower never above the upper."""
    both = (state.weight * state.quantile).sum(axis=1) + state.shift
    return both if both[0] <= both[1] else np.repeat(both.mean(), 2)


def update(settings: ConformalSettings, state: ConformalState, score: float, quantile: Float64Array, sides: Float64Array) -> ConformalState:
    """State after a result.

    Parameters
    ----------
    score : (result - centre) / scale, with centre and scale as issued for that sample
    quantile : (2, K) the experts' quantiles when the sample's interval was issued
    sides : (2,) the quantiles issued for the sample, in score units

    Returns
    -------
    the next state; the same state where the score is not finite

    References
    ----------
    Gibbs & Candes 2021, "Adaptive conformal inference under distribution shift"; 2024 (aggregated step sizes);
    Angelopoulos, Candes, Tibshirani 2023, "Conformal PID control for time series prediction".
    """
    if not np.isfinite(score):
        return state
    level = settings.sides
    loss = np.where(score >= quantile, level[:, None] * (score - quantile), (1.0 - level[:, None]) * (quantile - score)) / state.spread
    gain = -settings.sharpness * np.minimum(loss - loss.min(axis=1, keepdims=True), 20.0)
    weight = state.weight * np.exp(gain)
    weight = (1.0 - settings.share) * weight / weight.sum(axis=1, keepdims=True) + settings.share / settings.experts
    # The share of results at or below a side should be its level: move each up when the result was above it too often.
    step = np.asarray(settings.steps) * state.spread
    below_expert = (score <= quantile[:, len(settings.windows) :]).astype(np.float64)
    tracked = state.tracked + step * (level[:, None] - below_expert)
    below = (score <= sides).astype(np.float64)
    limit = settings.bound * state.spread
    shift = np.clip(state.shift + settings.correction * state.spread * (level - below), -limit, limit)
    longest = max(settings.windows, default=1)
    recent = np.append(state.recent, score)[-longest:]
    return ConformalState(recent, tracked, weight, shift, state.spread, _quantiles(settings, recent, tracked))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Stated against measured coverage.

    Attributes
    ----------
    group : "all", or an operating mode, or a block of time
    stated : nominal level
    measured : share of results inside; NaN where there is none
    low, high : 90 % Wilson interval of the measured share (as if results were independent)
    results : how many results
    width : mean width of the intervals, in the target's unit
    """

    group: str
    stated: float
    measured: float
    low: float
    high: float
    results: int
    width: float


def coverage(group: str, stated: float, value: Float64Array, low: Float64Array, high: Float64Array) -> Coverage:
    """Measured coverage of one group of results; rows where the interval was refused (NaN) do not count.

    Parameters
    ----------
    value, low, high : (N,) results and the intervals issued for them
    """
    ok = np.isfinite(value) & np.isfinite(low) & np.isfinite(high)
    n = int(ok.sum())
    if n == 0:
        return Coverage(group, stated, float("nan"), 0.0, 1.0, 0, float("nan"))
    share = float(np.mean((value[ok] >= low[ok]) & (value[ok] <= high[ok])))
    z = 1.6449
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Coverage(group, stated, share, float(centre - half), float(centre + half), n, float(np.mean(high[ok] - low[ok])))


def interval_score(value: Float64Array, low: Float64Array, high: Float64Array, level: float) -> Float64Array:
    """Interval (Winkler) score of each result: width, plus 2 / (1 - level) times how far the result lies outside.

    Parameters
    ----------
    value, low, high : (N,)

    Returns
    -------
    (N,) >= 0; NaN where the interval was refused

    References
    ----------
    Winkler 1972; Gneiting & Raftery 2007, "Strictly proper scoring rules", section 6.2.
    """
    out: Float64Array = (high - low) + 2.0 / (1.0 - level) * (np.maximum(low - value, 0.0) + np.maximum(value - high, 0.0))
    return out

"""Trivial and linear detectors to compare with, each a few lines of numpy.

They look at normal rows only, score every tick with nothing after it, and are given the same budget of events as the
model (`limit_for_events`). A model that is not better than these is not worth its trouble. Canonical variate analysis,
the strongest linear method, lives with the linear core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from andon.evaluating.events import spans
from andon.evaluating.report_card import Answer
from andon.plant.arrays import BoolArray, Float64Array, TimeArray
from andon.plant.budget import Budget
from andon.plant.errors import EvaluationError
from andon.plant.window import Prepared

Fit: TypeAlias = Callable[[Prepared, BoolArray], Callable[[Prepared], Float64Array]]
_EWMA_SPAN = 15
_KEPT_VARIANCE = 0.95
_BLOCK = 64
_FLOOR = 1e-6  # scaled units: a channel that never moved in training


@dataclass(frozen=True, slots=True)
class Baseline:
    """A fitted simple detector.

    Attributes
    ----------
    name : key in `BASELINES`
    score_of : prepared -> (T,) evidence
    """

    name: str
    score_of: Callable[[Prepared], Float64Array]

    def score(self, prepared: Prepared) -> Float64Array:
        """(T,) float64 evidence, larger is more anomalous; NaN where preparation cannot judge or nothing is valid."""
        score = np.asarray(self.score_of(prepared), dtype=np.float64)
        return np.where((prepared.why == 0) & prepared.valid.any(axis=1), score, np.nan)


def fit_baseline(name: str, prepared: Prepared, normal: BoolArray) -> Baseline:
    """Fit one of `BASELINES`.

    Parameters
    ----------
    prepared : the recording
    normal : (T,) True for normal training rows; rows that cannot be judged are left out by themselves

    Raises
    ------
    EvaluationError : no such baseline, or fewer than ten usable rows
    """
    if name not in BASELINES:
        raise EvaluationError(f"no baseline {name!r}", do=f"choose one of {', '.join(BASELINES)}")
    usable = normal & (prepared.why == 0) & prepared.valid.any(axis=1)
    if int(usable.sum()) < 10:
        raise EvaluationError(f"{int(usable.sum())} normal rows are too few for a baseline", do="give a longer training period")
    return Baseline(name, BASELINES[name](prepared, usable))


def limit_for_events(score: Float64Array, judge: BoolArray, time: TimeArray, events: float, merge_gap_ns: int = 0) -> float:
    """The lowest limit at which a score opens at most `events` events on held-back normal time, and at every higher one.

    Parameters
    ----------
    score : (T,) NaN where it cannot judge
    judge : (T,) True for held-back normal rows
    time : (T,) int64 ns
    events : the promise over this time; below 1 no event is allowed
    merge_gap_ns : alarms less than this apart are one event

    Returns
    -------
    alarm where score > limit; infinite where nothing can be judged

    Raises
    ------
    EvaluationError : a negative promise
    """
    if events < 0:
        raise EvaluationError(f"a promise of {events} events")
    rows = judge & np.isfinite(score)
    values = score[rows]
    if len(values) == 0:
        return float("inf")
    # From the rarest to the commonest alarm: 1 row, 2 rows, then in steps of 2 %.
    counts = np.unique(np.minimum(np.geomspace(1, len(values), 1000).astype(np.int64), len(values)))
    descending = -np.sort(-values)
    limit = float(descending[0])
    for count in counts:
        lower = float(descending[count - 1])
        alarm = np.zeros(len(score), dtype=np.bool_)
        alarm[rows] = values >= lower
        if len(spans(time, alarm, merge_gap_ns)) > events:
            break
        limit = float(np.nextafter(lower, -np.inf))
    return limit


def baseline_answers(
    prepared: Prepared, train: BoolArray, calibrate: BoolArray, evaluate: BoolArray, budget: Budget, names: Sequence[str] = ()
) -> tuple[Answer, ...]:
    """What the baselines say of the evaluation rows, each at the model's budget.

    Parameters
    ----------
    prepared : one asset, all periods
    train : (T,) normal rows to fit on
    calibrate : (T,) held-back normal rows that set the limit
    evaluate : (T,) rows to answer
    budget : the promise; "always-alarm" has no limit and alarms wherever it can judge
    names : of `BASELINES`; all where none is given

    Returns
    -------
    answers over the evaluation rows, for `report_card`

    Raises
    ------
    EvaluationError : see `fit_baseline`
    """
    judged = int((calibrate & (prepared.why == 0)).sum()) * prepared.interval_ns
    promised = judged / budget.return_period_ns
    answers = []
    for name in names or BASELINES:
        score = fit_baseline(name, prepared, train).score(prepared)
        limit = limit_for_events(score, calibrate, prepared.time, promised, budget.merge_gap_ns)
        alarm = np.isfinite(score) & ((score > limit) | (name == "always-alarm"))
        answers.append(Answer(name, alarm[evaluate], score[evaluate]))
    return tuple(answers)


def _always(prepared: Prepared, normal: BoolArray) -> Callable[[Prepared], Float64Array]:
    """Alarm at every tick: what a measure gives for nothing."""
    return lambda p: np.ones(p.rows)


def _last_value(prepared: Prepared, normal: BoolArray) -> Callable[[Prepared], Float64Array]:
    """The step from the last value, in the channel where it is largest."""
    scale = _sd(_step(prepared)[normal])
    return lambda p: np.asarray(np.nanmax(np.abs(_step(p)) / scale, axis=1, initial=0.0))


def _one_tag(prepared: Prepared, normal: BoolArray) -> Callable[[Prepared], Float64Array]:
    """Limits on single tags: the distance from the normal mean, in the channel where it is largest."""
    x = _masked(prepared)[normal]
    centre, scale = _mean(x), _sd(x)
    return lambda p: np.asarray(np.nanmax(np.abs(_masked(p) - centre) / scale, axis=1, initial=0.0))


def _ewma_t2(prepared: Prepared, normal: BoolArray) -> Callable[[Prepared], Float64Array]:
    """Hotelling's T² of the exponentially weighted mean (span 15 ticks), with the covariance of that mean.

    References: Lowry et al. 1992, "A Multivariate Exponentially Weighted Moving Average Control Chart".
    """
    centre = _mean(_masked(prepared)[normal])
    smooth = _ewma(_filled(prepared, centre), prepared.reset)
    mean, precision = _precision(smooth[normal])

    def score(p: Prepared) -> Float64Array:
        z = _ewma(_filled(p, centre), p.reset) - mean
        return np.asarray(np.einsum("tc,cd,td->t", z, precision, z, optimize=True))

    return score


def _pca(prepared: Prepared, normal: BoolArray) -> Callable[[Prepared], Float64Array]:
    """T² in the principal subspace (95 % of the variance) plus the squared error outside it, each by its 99 % quantile.

    References: Jackson and Mudholkar 1979; Yue and Qin 2001 for the combined index.
    """
    x = _masked(prepared)[normal]
    centre, scale = _mean(x), _sd(x)
    z = (_filled(prepared, centre)[normal] - centre) / scale
    values, vectors = np.linalg.eigh(z.T @ z / len(z))
    values, vectors = values[::-1].clip(0), vectors[:, ::-1]
    kept = int(np.searchsorted(np.cumsum(values), _KEPT_VARIANCE * values.sum()) + 1)
    loadings, spread = vectors[:, :kept], np.maximum(values[:kept], _FLOOR)

    def parts(p: Prepared) -> tuple[Float64Array, Float64Array]:
        y = (_filled(p, centre) - centre) / scale
        t = y @ loadings
        return np.sum(t**2 / spread, axis=1), np.maximum(np.sum(y**2, axis=1) - np.sum(t**2, axis=1), 0.0)

    t2, spe = (np.maximum(np.quantile(part[normal], 0.99), _FLOOR) for part in parts(prepared))

    def score(p: Prepared) -> Float64Array:
        inside, outside = parts(p)
        return np.asarray(inside / t2 + outside / spe)

    return score


BASELINES: Mapping[str, Fit] = {
    "always-alarm": _always,
    "last-value": _last_value,
    "one-tag-limit": _one_tag,
    "ewma-t2": _ewma_t2,
    "pca-t2-spe": _pca,
}
"""Name -> how to fit it."""


def _masked(prepared: Prepared) -> Float64Array:
    """(T, C) float64, NaN where not valid."""
    return np.where(prepared.valid, prepared.x.astype(np.float64), np.nan)


def _filled(prepared: Prepared, centre: Float64Array) -> Float64Array:
    """(T, C) float64, the normal mean where not valid: a lost sensor gives no evidence."""
    return np.where(prepared.valid, prepared.x.astype(np.float64), centre)


def _step(prepared: Prepared) -> Float64Array:
    """(T, C) change from the tick before; NaN where there is none."""
    x = _masked(prepared)
    step = np.full_like(x, np.nan)
    step[1:] = x[1:] - x[:-1]
    step[prepared.reset] = np.nan
    return step


def _mean(x: Float64Array) -> Float64Array:
    """(C,) mean over valid rows, 0 for a channel without any."""
    count = np.maximum(np.sum(~np.isnan(x), axis=0), 1)
    return np.asarray(np.nansum(x, axis=0) / count)


def _sd(x: Float64Array) -> Float64Array:
    """(C,) standard deviation over valid rows, at least a floor."""
    count = np.maximum(np.sum(~np.isnan(x), axis=0), 1)
    return np.asarray(np.maximum(np.sqrt(np.nansum((x - _mean(x)) ** 2, axis=0) / count), _FLOOR))


def _precision(z: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Mean and inverse covariance, shrunk to its diagonal by C / (C + rows)."""
    mean = z.mean(axis=0)
    covariance = (z - mean).T @ (z - mean) / len(z)
    share = z.shape[1] / (z.shape[1] + len(z))
    diagonal = np.diag(np.maximum(np.diag(covariance), _FLOOR**2))
    return mean, np.linalg.inv((1 - share) * covariance + share * diagonal)


def _ewma(x: Float64Array, reset: BoolArray) -> Float64Array:
    """Exponentially weighted mean that starts with the first row after each reset; 64 rows in one product."""
    keep = 1 - 2 / (_EWMA_SPAN + 1)
    out = np.empty_like(x)
    place = np.arange(_BLOCK)
    kernel = np.where(place[:, None] >= place, (1 - keep) * keep ** (place[:, None] - place), 0.0)
    decay = keep ** (place + 1)
    starts = np.unique(np.append(np.flatnonzero(reset), 0)) if len(x) else np.zeros(0, np.int64)
    for start, stop in zip(starts, np.append(starts[1:], len(x)), strict=False):
        carry = x[start]
        for low in range(start, stop, _BLOCK):
            piece = x[low : min(low + _BLOCK, stop)]
            size = len(piece)
            out[low : low + size] = kernel[:size, :size] @ piece + decay[:size, None] * carry
            carry = out[low + size - 1]
    return out

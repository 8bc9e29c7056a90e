"""Fit and choose the calibration of a within-specification probability, in time order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.errors import At, TrainingError
from andon.plant.verdict import QualityPredictions
from andon.scoring.within_spec import SpecModel, raw_log_odds


@dataclass(frozen=True, slots=True)
class SpecScore:
    """How probabilities did over a period.

    Attributes
    ----------
    results : results answered
    within : share of them within specification
    log_loss, brier : of the probabilities; `base_brier` is that of the share itself
    balanced_accuracy : mean of the shares of both classes found at the decision
    reliability : (M, 3) mean probability, share within, results, per tenth of the probability
    """

    results: int
    within: float
    log_loss: float
    brier: float
    base_brier: float
    balanced_accuracy: float
    reliability: Float64Array


def judge_spec(p: Float64Array, outcome: Float64Array, decision: float) -> SpecScore:
    """Score probabilities against outcomes.

    Parameters
    ----------
    p : (N,) probabilities of being within, NaN where refused
    outcome : (N,) 1 within, 0 not, NaN where there is no result
    decision : probability from which a result is called within
    """
    ok = np.isfinite(p) & np.isfinite(outcome)
    p, within = p[ok], outcome[ok] > 0.5
    if not len(p):
        nan = float("nan")
        return SpecScore(0, nan, nan, nan, nan, nan, np.zeros((0, 3)))
    share, called = float(within.mean()), p >= decision
    hit = [float(np.mean(called[within == side] == side)) for side in (True, False) if (within == side).any()]
    tenth = np.minimum((p * 10).astype(np.int64), 9)
    reliability = [[float(p[tenth == k].mean()), float(within[tenth == k].mean()), float((tenth == k).sum())] for k in np.unique(tenth)]
    brier = float(np.mean((p - within) ** 2))
    return SpecScore(len(p), share, _log_loss(p, within), brier, share * (1.0 - share), float(np.mean(hit)), np.array(reliability))


@dataclass(frozen=True, slots=True)
class SpecReport:
    """How a within-specification probability did.

    Attributes
    ----------
    chosen : kind of calibration
    within : share of results within specification
    log_loss : by kind, on the later half of the results, fitted on the earlier half
    later : of the chosen kind there
    """

    chosen: str
    within: float
    log_loss: dict[str, float]
    later: SpecScore


def platt(log_odds: Float64Array, within: BoolArray, rounds: int = 50) -> Float64Array:
    """(2,) slope >= 0 and offset of the log odds, by Newton steps on Platt's smoothed targets, which keep a rare class safe.

    References
    ----------
    Platt 1999; Lin, Lin, Weng 2007, "A note on Platt's probabilistic outputs".
    """
    good, bad = int(within.sum()), int((~within).sum())
    goal = np.where(within, (good + 1.0) / (good + 2.0), 1.0 / (bad + 2.0))
    x = np.stack([log_odds, np.ones(len(log_odds))], axis=1)
    weight = np.array([0.0, np.log((good + 1.0) / (bad + 1.0))])
    for _ in range(rounds):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ weight, -35.0, 35.0)))
        slope = x.T @ (p - goal) + np.array([1e-3 * (weight[0] - 1.0), 0.0])
        curve = (x * (p * (1.0 - p))[:, None]).T @ x + np.diag([1e-3, 1e-9])
        step = np.linalg.solve(curve, slope)
        weight = weight - np.clip(step, -2.0, 2.0)
        if float(np.abs(step).max()) < 1e-10:
            break
    return np.array([max(weight[0], 0.0), weight[1]])


def isotonic(x: Float64Array, within: BoolArray) -> tuple[Float64Array, Float64Array]:
    """Monotone step function by pooling adjacent violators, as knots to interpolate between.

    Parameters
    ----------
    x : (N,) log odds

    Returns
    -------
    knot, share : (M,) mean log odds of each pool and its share within, drawn in by one half result each way
    """
    order = np.argsort(x, kind="stable")
    pools: list[list[float]] = []  # sum within, results, sum of x
    for value, hit in zip(x[order].tolist(), within[order].tolist(), strict=True):
        pools.append([float(hit), 1.0, value])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    table = np.array(pools)
    share = (table[:, 0] + 0.5) / (table[:, 1] + 1.0)
    return table[:, 2] / table[:, 1], np.maximum.accumulate(share)


def fit_within_spec(predictions: QualityPredictions, value: Float64Array, low: float, high: float) -> tuple[SpecModel, SpecReport]:
    """Calibrate the probability that a target is within its limits.

    Parameters
    ----------
    predictions : N rows issued for samples of held-back time, in time order, one target
    value : (N,) their results, target's unit (or 1 within, 0 not)
    low, high : limits; infinite where there is none

    Raises
    ------
    TrainingError : fewer than 30 answered results, or limits that leave no room
    """
    target = predictions.target[0] if predictions.target else ""
    if not low < high:
        raise TrainingError(f"the specification {low:g} to {high:g} has no room", at=At(key=target), do="write the lower limit first")
    odds = raw_log_odds(predictions, low, high)
    ok = np.isfinite(odds) & np.isfinite(value)
    if int(ok.sum()) < 30:
        raise TrainingError(f"only {int(ok.sum())} results to calibrate a probability with", at=At(key=target), do="give at least 30")
    x, within = odds[ok], (value[ok] >= low) & (value[ok] <= high)
    half = len(x) // 2
    early, late = slice(0, half), slice(half, len(x))
    fits = {kind: _fit(target, low, high, kind, x[early], within[early]) for kind in ("base rate", "platt", "isotonic")}
    loss = {kind: _log_loss(model.of(x[late]), within[late]) for kind, model in fits.items()}
    chosen = min(loss, key=lambda kind: loss[kind])
    p = fits[chosen].of(x[late])
    report = SpecReport(chosen, float(within.mean()), loss, judge_spec(p, within[late].astype(np.float64), fits[chosen].decision))
    return _fit(target, low, high, chosen, x, within), report


def _fit(target: str, low: float, high: float, kind: str, x: Float64Array, within: BoolArray) -> SpecModel:
    if kind == "platt":
        knot, share = np.zeros(0), platt(x, within)
    elif kind == "isotonic":
        knot, share = isotonic(x, within)
    else:
        knot, share = np.zeros(0), np.array([(within.sum() + 1.0) / (len(within) + 2.0)])
    model = SpecModel(target, low, high, kind, knot, share, 0.5)
    return replace(model, decision=_decision(model.of(x), within))


def _decision(p: Float64Array, within: BoolArray) -> float:
    """The probability that finds both classes alike: the best mean of the two shares found; one half where one class is absent."""
    if within.all() or not within.any():
        return 0.5
    order = np.argsort(-p, kind="stable")
    found, wrong = np.cumsum(within[order]) / within.sum(), np.cumsum(~within[order]) / (~within).sum()
    last = np.append(np.diff(p[order]) != 0.0, True)
    best = int(np.argmax(np.where(last, found - wrong, -1.0)))
    after = p[order][best + 1] if best + 1 < len(p) else p[order][best]
    return float((p[order][best] + after) / 2.0)


def _log_loss(p: Float64Array, within: BoolArray) -> float:
    p = np.clip(p, 1e-6, 1.0 - 1e-6)
    return float(-np.mean(np.where(within, np.log(p), np.log1p(-p))))

"""Dead time between the inputs and a quality target, from the data: how well the target is explained by inputs that old."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import Float64Array, Int64Array
from andon.plant.window import Prepared
from andon.scoring.input_history import HistoryPlan
from andon.training.quality.labelled import Labelled, build_tables, forward_folds

_TOLERANCE = 0.01
_DIP = 0.05
_FALL = 0.8  # of the maximum; where the curve never falls so far, inputs move too slowly to tell a dead time
_LEAST = 0.1  # of the variance; where the inputs explain less, no dead time is claimed
_PENALTIES = (3.0, 30.0, 300.0, 3000.0)


@dataclass(frozen=True, slots=True)
class DeadTime:
    """The estimate and the curve it was read from.

    Attributes
    ----------
    ticks : the oldest shift that loses no more than one hundredth of the explained variance
    used : what the soft sensor keeps, in ticks: the estimate, or less where newer inputs help its later predictions
    shift : (M,) candidate dead times, in ticks
    explained : (M,) share of later variance explained with inputs no newer than the shift
    channel_lag : (C,) lag at which each channel by itself correlates most with the target, in ticks
    channel_correlation : (C,) that correlation
    """

    ticks: int
    used: int
    shift: Int64Array
    explained: Float64Array
    channel_lag: Int64Array
    channel_correlation: Float64Array


def estimate_dead_time(prepared: Prepared, labels: Labelled, channels: tuple[int, ...], longest: int, unit: int = 1) -> DeadTime:
    """Estimate the dead time from the training results.

    Parameters
    ----------
    prepared, labels : inputs and the results that may be learnt from
    channels : columns to look at
    longest : longest dead time considered, in ticks
    unit : ticks between candidate shifts

    Notes
    -----
    For each shift d a ridge on exponential means of the inputs up to t - d predicts later results (forward folds).
    Information newer than the dead time cannot help, so the curve is flat up to it and falls beyond it. Where the curve has fallen
    below what the newest inputs explain, newer inputs do tell something, and no later hump is a dead time. Where it never falls by
    a fifth, the inputs move too slowly to tell, and none is claimed. The folds count by the geometric mean of their errors, so that
    one fold of bursts does not decide for all.
    """
    count = max(1, longest // unit + 1)
    plan = HistoryPlan(channels, 0, count, unit, (1,))
    lags = build_tables(prepared, plan, labels.row).lags
    y = (labels.value - labels.value.mean()) / max(float(labels.value.std()), 1e-12)
    folds = forward_folds(labels.row)
    alpha = 2.0 / (np.array([1.0, 3.0, 8.0, 20.0]) + 1.0)
    shifts = np.unique(np.round(np.concatenate([np.arange(min(count, 12)), np.geomspace(1, count, 24) - 1])).astype(np.int64))
    shifts = shifts[shifts < count]
    explained = np.empty(len(shifts))
    for m, shift in enumerate(shifts):
        x = lags[:, shift:]
        features = []
        for a in alpha:
            weight = a * (1.0 - a) ** np.arange(x.shape[1])
            features.append(np.einsum("nlc,l->nc", x, weight / weight.sum()))
        table = np.concatenate(features, axis=1)
        explained[m] = _later_explained(table, y, folds)
    dips = np.flatnonzero(explained < explained[0] - _DIP)
    joined = int(dips[0]) if len(dips) else len(shifts)
    best = float(explained[:joined].max())
    within = shifts[explained >= best - _TOLERANCE * max(best, 0.0)] if best > _LEAST else np.array([0])
    peak = int(np.argmax(explained[:joined]))
    # Only shifts on the flat part that joins the maximum count; a second hump far away is not a dead time.
    reach = peak
    while reach + 1 < len(shifts) and shifts[reach + 1] in within:
        reach += 1
    falls = bool((explained[reach + 1 :] < _FALL * best).any())
    ticks = int(shifts[reach]) * unit if best > _LEAST and falls else 0
    centred = lags - lags.mean(axis=0)
    power = np.sqrt((centred**2).sum(axis=0)) * np.sqrt((y**2).sum()) + 1e-12
    correlation = np.einsum("nlc,n->lc", centred, y) / power
    at = np.abs(correlation).argmax(axis=0)
    return DeadTime(ticks, ticks, shifts * unit, explained, at.astype(np.int64) * unit, correlation[at, np.arange(lags.shape[2])])


def _later_explained(table: Float64Array, y: Float64Array, folds: list[tuple[Int64Array, Int64Array]]) -> float:
    """Share of later variance explained by a ridge at its best penalty, geometric mean over the folds."""
    logs = np.zeros(len(_PENALTIES))
    for learn, judge in folds:
        mean, spread = table[learn].mean(axis=0), table[learn].std(axis=0) + 1e-9
        x, z = (table[learn] - mean) / spread, (table[judge] - mean) / spread
        level = y[learn].mean()
        gram, moment, total = x.T @ x, x.T @ (y[learn] - level), float(((y[judge] - level) ** 2).sum())
        for number, penalty in enumerate(_PENALTIES):
            weight = np.linalg.solve(gram + penalty * np.eye(len(gram)), moment)
            error = float(((y[judge] - level - z @ weight) ** 2).sum())
            logs[number] += np.log(max(error, 1e-12) / max(total, 1e-12)) / len(folds)
    return float(1.0 - np.exp(logs.min()))

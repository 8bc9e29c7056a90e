"""How much of the newest known residuals to believe: fitted on residuals that no fit has seen."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import Float64Array
from andon.scoring.correction import Correction
from andon.training.quality.labelled import Labelled

SLOW_SPAN = 20.0
_NONE = np.zeros(3)


def known_residuals(residual: Float64Array, labels: Labelled, span: float = SLOW_SPAN) -> Float64Array:
    """What was known of the residuals at each sample.

    Parameters
    ----------
    residual : (N,) out-of-sample residuals of the response, NaN where there is none
    labels : the results they belong to
    span : span of the exponential mean, in results

    Returns
    -------
    (N, 3) newest known residual, its change from the one before, exponential mean; NaN where unknown
    """
    out = np.full((len(residual), 3), np.nan)
    alpha = 2.0 / (span + 1.0)
    slow = np.full(len(residual), np.nan)
    mean = np.nan
    before = np.full(len(residual), np.nan)
    earlier = np.nan
    for i, r in enumerate(residual.tolist()):
        before[i] = earlier
        if r == r:
            mean = r if mean != mean else mean + alpha * (r - mean)
            earlier = r
        slow[i] = mean
    ok = labels.last >= 0
    last = labels.last[ok]
    change = residual[last] - before[last]
    out[ok, 0] = residual[last]
    out[ok, 1] = np.where(np.isfinite(residual[last]) & ~np.isfinite(before[last]), 0.0, change)
    out[ok, 2] = slow[last]
    return out


def known_ages(labels: Labelled) -> Float64Array:
    """(N,) age of the newest known sample at each sample, in ticks; NaN where none is known."""
    age = np.where(labels.last >= 0, labels.row - labels.row[np.maximum(labels.last, 0)], -1).astype(np.float64)
    age[age < 0] = np.nan
    return age


def solve_weights(known: Float64Array, residual: Float64Array, use: list[int], penalty: float) -> Float64Array:
    """(3,) least squares weights of the columns `use` of known residuals, each drawn to zero by `penalty` of its power."""
    weight = _NONE.copy()
    if use:
        x = known[:, use]
        gram = x.T @ x
        gram[np.diag_indices(len(use))] += penalty * (np.diag(gram) + 1e-12)
        weight[use] = np.linalg.solve(gram, x.T @ residual)
    return weight


def fit_correction(residual: Float64Array, labels: Labelled) -> Correction:
    """Weights on the newest residual, its change, and the slow mean: the subset that does best on later residuals.

    Parameters
    ----------
    residual : (N,) out-of-sample residuals of the response, NaN where there is none
    """
    known = known_residuals(residual, labels)
    age = known_ages(labels)
    finite = np.isfinite(residual)
    usual = float(np.nanmedian(age)) if np.isfinite(age).any() else 1.0
    full = float(np.sqrt(np.mean(residual[finite] ** 2))) if finite.any() else 1.0
    rows = np.flatnonzero(finite & np.isfinite(known).all(axis=1) & (age <= 4.0 * max(usual, 1.0)))
    best_weight = _NONE
    if len(rows) >= 30:
        best = np.inf
        half = len(rows) // 2
        for use in ([], [2], [0], [0, 1], [0, 2], [0, 1, 2]):
            loss = 0.0
            for learn, judge in ((rows[:half], rows[half:]), (rows[half:], rows[:half])):
                weight = solve_weights(known[learn], residual[learn], use, 0.01)
                loss += float(((residual[judge] - known[judge] @ weight) ** 2).sum())
            if loss < best * 0.998:
                best, best_weight = loss, solve_weights(known[rows], residual[rows], use, 0.01)
    left = residual[rows] - known[rows] @ best_weight if len(rows) else residual[finite]
    corrected = float(np.sqrt(np.mean(left**2))) if len(left) else full
    return Correction(best_weight, SLOW_SPAN, usual, _decay(residual, labels, usual), max(full, 1e-6), max(min(corrected, full), 1e-6))


def _decay(residual: Float64Array, labels: Labelled, usual: float) -> float:
    """Ticks in which the correlation of the residuals falls by e, from pairs of neighbours; at least `usual`."""
    finite = np.flatnonzero(np.isfinite(residual))
    if len(finite) < 10:
        return max(usual, 1.0)
    r = residual[finite] - residual[finite].mean()
    gap = max(float(np.median(np.diff(labels.row[finite]))), 1.0)
    step = max(1, round(usual / gap))
    if len(r) <= step + 5:
        return max(usual, 1.0)
    rho = float((r[step:] * r[:-step]).sum() / max(float((r**2).sum()), 1e-12))
    return max(-step * gap / float(np.log(min(max(rho, 0.05), 0.995))), usual, 1.0)

"""Linear candidates: ridge on lags, and a smooth decaying response fitted against the slow wander of its own error.

A soft sensor's error is not white: what the inputs do not explain wanders slowly. Ordinary least squares then spends its
weights on explaining the wander. Here inputs and target are first passed through the filter that whitens the error
(generalised least squares: the error of the last result, or of the newest result that was known, is predicted away), and
the response to each input is a priori smooth and fading (the "tuned and correlated" kernel of system identification).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from andon.plant.arrays import Float64Array
from andon.scoring.responses import LinearResponse
from andon.training.quality.correction import known_residuals, solve_weights
from andon.training.quality.family import Fitted
from andon.training.quality.labelled import Labelled, Tables

MOST_COLUMNS = 960
"""Columns of the normal equations of the linear families; their cost grows with its square. See decision 71."""

_PENALTIES = (0.3, 3.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)


def _linear(lag_weight: Float64Array, mean_weight: Float64Array, feature_weight: Float64Array, bias: float) -> Fitted:
    response = LinearResponse(lag_weight, mean_weight, feature_weight, np.asarray(bias))

    def of(tables: Tables) -> Float64Array:
        out = np.full(len(tables.lags), bias)
        if lag_weight.size:
            out += np.einsum("nlc,lc->n", tables.lags[:, : len(lag_weight)], lag_weight)
        if mean_weight.size:
            out += np.einsum("nsc,sc->n", tables.means, mean_weight)
        if feature_weight.size:
            out += tables.features @ feature_weight
        return out

    return Fitted(response, of)


def numbered(penalties: Sequence[float], only: int | None) -> list[tuple[int, float]]:
    return [(number, penalty) for number, penalty in enumerate(penalties) if only is None or number == only]


def solve_positive(matrix: Float64Array, right: Float64Array) -> Float64Array:
    from scipy.linalg import solve

    out: Float64Array = solve(matrix, right, assume_a="pos")
    return out


def fading_root(lags: int, fade: float, most: int | None = None) -> Float64Array:
    """(L, R) root of the kernel fade^max(i, j): weights root @ z with z ~ N(0, 1) are smooth and fading.

    Parameters
    ----------
    most : R is at most this; where it is less than L, the root of the R largest eigenvalues, which hold nearly all of the variance

    References
    ----------
    Chen, Ohlsson, Ljung 2012, "On the estimation of transfer functions, regularizations and Gaussian processes".
    """
    lag = np.arange(lags)
    kernel: Float64Array = np.power(fade, np.maximum(lag[:, None], lag[None, :]), dtype=np.float64)
    if most is not None and most < lags:
        value, vector = np.linalg.eigh(kernel)
        low: Float64Array = vector[:, -most:] * np.sqrt(np.maximum(value[-most:], 0.0))
        return low
    root: Float64Array = np.linalg.cholesky(kernel + 1e-12 * np.eye(lags)).astype(np.float64)
    return root


def whiten_steps(values: Float64Array, labels: Labelled, rho: float) -> Float64Array:
    """Subtract what the previous result's error tells: correlation rho at the usual gap, rho^(gap / usual) at others.

    Parameters
    ----------
    values : (N,) or (N, P)
    """
    if rho <= 0.0 or len(values) < 2:
        return values
    gap = np.diff(labels.row).astype(np.float64)
    power = rho ** np.maximum(gap / max(float(np.median(gap)), 1.0), 0.2)
    gain = 1.0 / np.sqrt(1.0 - power**2)
    if values.ndim == 2:
        power, gain = power[:, None], gain[:, None]
    return np.concatenate([values[:1], (values[1:] - power * values[:-1]) * gain])


def whiten_known(values: Float64Array, labels: Labelled, level: float, change: float) -> Float64Array:
    """Subtract what the newest known result's error tells; rows without two known results are left out (zero).

    Parameters
    ----------
    values : (N,) or (N, P)
    """
    ok = labels.last >= 1
    last = labels.last[ok]
    out = np.zeros_like(values)
    out[ok] = values[ok] - level * values[last] - change * (values[last] - values[last - 1])
    return out


@dataclass(frozen=True, slots=True)
class SmoothResponse:
    """Smooth fading response by generalised least squares.

    Attributes
    ----------
    shapes : (lags, fade) to try
    against_known : whiten by the newest result that was known, not by the one before
    """

    shapes: tuple[tuple[int, float], ...] = ((40, 0.9), (60, 0.95))
    against_known: bool = False

    @property
    def name(self) -> str:
        """What a report calls it."""
        return "smooth response, late error" if self.against_known else "smooth response"

    def groups(self, mode: str) -> Sequence[Any]:
        """(lags, fade, rho); rho < 0: whiten by the newest known result."""
        rhos = (-1.0,) if self.against_known else (0.0, 0.9, 0.98, 0.995)
        return [(lags, fade, rho) for lags, fade in self.shapes for rho in rhos]

    def path(
        self, tables: Tables, y: Float64Array, labels: Labelled, group: Any, only: int | None = None
    ) -> Iterator[tuple[int, str, Fitted]]:
        """Every penalty of a group."""
        lags, fade, rho = group
        lags = min(lags, tables.lags.shape[1])
        root = fading_root(lags, fade, max(MOST_COLUMNS // tables.lags.shape[2], 4))
        raw = tables.lags[:, :lags]
        spread = np.maximum(raw[:, 0].std(axis=0), 1e-6)
        mean = raw.mean(axis=(0, 1))
        x = np.einsum("nlc,lk->nkc", (raw - mean) / spread, root).reshape(len(y), -1)
        level = y.mean()
        known = _KnownGram(x, y - level, labels) if rho < 0.0 else None
        if known is None:
            x_white = whiten_steps(np.concatenate([x, np.ones((len(x), 1))], axis=1), labels, rho)
            gram, moment = x_white.T @ x_white, x_white.T @ whiten_steps(y - level, labels, rho)
        for number, penalty in numbered(_PENALTIES, only):
            if known is None:
                ridge = gram.copy()
                ridge[np.diag_indices(len(ridge) - 1)] += penalty
                weight = solve_positive(ridge, moment)
            else:
                weight = known.solve(penalty)
            flat, bias = weight[:-1].reshape(root.shape[1], -1), float(weight[-1])
            lag_weight = (root @ flat) / spread
            total = level + bias - float((lag_weight * mean).sum())
            words = f"{lags} lags, fade {fade:g}, " + (f"error memory {rho:g}" if rho >= 0 else "error of the newest known result")
            yield number, f"{words}, penalty {penalty:g}", _linear(lag_weight, np.zeros((0, 0)), np.zeros(0), total)


class _KnownGram:
    """Least squares against the newest known error, for many penalties.

    The filtered rows are a - level b - change c, with a the row itself, b the newest known one and c the change before
    it; the three Gram matrices of their products are made once.
    """

    def __init__(self, x: Float64Array, y: Float64Array, labels: Labelled) -> None:
        self.x, self.y, self.labels = x, y, labels
        ok = labels.last >= 1
        last = labels.last[ok]
        parts = [(x[ok], y[ok]), (x[last], y[last]), (x[last] - x[last - 1], y[last] - y[last - 1])]
        self.gram = [[left[0].T @ right[0] if i <= j else None for j, right in enumerate(parts)] for i, left in enumerate(parts)]
        self.moment = [[left[0].T @ right[1] for right in parts] for left in parts]

    def solve(self, penalty: float, rounds: int = 3) -> Float64Array:
        """(P + 1,) weights and bias: alternate between the response and the weights on the newest known error.

        References
        ----------
        Cochrane & Orcutt 1949, with the delay of the laboratory in place of one step.
        """
        level, change = 0.9, 0.0
        weight = np.zeros(self.x.shape[1])
        for _ in range(rounds):
            factor = (1.0, -level, -change)
            gram = penalty * np.eye(len(weight))
            moment = np.zeros(len(weight))
            for i in range(3):
                for j in range(3):
                    both = factor[i] * factor[j]
                    half = self.gram[i][j]
                    if both != 0.0:
                        other = self.gram[j][i]
                        gram += both * (half if half is not None else other.T)  # type: ignore[union-attr]
                        moment += both * self.moment[i][j]
            weight = solve_positive(gram, moment)
            residual = self.y - self.x @ weight
            known = known_residuals(residual, self.labels)
            rows = np.isfinite(known).all(axis=1)
            if int(rows.sum()) < 20:
                break
            level, change, _ = solve_weights(known[rows], residual[rows], [0, 1], 1e-3).tolist()
        return np.append(weight, float(np.mean(self.y - self.x @ weight)))


@dataclass(frozen=True, slots=True)
class RidgeOnLags:
    """Ridge on raw lags: the linear method to beat."""

    name: str = "ridge on lags"
    lags: int = 40

    def groups(self, mode: str) -> Sequence[Any]:
        """One group: all penalties."""
        return [self.lags]

    def path(
        self, tables: Tables, y: Float64Array, labels: Labelled, group: Any, only: int | None = None
    ) -> Iterator[tuple[int, str, Fitted]]:
        """Every penalty."""
        lags = min(self.lags, tables.lags.shape[1], max(MOST_COLUMNS // tables.lags.shape[2], 4))
        raw = tables.lags[:, :lags].reshape(len(y), -1)
        mean, spread = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-6)
        x = (raw - mean) / spread
        gram, moment, level = x.T @ x, x.T @ (y - y.mean()), float(y.mean())
        for number, penalty in numbered(_PENALTIES, only):
            weight = solve_positive(gram + penalty * np.eye(len(gram)), moment) / spread
            bias = level - float(weight @ mean)
            yield number, f"{lags} lags, penalty {penalty:g}", _linear(weight.reshape(lags, -1), np.zeros((0, 0)), np.zeros(0), bias)


@dataclass(frozen=True, slots=True)
class RidgeOnFeatures:
    """Ridge on exponential means and the network's features: quality from what the detector has learnt."""

    name: str = "ridge on network features"

    def groups(self, mode: str) -> Sequence[Any]:
        """(error memory,)."""
        return [0.0, 0.98]

    def path(
        self, tables: Tables, y: Float64Array, labels: Labelled, group: Any, only: int | None = None
    ) -> Iterator[tuple[int, str, Fitted]]:
        """Every penalty."""
        rho = float(group)
        n, spans, channels = tables.means.shape
        raw = np.concatenate([tables.means.reshape(n, -1), tables.features], axis=1)
        mean, spread = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-6)
        level = float(y.mean())
        x = whiten_steps(np.concatenate([(raw - mean) / spread, np.ones((n, 1))], axis=1), labels, rho)
        gram, moment = x.T @ x, x.T @ whiten_steps(y - level, labels, rho)
        for number, penalty in numbered(_PENALTIES, only):
            ridge = gram.copy()
            ridge[np.diag_indices(len(ridge) - 1)] += penalty
            solved = solve_positive(ridge, moment)
            weight = solved[:-1] / spread
            bias = level + float(solved[-1]) - float(weight @ mean)
            parts = weight[: spans * channels].reshape(spans, channels), weight[spans * channels :]
            yield number, f"error memory {rho:g}, penalty {penalty:g}", _linear(np.zeros((0, channels)), *parts, bias)


@dataclass(frozen=True, slots=True)
class PartialLeastSquares:
    """Partial least squares on lags: few directions that carry both inputs and target."""

    name: str = "PLS"
    lags: int = 40

    def groups(self, mode: str) -> Sequence[Any]:
        """Numbers of components."""
        return [1, 2, 3, 5, 8, 12]

    def path(
        self, tables: Tables, y: Float64Array, labels: Labelled, group: Any, only: int | None = None
    ) -> Iterator[tuple[int, str, Fitted]]:
        """One number of components."""
        from sklearn.cross_decomposition import PLSRegression

        lags = min(self.lags, tables.lags.shape[1])
        raw = tables.lags[:, :lags].reshape(len(y), -1)
        count = min(int(group), raw.shape[1], len(y) - 1)
        mean, spread = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-6)
        fit = PLSRegression(n_components=count, scale=False).fit((raw - mean) / spread, y - y.mean())
        weight = np.ravel(fit.coef_) / spread
        bias = float(y.mean() + np.ravel(fit.intercept_)[0] - weight @ mean)
        yield 0, f"{count} components", _linear(weight.reshape(lags, -1), np.zeros((0, 0)), np.zeros(0), bias)


@dataclass(frozen=True, slots=True)
class Constant:
    """The training mean: what the inputs tell when they tell nothing. With the right correction: last value, moving mean."""

    name: str = "training mean"

    def groups(self, mode: str) -> Sequence[Any]:
        """One group."""
        return [None]

    def path(
        self, tables: Tables, y: Float64Array, labels: Labelled, group: Any, only: int | None = None
    ) -> Iterator[tuple[int, str, Fitted]]:
        """The mean."""
        yield 0, "", _linear(np.zeros((0, tables.lags.shape[2])), np.zeros((0, 0)), np.zeros(0), float(y.mean()))

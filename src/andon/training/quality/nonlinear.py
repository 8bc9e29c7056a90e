"""Candidates that bend: Gaussian bumps on short exponential means, boosted trees, the network's own median, a blend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, Int64Array
from andon.scoring.responses import BlendResponse, KernelResponse, NetworkResponse, TreeResponse
from andon.training.quality.correction import fit_correction, known_residuals
from andon.training.quality.family import Fitted, Searched, later_loss
from andon.training.quality.labelled import Labelled, Tables
from andon.training.quality.smooth_response import numbered, solve_positive

_LIMIT = 6.0
_MOST_TRIED = 40  # features tried for a split, so that many channels cost no more than few


@dataclass(frozen=True, slots=True)
class KernelOnMeans:
    """Kernel ridge with a linear and a wide Gaussian kernel on a few exponential means: smooth products of inputs.

    Attributes
    ----------
    spans : sets of span numbers (into the plan) to try
    few : most states remembered while settings are compared
    most : most states remembered in a fit of one setting
    """

    spans: tuple[tuple[int, ...], ...]
    name: str = "kernel on exponential means"
    few: int = 1200
    most: int = 4000

    def groups(self, mode: str) -> Sequence[Any]:
        """(span numbers, width)."""
        return [(span, gamma) for span in self.spans for gamma in (0.02, 0.05)]

    def path(
        self, tables: Tables, y: Float64Array, labels: Labelled, group: Any, only: int | None = None
    ) -> Iterator[tuple[int, str, Fitted]]:
        """Every penalty of a group."""
        span, gamma = group
        every = max(1, int(np.ceil(len(y) / (self.few if only is None else self.most))))
        raw = tables.means[::every, np.asarray(span)].reshape(len(y[::every]), -1)
        target = y[::every]
        centre, scale = raw.mean(axis=0), np.maximum(raw.std(axis=0), 1e-6)
        state = np.clip((raw - centre) / scale, -_LIMIT, _LIMIT)
        size = state.shape[1]
        gram = _gaussian(state, state, gamma / size) + state @ state.T / size
        level = float(target.mean())
        index = np.asarray(span, dtype=np.int64)
        for number, penalty in numbered((0.01, 0.03, 0.1, 0.3, 1.0), only):
            dual = solve_positive(gram + penalty * np.eye(len(gram)), target - level)
            response = KernelResponse(
                index, centre, scale, state, dual, state.T @ dual / size, np.asarray(gamma / size), np.asarray(level), np.asarray(_LIMIT)
            )
            yield number, f"spans {list(span)}, width {gamma:g}, penalty {penalty:g}", Fitted(response, _of_kernel(response))


def _gaussian(a: Float64Array, b: Float64Array, gamma: float) -> Float64Array:
    distance = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
    out: Float64Array = np.exp(-gamma * np.maximum(distance, 0.0))
    return out


def _of_kernel(response: KernelResponse) -> Callable[[Tables], Float64Array]:
    def of(tables: Tables) -> Float64Array:
        state = tables.means[:, response.span].reshape(len(tables.means), -1)
        state = np.clip((state - response.centre) / response.scale, -_LIMIT, _LIMIT)
        bumps: Float64Array = _gaussian(state, response.landmark, float(response.gamma)) @ response.dual
        return bumps + state @ response.slope + float(response.bias)

    return of


@dataclass(frozen=True, slots=True)
class BoostedTrees:
    """Gradient boosting on exponential means and some lags."""

    name: str = "gradient boosting"
    lags: tuple[int, ...] = (0, 2, 5, 9, 15, 24)
    seed: int = 0

    def groups(self, mode: str) -> Sequence[Any]:
        """Depths."""
        return [2, 4]

    def path(
        self, tables: Tables, y: Float64Array, labels: Labelled, group: Any, only: int | None = None
    ) -> Iterator[tuple[int, str, Fitted]]:
        """One depth, 60 and 150 trees."""
        from sklearn.ensemble import GradientBoostingRegressor

        depth = int(group)
        lag = np.array([j for j in self.lags if j < tables.lags.shape[1]], dtype=np.int64)
        share = min(0.5, 2000 / max(len(y), 1))
        table = _table(tables, lag).astype(np.float32)
        model = GradientBoostingRegressor(
            n_estimators=150, max_depth=depth, learning_rate=0.07, subsample=share, max_features=min(0.15, _MOST_TRIED / table.shape[1]),
            min_samples_leaf=min(10, max(1, len(y) // 20)), random_state=self.seed,
        )  # fmt: skip
        model.fit(table, y)
        trees = [tree[0].tree_ for tree in model.estimators_]
        bias = float(np.ravel(model.init_.constant_)[0])
        for number, count in numbered((60, 150), only):
            yield number, f"depth {depth}, {count:g} trees", _trees(trees[: int(count)], lag, depth, bias, model.learning_rate)


def _table(tables: Tables, lag: Int64Array) -> Float64Array:
    return np.concatenate([tables.means.reshape(len(tables.means), -1), *(tables.lags[:, j] for j in lag)], axis=1)


def _trees(trees: Sequence[Any], lag: Int64Array, depth: int, bias: float, rate: float) -> Fitted:
    nodes = max(int(tree.node_count) for tree in trees)
    shape = (len(trees), nodes)
    left, right, feature = (np.zeros(shape, dtype=np.int32) for _ in range(3))
    threshold, leaf = np.zeros(shape), np.zeros(shape)
    for n, tree in enumerate(trees):
        count = int(tree.node_count)
        own = np.arange(count)
        end = tree.children_left < 0
        left[n, :count] = np.where(end, own, tree.children_left)
        right[n, :count] = np.where(end, own, tree.children_right)
        feature[n, :count] = np.where(end, 0, tree.feature)
        threshold[n, :count] = np.where(end, 0.0, tree.threshold)
        leaf[n, :count] = rate * tree.value[:, 0, 0]
    response = TreeResponse(lag, left, right, feature, threshold, leaf, np.asarray(depth), np.asarray(bias))
    return Fitted(response, lambda tables: response.of_table(_table(tables, lag)))


@dataclass(frozen=True, slots=True)
class NetworkMedian:
    """The network's quality head, straightened by a line."""

    name: str = "network"

    def groups(self, mode: str) -> Sequence[Any]:
        """One group."""
        return [None]

    def path(
        self, tables: Tables, y: Float64Array, labels: Labelled, group: Any, only: int | None = None
    ) -> Iterator[tuple[int, str, Fitted]]:
        """Gain and bias by least squares, with the gain held between 0 and 2."""
        ok = np.isfinite(tables.head)
        head, target = tables.head[ok], y[ok]
        spread = float(head.var())
        gain = float(np.clip(np.mean((head - head.mean()) * (target - target.mean())) / max(spread, 1e-9), 0.0, 2.0))
        response = NetworkResponse(np.asarray(gain), np.asarray(float(target.mean() - gain * head.mean())))
        yield 0, "", Fitted(response, lambda tables: gain * tables.head + float(response.bias))


def _on_simplex(errors: Float64Array, rounds: int = 2000) -> Float64Array:
    """(K,) weights >= 0 with sum one of the least squared combined error of (N, K) errors, drawn a little towards equal ones."""
    gram = errors.T @ errors
    gram[np.diag_indices(len(gram))] += 0.02 * np.trace(gram) / len(gram)
    weight = np.full(len(gram), 1.0 / len(gram))
    for _ in range(rounds):  # Frank and Wolfe 1956, with the exact step
        slope = gram @ weight
        to = -weight
        to[int(np.argmin(slope))] += 1.0
        curve = float(to @ gram @ to)
        step = min(max(-float(slope @ to) / curve, 0.0), 1.0) if curve > 0.0 else 0.0
        if step < 1e-9:
            break
        weight = weight + step * to
    out: Float64Array = np.maximum(weight, 0.0)
    return out


def blend(
    y: Float64Array,
    parts: Sequence[Searched],
    labels: Labelled,
    folds: Sequence[tuple[Int64Array, Int64Array]],
    mode: str,
) -> tuple[Searched, Float64Array]:
    """Weights >= 0 with sum one on the parts' out-of-sample predictions, and a constant; small parts are dropped.

    Parameters
    ----------
    parts : best first; in mode "lab" errors count after the correction that the first part would have

    Returns
    -------
    the blend; its weights
    """
    later = np.stack([part.later for part in parts], axis=1)
    given: BoolArray = np.all(np.isfinite(later), axis=1)
    columns = np.concatenate([later, y[:, None]], axis=1)
    columns[~given] = np.nan
    level = np.nanmean(columns, axis=0)
    centred = columns - level
    if mode == "lab":
        weight_known = fit_correction(y - later[:, 0], labels).weight
        for k in range(centred.shape[1]):
            known = known_residuals(centred[:, k].copy(), labels)
            centred[:, k] -= np.where(np.isfinite(known), known, 0.0) @ weight_known
    # Each fold counts alike, and weights sum to one: every part is already fitted to the target's size.
    count = np.ones(len(y))
    for _, judge in folds:
        error = np.nanmean((centred[judge, -1] - centred[judge, 0]) ** 2) if given[judge].any() else 1.0
        count[judge] = 1.0 / max(float(error), 1e-12)
    x, target, root = centred[given, :-1], centred[given, -1], np.sqrt(count[given])[:, None]
    weight = _on_simplex((x - target[:, None]) * root)
    weight[weight < 0.05] = 0.0
    weight /= weight.sum()
    kept = np.flatnonzero(weight)
    bias = float(level[-1] - level[kept] @ weight[kept])
    used = [parts[int(k)] for k in kept]
    share = weight[kept]
    response = BlendResponse(tuple(part.final.response for part in used), share, np.asarray(bias))

    def of(tables: Tables) -> Float64Array:
        return bias + sum((float(w) * part.final.of(tables) for w, part in zip(share, used, strict=True)), np.zeros(len(tables.lags)))

    words = " + ".join(f"{w:.2f} {part.name}" for w, part in zip(share, used, strict=True))
    mixed = later[:, kept] @ share + bias
    return Searched("blend", words, later_loss(y, mixed, labels, folds, mode), mixed, Fitted(response, of)), weight

"""The laboratory results of one target, put on the ticks, with what was known when each sample was drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, FloatArray, Int64Array
from andon.plant.errors import TrainingError
from andon.plant.grid import tick_of
from andon.plant.label import LabResults
from andon.plant.window import Prepared
from andon.scoring.input_history import HistoryPlan, follow, lagged, start_history


@dataclass(frozen=True, slots=True)
class Labelled:
    """Results whose tick can be judged, ordered by sample time.

    Attributes
    ----------
    row : (N,) row of `Prepared` of the sample
    value : (N,) results, target's unit
    delay : (N,) ticks from the sample to the first tick at which the result is known, >= 1
    last : (N,) index of the newest result already known at the sample's tick; -1 where none
    """

    row: Int64Array
    value: Float64Array
    delay: Int64Array
    last: Int64Array

    def part(self, chosen: BoolArray) -> Labelled:
        """The chosen results; `last` counts within the part."""
        number = np.cumsum(chosen) - 1
        # The newest known result inside the part: walk back from the newest known one of the whole.
        newest = np.maximum.accumulate(np.where(chosen, np.arange(len(chosen)), -1))
        back = np.where(self.last >= 0, newest[np.maximum(self.last, 0)], -1)
        last = np.where(back >= 0, number[np.maximum(back, 0)], -1)
        return Labelled(self.row[chosen], self.value[chosen], self.delay[chosen], last[chosen])


def label_rows(prepared: Prepared, lab: LabResults) -> Labelled:
    """Put results on the rows of a prepared recording.

    Raises
    ------
    TrainingError : fewer than 30 results fall on rows that can be judged
    """
    tick = tick_of(lab.sample_time, prepared.interval_ns)
    known = np.maximum(tick_of(lab.result_time, prepared.interval_ns), tick + 1)
    row = tick - int(prepared.tick[0]) if prepared.rows else tick
    inside = (row >= 0) & (row < prepared.rows) & np.isfinite(lab.value)
    inside[inside] &= prepared.why[row[inside]] == 0
    if int(inside.sum()) < 30:
        raise TrainingError(
            f"only {int(inside.sum())} results of {lab.target} fall on rows that can be judged",
            do="give at least 30 laboratory results that overlap the recording",
        )
    order = np.argsort(tick[inside], kind="stable")
    row, tick, known = row[inside][order], tick[inside][order], known[inside][order]
    _, first = np.unique(row, return_index=True)
    row, tick, known, value = row[first], tick[first], known[first], lab.value[inside][order][first].astype(np.float64)
    return Labelled(row, value, known - tick, newest_known(tick, known))


def newest_known(tick: Int64Array, known: Int64Array) -> Int64Array:
    """Index of the newest sample whose result is known at each sample's tick; -1 where none.

    Parameters
    ----------
    tick : (N,) sample ticks, increasing
    known : (N,) first tick at which each result is known
    """
    order = np.argsort(known, kind="stable")
    best = np.maximum.accumulate(order)  # newest sample among the results known first
    count = np.searchsorted(known[order], tick, side="right")
    return np.where(count > 0, best[np.maximum(count - 1, 0)], -1).astype(np.int64)


def thin(labels: Labelled, most: int = 16_000, piece: int = 500) -> Labelled:
    """At most about `most` results, as evenly spread pieces of neighbours, so that local structure stays."""
    n = len(labels.row)
    if n <= most:
        return labels
    every = int(np.ceil(n / most))
    chosen = (np.arange(n) // piece) % every == 0
    return labels.part(chosen)


@dataclass(frozen=True, slots=True)
class Tables:
    """Features at the results.

    Attributes
    ----------
    lags : (N, L, C') lagged inputs
    means : (N, S, C') exponential means
    features : (N, F) network features, F may be 0
    head : (N,) the network's median of the target, NaN where there is none
    """

    lags: Float64Array
    means: Float64Array
    features: Float64Array
    head: Float64Array

    def rows(self, index: Int64Array) -> Tables:
        """The named results."""
        return Tables(self.lags[index], self.means[index], self.features[index], self.head[index])


def build_tables(
    prepared: Prepared, plan: HistoryPlan, row: Int64Array, features: FloatArray | None = None, head: FloatArray | None = None
) -> Tables:
    """Features at rows, gathered chunk by chunk with the functions that scoring uses.

    Parameters
    ----------
    plan : its channels are columns of `prepared`
    row : (N,) increasing
    features : (T, F) or None
    head : (T,) or None
    """
    lags = np.empty((len(row), plan.lags, len(plan.channels)))
    means = np.empty((len(row), len(plan.spans), len(plan.channels)))
    state = start_history(plan)
    end = int(row[-1]) + 1 if len(row) else 0
    for low in range(0, end, 8192):
        high = min(low + 8192, end)
        history, state = follow(plan, state, prepared.part(low, high))
        here = slice(*np.searchsorted(row, [low, high]).tolist())
        at = row[here] - low
        means[here] = history.means[at]
        for lag in range(plan.lags):
            lags[here, lag] = lagged(plan, history, lag, at)
    wide = np.zeros((len(row), 0)) if features is None else features[row].astype(np.float64)
    return Tables(lags, means, wide, np.full(len(row), np.nan) if head is None else head[row].astype(np.float64))


def forward_folds(row: Int64Array, count: int = 5, start: float = 0.4, purge: int = 0) -> list[tuple[Int64Array, Int64Array]]:
    """Folds in time order: learn from everything before, judge the next piece.

    Parameters
    ----------
    row : (N,) rows of the results, increasing
    count : number of folds
    start : share of the results that the first fold learns from
    purge : rows left out between learning and judging

    Returns
    -------
    list of (learn, judge) index arrays
    """
    edges = np.linspace(start * len(row), len(row), count + 1).astype(np.int64)
    folds = []
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if high > low:
            learn = np.flatnonzero(row[:low] < row[low] - purge)
            if len(learn) >= 10:
                folds.append((learn, np.arange(low, high)))
    return folds

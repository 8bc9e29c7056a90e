"""The NAB score as Numenta defines it: windows around anomalies, early alarms worth more, false alarms cheaper near them.

Not the score of SKAB's leaderboard, which `change_points.nab_scores` computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from andon.evaluating.segments import as_labels, segments
from andon.plant.arrays import Float64Array
from andon.plant.errors import EvaluationError

_PROFILES = {"standard": (1.0, 0.11, 1.0), "low_fp": (1.0, 0.22, 1.0), "low_fn": (1.0, 0.11, 2.0)}  # hit, false, missed
PROBATION_SHARE, PROBATION_ROWS = 0.15, 5000


@dataclass(frozen=True, slots=True)
class NumentaScores:
    """Scores in percent: 0 is silence, 100 an alarm at the first tick of every window and no other. NaN without windows.

    Attributes
    ----------
    standard, low_fp, low_fn : application profiles
    detected, missed : windows
    false : alarmed ticks outside windows
    """

    standard: float
    low_fp: float
    low_fn: float
    detected: int
    missed: int
    false: int


def numenta_scores(windows: Sequence[ArrayLike], alarms: Sequence[ArrayLike]) -> NumentaScores:
    """NAB score over recordings, alarms given.

    The first 15 % of a recording (of at most 5,000 rows) is probation and counts for nothing. Numenta also sweeps one
    threshold over all recordings to find the best; that looks at the labels, and is not done here.

    Parameters
    ----------
    windows : for each recording (T,) 0/1, 1 inside an anomaly window; windows that touch count as one
    alarms : for each recording (T,) 0/1

    Raises
    ------
    EvaluationError : the lists or a recording's lengths differ

    References
    ----------
    Lavin and Ahmad 2015, "Evaluating Real-Time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark";
    Numenta NAB 1.1, `nab/sweeper.py`.
    """
    if len(windows) != len(alarms):
        raise EvaluationError(f"{len(windows)} recordings with windows, but {len(alarms)} with alarms")
    worth: list[float] = []  # of each window's earliest alarm
    missed = false = 0
    price = 0.0  # of all false alarms, before their weight
    for inside, alarm in zip(windows, alarms, strict=True):
        truth, said = as_labels(inside, "windows"), as_labels(alarm, "alarms")
        if truth.shape != said.shape:
            raise EvaluationError(f"{len(truth)} ticks with windows, but {len(said)} alarms", do="give one alarm per tick")
        counted = np.arange(len(truth)) >= min(np.floor(PROBATION_SHARE * len(truth)), PROBATION_SHARE * PROBATION_ROWS)
        first, last = segments(truth)
        for start, stop in zip(first, last, strict=True):
            if not counted[stop]:
                continue
            hits = np.flatnonzero(said[start : stop + 1] & counted[start : stop + 1])
            if len(hits):
                worth.append(float(_scaled((hits[0] - (stop - start + 1)) / (stop - start + 1)) / _scaled(-1.0)))
            else:
                missed += 1
        outside = np.flatnonzero(said & ~truth & counted)
        false += len(outside)
        before = np.searchsorted(last, outside) - 1
        near = before >= 0
        width = np.maximum(last[before[near]] - first[before[near]], 1)
        past = np.full(len(outside), 3.0)
        past[near] = (outside[near] - last[before[near]]) / width
        price -= float(np.sum(_scaled(past)))
    total = len(worth) + missed
    scores = [
        100 * (hit * sum(worth) - fine * price - miss * missed + miss * total) / (total * (hit + miss)) if total else float("nan")
        for hit, fine, miss in _PROFILES.values()
    ]
    return NumentaScores(scores[0], scores[1], scores[2], len(worth), missed, false)


def _scaled(position: ArrayLike) -> Float64Array:
    """1 far before the end of a window, 0 at its end, -1 far behind; -1 from three widths on."""
    x = np.asarray(position, dtype=np.float64)
    return np.where(x >= 3.0, -1.0, 2 / (1 + np.exp(5 * np.minimum(x, 3.0))) - 1)

"""The NAB score of change points, as the SKAB benchmark and its package `tsad` compute it.

Every true change point opens a window; the first alarm inside scores between 1 (at the side where early is) and the
price of a false alarm (at the other end), a window without an alarm costs a miss, every alarm outside all windows a
false alarm. 0 is the score of a detector that never speaks, 100 that of one that alarms at once and never falsely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from andon.plant.arrays import Float64Array, Int64Array
from andon.plant.errors import EvaluationError

Side = Literal["right", "left", "center"]
Overlap = Literal["cut right window", "cut left window", "cut both"]

_STEPS = 1000  # the package reads the scoring curve from a table of this many entries
_PROFILES = {"standard": (1.0, -0.11, -1.0), "low_fp": (1.0, -0.22, -1.0), "low_fn": (1.0, -0.11, -2.0)}  # hit, false, missed


@dataclass(frozen=True, slots=True)
class NabScores:
    """NAB scores of several recordings together, in percent; NaN where no recording has a change point.

    Attributes
    ----------
    standard, low_fp, low_fn : the three application profiles, at most 100
    detected : windows with an alarm
    missed : windows without
    false : alarms outside every window
    delay_ns : mean of (first alarm in a window - change point); negative where the window lies before; NaN where none
    """

    standard: float
    low_fp: float
    low_fn: float
    detected: int
    missed: int
    false: int
    delay_ns: float


def nab_scores(
    change_points: Sequence[ArrayLike],
    alarms: Sequence[ArrayLike],
    window_ns: int,
    *,
    side: Side = "right",
    overlap: Overlap = "cut right window",
) -> NabScores:
    """NAB scores over recordings.

    Parameters
    ----------
    change_points : for each recording (N,) int64 ns, increasing
    alarms : for each recording (M,) int64 ns, in any order
    window_ns : width of a window; SKAB uses 60 s
    side : where the window lies, seen from the change point; SKAB's leaderboard uses "right"
    overlap : which of two overlapping windows gives way. A border belongs to both windows, as in the package

    Raises
    ------
    EvaluationError : the two lists differ in length, the window is not positive, change points go backwards

    References
    ----------
    Lavin and Ahmad 2015, "Evaluating Real-Time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark"; `tsad`
    0.19, `utils/evaluating` with its "improved" scoring curve (a scaled tanh, not Numenta's sigmoid).
    """
    if len(change_points) != len(alarms):
        raise EvaluationError(f"{len(change_points)} recordings with change points, but {len(alarms)} with alarms")
    if window_ns <= 0:
        raise EvaluationError(f"a window of {window_ns} ns", do="give a positive duration, such as 60 s")
    hits: list[float] = []
    delays: list[int] = []
    missed = false = 0
    for points, alarm in zip(change_points, alarms, strict=True):
        truth = np.asarray(points, dtype=np.int64)
        times = np.sort(np.asarray(alarm, dtype=np.int64))
        if bool(np.any(np.diff(truth) < 0)):
            raise EvaluationError("change points go backwards", do="sort them by time")
        start, stop = _windows(truth, window_ns, side, overlap)
        first = np.searchsorted(times, start, side="left")
        found = (first < len(times)) & (times[np.minimum(first, len(times) - 1)] <= stop) if len(times) else np.zeros(len(truth), bool)
        at = times[first[found]]
        width = np.maximum(stop[found] - start[found], 1)
        hits += ((at - start[found]) / width).tolist()
        delays += (at - truth[found]).tolist()
        missed += int((~found).sum())
        covered = np.searchsorted(times, stop, side="right") - first  # alarms in each window, borders included
        shared = np.searchsorted(times, stop[:-1], side="right") - np.searchsorted(times, start[1:], side="left")
        false += len(times) - int(covered.sum()) + int(np.maximum(shared, 0).sum())
    total = len(hits) + missed
    where = np.minimum((np.asarray(hits) * _STEPS).astype(np.int64), _STEPS - 1)
    scores = {
        name: (_curve(hit, price)[where].sum() + price * false + miss * missed - total * miss) / (total * (hit - miss)) * 100
        if total
        else np.nan
        for name, (hit, price, miss) in _PROFILES.items()
    }
    return NabScores(
        float(scores["standard"]), float(scores["low_fp"]), float(scores["low_fn"]),
        len(hits), missed, false, float(np.mean(delays)) if delays else float("nan"),
    )  # fmt: skip


def _curve(hit: float, price: float) -> Float64Array:
    """Worth of an alarm along a window, from `hit` at its start to `price` at its end."""
    x = np.linspace(-np.pi / 2, np.pi / 2, _STEPS)
    worth: Float64Array = (hit - price) / 2 * -np.tanh(x) / np.tanh(np.pi / 2) + (hit - price) / 2 + price
    return worth


def _windows(truth: Int64Array, width: int, side: Side, overlap: Overlap) -> tuple[Int64Array, Int64Array]:
    before = {"right": 0, "left": width, "center": width // 2}[side]
    start = truth - before
    stop = start + width
    for i in range(len(truth) - 1):
        if stop[i] >= start[i + 1]:
            if overlap == "cut left window":
                stop[i] = start[i + 1]
            elif overlap == "cut right window":
                start[i + 1] = stop[i]
            else:
                stop[i], start[i + 1] = start[i + 1], stop[i]
    return start, stop

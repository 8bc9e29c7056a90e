"""Volume under the surface: range-aware ROC and precision-recall areas, averaged over buffer widths.

A detector that fires a little before or after a labelled range is partly right; how much is a matter of a buffer
around the label, and the measure averages over all buffers from 0 to `window` ticks. The definition is that of the
published packages `vus` 0.0.6 and `TSB-AD` 1.5 (version "opt"), to 1e-9; it is computed here in
O(window x (ticks near labels + thresholds)), not O(window x thresholds x ticks).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from andon.evaluating.segments import as_labels, as_scores, segments
from andon.plant.arrays import BoolArray, Float64Array, Int64Array
from andon.plant.errors import EvaluationError

DEFAULT_THRESHOLDS = 250
"""Thresholds of the published benchmarks. VUS-PR moves by -4 to +47 % between 100 and 250: compare at one setting."""


@dataclass(frozen=True, slots=True)
class Vus:
    """Volumes under the ROC and the precision-recall surface; NaN where a class is absent.

    Attributes
    ----------
    roc : NaN where all or none of the ticks are labelled
    pr : NaN where no tick is labelled
    """

    roc: float
    pr: float


def vus(labels: ArrayLike, scores: ArrayLike, window: int, thresholds: int = DEFAULT_THRESHOLDS) -> Vus:
    """VUS-ROC and VUS-PR.

    Parameters
    ----------
    labels : (T,) bool or 0/1, 1 = anomalous
    scores : (T,) larger = more anomalous; only their order counts; infinite allowed, NaN not
    window : widest buffer in ticks, >= 0; see `window_rule.acf_window`
    thresholds : how many thresholds, evenly spaced in rank, >= 2

    Returns
    -------
    Vus

    Raises
    ------
    EvaluationError : lengths differ, NaN among the scores, window or thresholds out of range

    References
    ----------
    Paparrizos et al. 2022, "Volume Under the Surface: A New Accuracy Evaluation Measure for Time-Series Anomaly
    Detection", VLDB 15(11); Liu and Paparrizos 2024, "The Elephant in the Room" (TSB-AD), NeurIPS.
    """
    truth = as_labels(labels)
    score = as_scores(scores, len(truth))
    if window < 0 or thresholds < 2:
        raise EvaluationError(f"window {window} or thresholds {thresholds} out of range", do="window >= 0 and thresholds >= 2")
    first, last = segments(truth)
    if len(first) == 0:
        return Vus(np.nan, np.nan)
    place, predicted = _threshold_of_each(score, thresholds)
    inside = np.bincount(place[truth], minlength=thresholds).cumsum().astype(np.float64)
    near, nearest, second = _ramp_distances(truth, first, last, window // 2)
    near_place = place[near]
    total, positives = len(truth), float(truth.sum())

    tpr = np.zeros((window + 1, thresholds + 2))
    fpr = np.zeros((window + 1, thresholds + 2))
    precision = np.ones((window + 1, thresholds))
    tpr[:, -1] = fpr[:, -1] = 1.0
    for width in range(window + 1):
        half = width // 2
        weight = np.where(second <= half, 1.0, np.where(nearest <= half, np.sqrt(np.maximum(0.0, 1 - nearest / max(width, 1))), 0.0))
        ramp = np.bincount(near_place, weights=weight, minlength=thresholds).cumsum()
        hit = inside + ramp  # true positives, counted with the weights of the buffer
        expected = positives + ramp / 2  # (P + N_labels) / 2 with N_labels = P + ramp
        existence = _groups_hit(place, first, last, half, thresholds)
        tpr[width, 1:-1] = np.minimum(hit / expected, 1.0) * existence
        with np.errstate(invalid="ignore", divide="ignore"):
            fpr[width, 1:-1] = (predicted - hit) / (total - expected)
        precision[width] = hit / predicted
    pr = float(np.mean(np.sum(np.diff(tpr[:, :-1], axis=1) * precision, axis=1)))
    if positives == total:
        return Vus(np.nan, pr)
    roc = float(np.mean(np.sum(np.diff(fpr, axis=1) * (tpr[:, 1:] + tpr[:, :-1]) / 2, axis=1)))
    return Vus(roc, pr)


def vus_pr(labels: ArrayLike, scores: ArrayLike, window: int, thresholds: int = DEFAULT_THRESHOLDS) -> float:
    """Volume under the precision-recall surface; see `vus`."""
    return vus(labels, scores, window, thresholds).pr


def vus_roc(labels: ArrayLike, scores: ArrayLike, window: int, thresholds: int = DEFAULT_THRESHOLDS) -> float:
    """Volume under the ROC surface; see `vus`."""
    return vus(labels, scores, window, thresholds).roc


def _threshold_of_each(score: Float64Array, thresholds: int) -> tuple[Int64Array, Float64Array]:
    """For each tick the first (highest) threshold that it reaches, and how many ticks reach each threshold."""
    descending = -np.sort(-score)
    level = descending[np.linspace(0, len(score) - 1, thresholds).astype(np.int64)]
    # `level` does not increase; the first j with level[j] <= score.
    place = np.searchsorted(-level, -score, side="left").astype(np.int64)
    return place, np.bincount(place, minlength=thresholds).cumsum().astype(np.float64)


def _ramp_distances(truth: BoolArray, first: Int64Array, last: Int64Array, reach: int) -> tuple[Int64Array, Float64Array, Float64Array]:
    """Unlabelled ticks within `reach` of a segment, and the distances to the two nearest segment ends.

    A ramp is at least sqrt(1/2) high where it reaches, so a tick that two ramps reach has weight 1 after clipping:
    the two smallest distances decide, whatever the number of segments.
    """
    far = float(2 * len(truth) + 2)
    tick = np.flatnonzero(~truth).astype(np.int64)
    left = np.searchsorted(last, tick) - 1  # last segment that ends before the tick
    right = left + 1  # first one that starts after it
    padded_last = np.concatenate([np.full(2, -far), last.astype(np.float64)])
    padded_first = np.concatenate([first.astype(np.float64), np.full(2, 2 * far)])
    distance = np.stack(
        [tick - padded_last[left + 2], tick - padded_last[left + 1], padded_first[right] - tick, padded_first[right + 1] - tick]
    )
    distance = np.partition(distance, 1, axis=0)[:2]
    near = distance[0] <= reach
    return tick[near], distance[0][near], distance[1][near]


def _groups_hit(place: Int64Array, first: Int64Array, last: Int64Array, half: int, thresholds: int) -> Float64Array:
    """Share of the buffered segments (those that touch count as one) that each threshold meets anywhere."""
    apart = last[:-1] + half < first[1:] - half
    start = np.concatenate([[max(int(first[0]) - half, 0)], first[1:][apart] - half])
    stop = np.concatenate([last[:-1][apart] + half, [min(int(last[-1]) + half, len(place) - 1)]]) + 1
    border = np.stack([start, stop], axis=1).ravel()
    if border[-1] == len(place):
        border = border[:-1]
    earliest = np.minimum.reduceat(place, border)[::2]
    share: Float64Array = np.bincount(earliest, minlength=thresholds).cumsum() / len(start)
    return share

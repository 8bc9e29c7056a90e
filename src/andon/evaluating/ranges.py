"""Range-based precision and recall: anomalies are stretches of time, found in part, late, or in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from andon.evaluating.segments import as_labels, segments
from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.errors import EvaluationError

Bias = Literal["flat", "front", "middle", "back"]


@dataclass(frozen=True, slots=True)
class RangeScores:
    """Range-based precision, recall and their harmonic mean; 0 where there is no range to score, as in TSB-AD."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean; 0 where both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def range_scores(labels: ArrayLike, alarm: ArrayLike, *, existence: float = 0.2, bias: Bias = "flat") -> RangeScores:
    """Precision and recall of ranges.

    Recall of a labelled range is `existence` for being met at all, and the rest for how much of it is alarmed (weighted by
    `bias`), divided by the number of alarmed ranges that meet it. Precision of an alarmed range has no existence part and
    always counts flat.

    Parameters
    ----------
    labels, alarm : (T,) bool or 0/1
    existence : weight of being met at all, 0-1; 0.2 as in TSB-AD
    bias : which part of a labelled range counts most; "front" rewards early alarms

    Raises
    ------
    EvaluationError : lengths differ, or existence outside 0-1

    References
    ----------
    Tatbul et al. 2018, "Precision and Recall for Time Series", NeurIPS 31.
    """
    truth, said = as_labels(labels), as_labels(alarm, "alarms")
    if truth.shape != said.shape:
        raise EvaluationError(f"{len(truth)} labels, but {len(said)} alarms", do="give one alarm per label")
    if not 0 <= existence <= 1:
        raise EvaluationError(f"an existence weight of {existence}", do="0 to 1")
    return RangeScores(_covered(said, truth, 0.0, "flat"), _covered(truth, said, existence, bias))


def _covered(ranges: BoolArray, by: BoolArray, existence: float, bias: Bias) -> float:
    """Mean over the runs of `ranges` of how well the runs of `by` cover them."""
    first, last = segments(ranges)
    if len(first) == 0:
        return 0.0
    other_first, other_last = segments(by)
    pieces = np.searchsorted(other_first, last, side="right") - np.searchsorted(other_last, first, side="left")
    scores = np.zeros(len(first))
    for i in np.flatnonzero(pieces):
        weight = _weights(int(last[i] - first[i] + 1), bias)
        share = weight[by[first[i] : last[i] + 1]].sum() / weight.sum()
        scores[i] = existence + (1 - existence) * share / pieces[i]
    return float(scores.mean())


def _weights(length: int, bias: Bias) -> Float64Array:
    """Positional weights of a range, figure 2 of the paper."""
    place = np.arange(1, length + 1, dtype=np.float64)
    if bias == "front":
        return place[::-1]
    if bias == "back":
        return place
    if bias == "middle":
        return np.where(place <= length / 2, place, length - place + 1)
    return np.ones(length)

"""Measures of one verdict or score per tick.

They count ticks, so a long fault weighs more than a short one; headline numbers are event-wise (`events`). All are
numpy, because `andon evaluate` runs where the training stack is not installed; tests hold them to scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from andon.evaluating.segments import as_labels, as_scores, segments
from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.errors import EvaluationError


@dataclass(frozen=True, slots=True)
class Confusion:
    """Ticks by label and alarm. A ratio with nothing below its line is 0, as in scikit-learn, but for the rates: NaN."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @property
    def accuracy(self) -> float:
        """Share of ticks with the right verdict; misleading where faults are rare."""
        return _ratio(self.true_positive + self.true_negative, self.total)

    @property
    def precision(self) -> float:
        """Share of alarmed ticks that are labelled."""
        return _ratio(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """Share of labelled ticks that are alarmed."""
        return _ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _ratio(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)

    @property
    def false_alarm_rate(self) -> float:
        """FAR: share of unlabelled ticks that are alarmed; NaN where none is unlabelled."""
        return _ratio(self.false_positive, self.false_positive + self.true_negative, np.nan)

    @property
    def missed_alarm_rate(self) -> float:
        """MAR: share of labelled ticks that are not alarmed; NaN where none is labelled."""
        return _ratio(self.false_negative, self.false_negative + self.true_positive, np.nan)

    @property
    def total(self) -> int:
        """Number of ticks."""
        return self.true_positive + self.false_positive + self.false_negative + self.true_negative

    def __add__(self, other: Confusion) -> Confusion:
        """Counts of two recordings together."""
        return Confusion(
            self.true_positive + other.true_positive, self.false_positive + other.false_positive,
            self.false_negative + other.false_negative, self.true_negative + other.true_negative,
        )  # fmt: skip


def confusion(labels: ArrayLike, alarm: ArrayLike) -> Confusion:
    """Count ticks by label and alarm.

    Parameters
    ----------
    labels, alarm : (T,) bool or 0/1

    Raises
    ------
    EvaluationError : lengths differ, or values other than 0 and 1
    """
    truth, said = as_labels(labels), as_labels(alarm, "alarms")
    if truth.shape != said.shape:
        raise EvaluationError(f"{len(truth)} labels, but {len(said)} alarms", do="give one alarm per label")
    both, alarmed, labelled = int((truth & said).sum()), int(said.sum()), int(truth.sum())
    return Confusion(both, alarmed - both, labelled - both, len(truth) - alarmed - labelled + both)


def roc_curve(labels: ArrayLike, scores: ArrayLike) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Receiver operating characteristic, one point per distinct score.

    Parameters
    ----------
    labels : (T,) bool or 0/1
    scores : (T,) larger = more anomalous

    Returns
    -------
    false_alarm_rate, detection_rate : (N,) from (0, 0) to (1, 1); NaN where a class is absent
    threshold : (N,) alarm where score >= threshold; the first is infinite
    """
    false, true, threshold, negatives, positives = _counts(labels, scores)
    with np.errstate(invalid="ignore"):
        return false / negatives, true / positives, threshold


def roc_auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve: how often a labelled tick scores above an unlabelled one, ties half.

    Parameters
    ----------
    labels : (T,) bool or 0/1
    scores : (T,) larger = more anomalous

    Returns
    -------
    0-1; NaN where a class is absent

    References
    ----------
    Hanley and McNeil 1982, Radiology 143.
    """
    false, true, _, negatives, positives = _counts(labels, scores)
    if negatives == 0 or positives == 0:
        return float("nan")
    return float(np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2) / (negatives * positives))


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """AUPR as the step-wise sum of precision over recall (no interpolation, which would flatter).

    Parameters
    ----------
    labels : (T,) bool or 0/1
    scores : (T,) larger = more anomalous

    Returns
    -------
    0-1; NaN where no tick is labelled

    References
    ----------
    Davis and Goadrich 2006, "The relationship between Precision-Recall and ROC curves".
    """
    false, true, _, _, positives = _counts(labels, scores)
    if positives == 0:
        return float("nan")
    return float(np.sum(np.diff(true) * (true[1:] / (true[1:] + false[1:]))) / positives)


def point_adjusted_f1(labels: ArrayLike, alarm: ArrayLike) -> float:
    """F1 after every labelled range with one alarm inside counts as found in full. It flatters; never a headline.

    References
    ----------
    Xu et al. 2018 (Donut) introduce it; Kim et al. 2022, "Towards a Rigorous Evaluation of Time-Series Anomaly
    Detection", show that a random score does well under it.
    """
    truth, said = as_labels(labels), as_labels(alarm, "alarms")
    counts = confusion(truth, said)
    found, total = _found_ticks(truth, said)
    return Confusion(found, counts.false_positive, total - found, counts.true_negative).f1


def composite_f1(labels: ArrayLike, alarm: ArrayLike) -> float:
    """Harmonic mean of the share of labelled ranges found and the tick-wise precision (Fc1).

    References
    ----------
    Garg et al. 2021, "An Evaluation of Anomaly Detection and Diagnosis in Multivariate Time Series".
    """
    truth, said = as_labels(labels), as_labels(alarm, "alarms")
    precision = confusion(truth, said).precision
    first, last = segments(truth)
    if len(first) == 0:
        return 0.0
    hits = np.concatenate([[0], np.cumsum(said)])
    recall = float(np.mean(hits[last + 1] > hits[first]))
    return _ratio(2 * precision * recall, precision + recall)


def _found_ticks(truth: BoolArray, said: BoolArray) -> tuple[int, int]:
    first, last = segments(truth)
    hits = np.concatenate([[0], np.cumsum(said)])
    length = last - first + 1
    return int(length[hits[last + 1] > hits[first]].sum()), int(length.sum())


def _ratio(above: float, below: float, empty: float = 0.0) -> float:
    return above / below if below else empty


def _counts(labels: ArrayLike, scores: ArrayLike) -> tuple[Float64Array, Float64Array, Float64Array, float, float]:
    """False and true positives at each distinct score from the highest down, before them the point (0, 0)."""
    truth = as_labels(labels)
    score = as_scores(scores, len(truth))
    order = np.argsort(-score, kind="stable")
    sorted_score = score[order]
    last_of_tie = np.flatnonzero(np.append(sorted_score[1:] != sorted_score[:-1], True)) if len(score) else np.zeros(0, np.int64)
    true = np.concatenate([[0.0], truth[order].cumsum()[last_of_tie].astype(np.float64)])
    false = np.concatenate([[0.0], last_of_tie + 1.0]) - true
    threshold = np.concatenate([[np.inf], sorted_score[last_of_tie]])
    return false, true, threshold, float((~truth).sum()), float(truth.sum())

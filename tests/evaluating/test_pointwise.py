"""Tick-wise measures against scikit-learn, naive twins and hand-counted cases."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from andon.evaluating.pointwise import Confusion, average_precision, composite_f1, confusion, point_adjusted_f1, roc_auc, roc_curve
from andon.plant.errors import EvaluationError

BITS = st.lists(st.integers(0, 1), min_size=1, max_size=60)


@st.composite
def scored(draw: st.DrawFn) -> tuple[Any, Any]:
    """Labels of both classes and scores with many ties."""
    labels = [0, 1, *draw(BITS)]
    scores = draw(st.lists(st.sampled_from([-1.0, 0.0, 0.25, 1.0, 7.0]), min_size=len(labels), max_size=len(labels)))
    return np.array(labels), np.array(scores)


@settings(deadline=None)
@given(BITS, st.randoms(use_true_random=False))
def test_counts_and_ratios_equal_scikit_learn(labels: list[int], random: Any) -> None:
    alarm = [random.randint(0, 1) for _ in labels]
    got = confusion(labels, alarm)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matrix = metrics.confusion_matrix(labels, alarm, labels=[0, 1])
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(labels, alarm, labels=[1], zero_division=0)
    assert [[got.true_negative, got.false_positive], [got.false_negative, got.true_positive]] == matrix.tolist()
    assert (got.precision, got.recall) == pytest.approx((precision[0], recall[0]), abs=1e-12)
    assert got.f1 == pytest.approx(f1[0], abs=1e-12)
    assert got.accuracy == pytest.approx(metrics.accuracy_score(labels, alarm), abs=1e-12)


@settings(deadline=None)
@given(scored())
def test_areas_equal_scikit_learn(data: tuple[Any, Any]) -> None:
    labels, scores = data
    assert roc_auc(labels, scores) == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    assert average_precision(labels, scores) == pytest.approx(metrics.average_precision_score(labels, scores), abs=1e-12)
    false, true, threshold = roc_curve(labels, scores)
    expected = metrics.roc_curve(labels, scores, drop_intermediate=False)
    for ours, theirs in zip((false, true, threshold), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_degenerate_classes() -> None:
    assert math.isnan(roc_auc([0, 0], [1.0, 2.0]))
    assert math.isnan(roc_auc([1, 1], [1.0, 2.0]))
    assert math.isnan(average_precision([0, 0], [1.0, 2.0]))
    assert average_precision([1, 1], [1.0, 2.0]) == 1.0
    assert math.isnan(roc_auc([], []))
    silent = confusion([0, 0], [0, 0])
    assert (silent.precision, silent.recall, silent.f1, silent.false_alarm_rate) == (0.0, 0.0, 0.0, 0.0)
    assert math.isnan(silent.missed_alarm_rate)
    assert confusion([], []).accuracy == 0.0


def test_rates_of_a_hand_counted_case() -> None:
    got = confusion([0, 0, 0, 0, 1, 1], [1, 0, 0, 0, 1, 0])
    assert (got.false_alarm_rate, got.missed_alarm_rate) == (0.25, 0.5)
    assert got + Confusion(1, 0, 0, 4) == Confusion(2, 1, 1, 7)


def naive_adjusted(labels: list[int], alarm: list[int]) -> list[int]:
    """Every range with an alarm inside is alarmed throughout."""
    out, start = list(alarm), 0
    for t in range(len(labels) + 1):
        if t == len(labels) or not labels[t]:
            if any(alarm[start:t]):
                out[start:t] = [1] * (t - start)
            start = t + 1
    return out


@settings(deadline=None)
@given(BITS, st.randoms(use_true_random=False))
def test_point_adjustment_and_composite_equal_naive_twins(labels: list[int], random: Any) -> None:
    alarm = [int(random.random() < 0.2) for _ in labels]
    adjusted = naive_adjusted(labels, alarm)
    assert point_adjusted_f1(labels, alarm) == pytest.approx(confusion(labels, adjusted).f1, abs=1e-12)
    ranges = "".join(map(str, labels)).split("0")
    total = sum(bool(part) for part in ranges)
    # In the adjusted series a range is either full of alarms or empty.
    found = sum(bool(part) for part in "".join(str(a) if b else "0" for a, b in zip(adjusted, labels, strict=True)).split("0"))
    precision, recall = confusion(labels, alarm).precision, found / total if total else 0.0
    expected = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    assert composite_f1(labels, alarm) == pytest.approx(expected, abs=1e-12)


def test_point_adjustment_flatters_a_random_detector() -> None:
    rng = np.random.default_rng(0)
    labels = (np.arange(4000) % 1000) < 300
    alarm = rng.random(4000) < 0.02
    assert confusion(labels, alarm).f1 < 0.1
    assert point_adjusted_f1(labels, alarm) > 0.9


def test_bad_input_is_refused() -> None:
    with pytest.raises(EvaluationError, match="2 labels, but 1 alarms"):
        confusion([0, 1], [1])
    with pytest.raises(EvaluationError, match="alarms hold values other than 0 and 1"):
        confusion([0, 1], [0.5, 1])

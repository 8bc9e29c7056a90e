"""Measures of predictions against scikit-learn, and by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from andon.evaluating import quality as q
from andon.plant.errors import EvaluationError

NUMBERS = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Results and predictions, at times constant."""
    count = draw(st.integers(2, 40))
    one = st.lists(NUMBERS, min_size=count, max_size=count)
    flat = NUMBERS.map(lambda x: [x] * count)
    return np.array(draw(one | flat)), np.array(draw(one | flat))


@settings(deadline=None)
@given(pairs(), st.sampled_from([0.05, 0.5, 0.95]))
def test_equals_scikit_learn(data: tuple[Any, Any], level: float) -> None:
    truth, value = data
    assert q.rmse(truth, value) == pytest.approx(metrics.root_mean_squared_error(truth, value), abs=1e-9)
    assert q.mae(truth, value) == pytest.approx(metrics.mean_absolute_error(truth, value), abs=1e-9)
    # A constant of decimal fractions may differ from its own mean by one bit; then R² is any large negative number.
    if np.ptp(truth) > 0 or np.all(truth == truth.mean()):
        assert q.r2(truth, value) == pytest.approx(metrics.r2_score(truth, value), rel=1e-9, abs=1e-9)
    assert q.pinball(truth, value, level) == pytest.approx(metrics.mean_pinball_loss(truth, value, alpha=level), abs=1e-9)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=50))
def test_brier_equals_scikit_learn(data: list[tuple[int, float]]) -> None:
    truth, probability = [t for t, _ in data], [p for _, p in data]
    assert q.brier(truth, probability) == pytest.approx(metrics.mean_squared_error(truth, probability), abs=1e-12)


def test_r2_of_one_result_is_undefined() -> None:
    assert math.isnan(q.r2([1.0], [1.0]))


def test_intervals_by_hand() -> None:
    truth, low, high = [1.0, 5.0, 3.0, 0.0], [0.0, 0.0, 3.0, 1.0], [2.0, 4.0, 3.0, 2.0]
    # Inside: 1 in [0, 2] yes, 5 in [0, 4] no, 3 in [3, 3] yes (borders count), 0 in [1, 2] no.
    assert q.coverage(truth, low, high) == 0.5
    assert q.mean_width(low, high) == (2 + 4 + 0 + 1) / 4
    # Winkler at 90 %: width + 20 x distance outside; one unit above, one below.
    assert q.winkler(truth, low, high, 0.9) == pytest.approx((2 + 4 + 20 + 0 + 1 + 20) / 4)
    assert q.block_coverage(truth, low, high, 2).tolist() == [0.5, 0.5]
    assert q.block_coverage(truth, low, high, 3).tolist() == [0.5]  # the fourth alone is less than half a block
    assert q.block_coverage(truth, low, high, 1).tolist() == [1, 0, 1, 0]


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 20))
def test_blocks_hold_every_result_once(count: int, block: int) -> None:
    truth = np.zeros(count)
    inside = np.arange(count) % 3 == 0
    low = np.where(inside, -1.0, 1.0)
    got = q.block_coverage(truth, low, low + 2, block)
    sizes = [block] * (count // block)
    rest = count % block
    if rest and (rest >= block / 2 or not sizes):
        sizes.append(rest)
    elif rest:
        sizes[-1] += rest
    assert len(got) == len(sizes)
    assert float(np.dot(got, sizes)) == pytest.approx(inside.sum())


def test_winkler_is_least_for_the_true_quantiles() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(size=20_000)
    best = q.winkler(truth, np.full(20_000, -1.645), np.full(20_000, 1.645))
    for low, high in ((-1.3, 1.3), (-2.1, 2.1), (-1.3, 2.0)):
        assert q.winkler(truth, np.full(20_000, low), np.full(20_000, high)) > best


def test_calibration_by_hand() -> None:
    # At the 0.5 quantile three of four results lie at or below: 0.25 off; at 0.9 all four: 0.1 off.
    got = q.quantile_calibration_error([1, 2, 3, 9], [[3, 9]] * 4, [0.5, 0.9])
    assert got == pytest.approx((0.25 + 0.1) / 2)
    # Bins of width 0.5: {0.1, 0.3} with none true, mean 0.2; {0.9} true: 2/3 x 0.2 + 1/3 x 0.1.
    assert q.expected_calibration_error([0, 0, 1], [0.1, 0.3, 0.9], 2) == pytest.approx((2 * 0.2 + 0.1) / 3)
    assert q.expected_calibration_error([1], [1.0]) == 0.0


def test_all_scores_of_a_target() -> None:
    nan = np.nan
    got = q.quality_scores([1.0, 2.0, 3.0, 4.0], [1.0, nan, 3.0, 5.0], [0.0, nan, 2.0, 4.5], [2.0, nan, 4.0, 5.5], block=2)
    assert (got.count, got.refused, got.level) == (4, 0.25, 0.9)
    assert got.rmse == pytest.approx(math.sqrt(1 / 3))
    assert got.coverage == pytest.approx(2 / 3)
    assert got.worst_block == 0.0  # the second block holds one result, and it lies outside
    silent = q.quality_scores([1.0], [nan], [nan], [nan])
    assert silent.refused == 1.0
    assert math.isnan(silent.coverage)


def test_bad_input_is_refused() -> None:
    with pytest.raises(EvaluationError, match="at least one and none missing"):
        q.rmse([], [])
    with pytest.raises(EvaluationError, match="predictions must be a row of numbers"):
        q.mae([1.0], [np.nan])
    with pytest.raises(EvaluationError, match="2 results, but predictions of shape"):
        q.rmse([1.0, 2.0], [1.0])
    with pytest.raises(EvaluationError, match="lower ends must be"):
        q.quality_scores([1.0], [1.0], [np.nan], [2.0])
    with pytest.raises(EvaluationError, match="a level of 1"):
        q.winkler([1.0], [1.0], [1.0], 1)
    with pytest.raises(EvaluationError, match="a quantile level of 2"):
        q.pinball([1.0], [1.0], 2)
    with pytest.raises(EvaluationError, match="blocks of 0"):
        q.block_coverage([1.0], [1.0], [1.0], 0)
    with pytest.raises(EvaluationError, match="must be 0 or 1"):
        q.brier([0.5], [0.5])
    with pytest.raises(EvaluationError, match="quantiles of shape"):
        q.quantile_calibration_error([1.0], [[1.0]], [0.1, 0.2])

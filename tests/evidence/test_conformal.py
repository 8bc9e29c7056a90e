"""Adaptive conformal intervals: hand arithmetic, and coverage that holds when the residuals change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evidence.conformal import (
    ConformalSettings,
    coverage,
    interval_score,
    issued,
    quantile_of,
    start_conformal,
    update,
)
from andon.plant.arrays import Float64Array
from andon.plant.errors import EvidenceError


def covered(scores: Float64Array, delay: int, seeds: Float64Array, how: ConformalSettings) -> Float64Array:
    """(N,) whether each score lay in the interval issued for it, when results come `delay` samples late."""
    state = start_conformal(how, seeds)
    given_out, inside = [], np.zeros(len(scores))
    for n, score in enumerate(scores.tolist()):
        sides = issued(state)
        given_out.append((state.quantile, sides))
        inside[n] = sides[0] <= score <= sides[1]
        if n >= delay:
            quantile, then = given_out[n - delay]
            state = update(how, state, float(scores[n - delay]), quantile, then)
    return inside


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_the_quantile_is_the_smallest_score_with_enough_below(scores: list[float], q: float) -> None:
    values = np.array(scores)
    n = len(values)
    got = quantile_of(values, q)
    if q >= 0.5:
        enough = [v for v in sorted(scores) if np.sum(values <= v) >= min(np.ceil((n + 1) * q - 1e-9), n)]
        assert got == enough[0]
    else:
        enough = [v for v in sorted(scores, reverse=True) if np.sum(values >= v) >= min(np.ceil((n + 1) * (1 - q) - 1e-9), n)]
        assert got == enough[0]


@pytest.mark.parametrize("delay", [1, 15])
def test_coverage_holds_on_steady_scores(delay: int) -> None:
    rng = np.random.default_rng(0)
    inside = covered(rng.standard_t(4, 3000), delay, rng.standard_t(4, 200), ConformalSettings())
    assert 0.87 <= inside.mean() <= 0.93


@pytest.mark.parametrize("delay", [1, 15])
def test_coverage_comes_back_after_a_change_of_size_and_of_level(delay: int) -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=4000)
    scores = noise.copy()
    scores[1000:2000] *= 3.0
    scores[2000:3000] += 4.0
    how = ConformalSettings()
    inside = covered(scores, delay, rng.normal(size=300), how)
    fixed = np.abs(scores) <= 1.645
    for low in range(0, 4000, 1000):
        assert 0.82 <= inside[low : low + 1000].mean() <= 0.97
    assert fixed[1000:3000].mean() < 0.6  # what a fixed interval does there


def test_coverage_holds_on_wandering_scores() -> None:
    rng = np.random.default_rng(2)
    wander = np.zeros(4000)
    for t in range(1, 4000):
        wander[t] = 0.97 * wander[t - 1] + rng.normal()
    inside = covered(wander[400:], 8, wander[:400], ConformalSettings())
    assert 0.86 <= inside.mean() <= 0.94


def test_a_higher_level_is_wider() -> None:
    seeds = np.random.default_rng(3).normal(size=500)
    narrow, wide = (issued(start_conformal(ConformalSettings(level=level), seeds)) for level in (0.8, 0.95))
    assert wide[0] < narrow[0] < 0 < narrow[1] < wide[1]


@settings(max_examples=30)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_sides_never_cross_and_stay_finite(scores: list[float]) -> None:
    how = ConformalSettings(windows=(5, 20), steps=(0.5,))
    state = start_conformal(how, np.linspace(-1, 1, 30))
    for score in scores:
        sides = issued(state)
        assert np.isfinite(sides).all()
        assert sides[0] <= sides[1]
        state = update(how, state, score, state.quantile, sides)
        assert np.allclose(state.weight.sum(axis=1), 1.0)
        assert len(state.recent) <= 20


def test_a_result_that_is_not_a_number_teaches_nothing() -> None:
    how = ConformalSettings()
    state = start_conformal(how, np.arange(30.0))
    assert update(how, state, float("nan"), state.quantile, issued(state)) is state


def test_too_few_results_are_refused() -> None:
    with pytest.raises(EvidenceError, match="only 3 results to calibrate an interval with"):
        start_conformal(ConformalSettings(), np.array([1.0, 2.0, 3.0, np.nan]))
    with pytest.raises(EvidenceError, match=r"an interval cannot cover 1\.2 of the results"):
        ConformalSettings(level=1.2)


def test_interval_score_by_hand() -> None:
    # inside: the width. 0.5 below a 90 % interval: width + 2 / 0.1 x 0.5 = 2 + 10.
    got = interval_score(np.array([0.0, -1.5, np.nan]), np.array([-1.0, -1.0, -1.0]), np.array([1.0, 1.0, 1.0]), 0.9)
    assert got[:2].tolist() == pytest.approx([2.0, 12.0])
    assert np.isnan(got[2])


def test_coverage_counts_answered_results_only() -> None:
    nan = np.nan
    got = coverage("all", 0.9, np.array([0.0, 2.0, 0.0, nan]), np.array([-1.0, -1.0, nan, -1.0]), np.array([1.0, 1.0, nan, 1.0]))
    assert (got.results, got.measured, got.width) == (2, 0.5, 2.0)
    assert got.low < 0.5 < got.high
    assert coverage("none", 0.9, np.array([nan]), np.array([0.0]), np.array([1.0])).results == 0

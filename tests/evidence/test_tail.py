"""The Pareto tail against scipy: the same survival function, and a fit about as likely as the maximum."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from andon.evidence.tail import Tail, fit_tail


@pytest.mark.parametrize("shape", [-0.3, 0.0, 1e-12, 0.25])
def test_survival_and_level_are_scipys(shape: float) -> None:
    tail = Tail(2.0, np.array([1.5]), np.array([shape]))
    levels = np.array([1.0, 2.0, 2.5, 4.0, 6.5, 20.0])
    expected = stats.genpareto(shape if abs(shape) > 1e-9 else 0.0, loc=2.0, scale=1.5).sf(levels)
    assert np.allclose(tail.survival(levels)[0], expected, rtol=1e-9, atol=1e-15)
    assert tail.survival(tail.level(0.03))[0, 0] == pytest.approx(0.03, rel=1e-9)


@pytest.mark.parametrize("shape", [-0.25, 0.0, 0.3])
@pytest.mark.parametrize("count", [40, 400])
def test_fit_is_nearly_as_likely_as_the_maximum(shape: float, count: int) -> None:
    rng = np.random.default_rng(count)
    excess = stats.genpareto(shape, scale=2.0).rvs(count, random_state=rng)
    tail = fit_tail(excess, prior_peaks=0.0)
    ours = stats.genpareto(tail.shape[0], scale=tail.scale[0]).logpdf(excess).sum()
    best = stats.genpareto(*stats.genpareto.fit(excess, floc=0.0)).logpdf(excess).sum()
    assert ours > best - 2.0


def test_weights_are_repetitions_and_the_mean_is_kept() -> None:
    rng = np.random.default_rng(0)
    excess = rng.exponential(1.0, 60)
    weight = np.vstack([np.ones(60), rng.integers(0, 3, 60)])
    tail = fit_tail(excess, weight=weight)
    alone = fit_tail(excess)
    assert tail.scale[0] == pytest.approx(alone.scale[0])
    mean = (weight[1] * excess).sum() / weight[1].sum()
    assert tail.scale[1] / (1.0 - tail.shape[1]) == pytest.approx(mean)


def test_fit_does_not_depend_on_units_or_order() -> None:
    excess = np.random.default_rng(1).exponential(1.0, 50)
    one, other = fit_tail(excess), fit_tail(excess[::-1] * 1000.0)
    assert other.shape[0] == pytest.approx(one.shape[0])
    assert other.scale[0] == pytest.approx(1000.0 * one.scale[0])


def test_equal_peaks_and_too_few() -> None:
    tail = fit_tail(np.full(40, 3.0))
    assert np.isfinite(tail.scale).all()
    assert np.isfinite(tail.shape).all()
    with pytest.raises(ValueError, match="two peaks"):
        fit_tail(np.array([1.0]))
    with pytest.raises(ValueError, match="two peaks"):
        fit_tail(np.zeros(5))

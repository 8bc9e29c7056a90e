"""Predictive counts against scipy's Poisson and negative binomial."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from andon.evidence.counts import at_most, prediction_interval, predictive_cdf, tail_probability


@pytest.mark.parametrize("mean", [0.2, 3.0, 250.0])
@pytest.mark.parametrize("dispersion", [1.0, 1.7])
def test_cdf_is_scipys(mean: float, dispersion: float) -> None:
    got = predictive_cdf(np.array([mean]), dispersion, 400)
    law = stats.poisson(mean) if dispersion == 1.0 else stats.nbinom(mean / (dispersion - 1.0), 1.0 / dispersion)
    assert np.allclose(got, law.cdf(np.arange(401)), atol=1e-10)


def test_mixture_is_the_mean_of_its_parts() -> None:
    both = predictive_cdf(np.array([2.0, 9.0]), 1.0, 30)
    assert np.allclose(both, (predictive_cdf(np.array([2.0]), 1.0, 30) + predictive_cdf(np.array([9.0]), 1.0, 30)) / 2)


def test_interval_of_a_poisson_count() -> None:
    assert prediction_interval(np.array([10.0]), 1.0) == (5, 15)
    assert at_most(np.array([1.0]), 1.0, 0.9) == 2
    assert prediction_interval(np.array([0.0]), 1.0) == (0, 0)


def test_interval_holds_what_it_says() -> None:
    rng = np.random.default_rng(3)
    means = rng.gamma(20.0, 0.5, 400)
    low, high = prediction_interval(means, 1.5)
    rate = rng.choice(means, 20_000)
    counts = rng.negative_binomial(rate / 0.5, 1.0 / 1.5)
    inside = np.mean((counts >= low) & (counts <= high))
    assert 0.9 <= inside < 0.95


def test_tail_probability() -> None:
    assert tail_probability(0, np.array([3.0]), 1.0) == 1.0
    assert tail_probability(5, np.array([3.0]), 1.0) == pytest.approx(stats.poisson(3.0).sf(4))

"""Counts: the Poisson distribution and its exact interval beside scipy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.alarms.counting import at_least, at_most, interval

stats = pytest.importorskip("scipy.stats")


@settings(deadline=None)
@given(st.integers(-1, 3000), st.floats(0, 3000))
def test_the_distribution_is_that_of_scipy(count: int, mean: float) -> None:
    assert at_most(count, mean) == pytest.approx(float(stats.poisson.cdf(count, mean)), abs=1e-10)
    assert at_least(count, mean) == pytest.approx(float(stats.poisson.sf(count - 1, mean)), abs=1e-10)


@settings(deadline=None)
@given(st.integers(0, 500), st.sampled_from([0.8, 0.9, 0.99]))
def test_the_interval_is_garwoods(count: int, level: float) -> None:
    low, high = interval(count, level)
    tail = (1 - level) / 2
    assert low == pytest.approx(float(stats.chi2.ppf(tail, 2 * count)) / 2 if count else 0.0, rel=1e-9, abs=1e-9)
    assert high == pytest.approx(float(stats.chi2.ppf(1 - tail, 2 * count + 2)) / 2, rel=1e-9)


def test_by_hand() -> None:
    """Nothing seen: exp(-3) = 5 %, so up to three may be the mean."""
    assert interval(0)[1] == pytest.approx(2.9957, abs=1e-4)
    assert at_most(0, 2.0) == pytest.approx(0.1353, abs=1e-4)
    assert at_most(10**6, 2.0) == 1.0

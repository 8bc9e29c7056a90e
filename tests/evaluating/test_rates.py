"""Poisson intervals against scipy and by hand."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from andon.evaluating.rates import poisson_interval, rate_per_day
from andon.plant.errors import EvaluationError
from andon.plant.time import DAY_NS


@pytest.mark.parametrize("count", [0, 1, 2, 5, 17, 100, 5000])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_equals_the_chi_squared_form(count: int, level: float) -> None:
    low, high = poisson_interval(count, level)
    tail = (1 - level) / 2
    assert low == pytest.approx(stats.chi2.ppf(tail, 2 * count) / 2 if count else 0.0, rel=1e-9)
    assert high == pytest.approx(stats.chi2.ppf(1 - tail, 2 * count + 2) / 2, rel=1e-9)


def test_rule_of_three() -> None:
    # No event seen: the 90 % interval ends where e^-x = 0.05, x = 2.9957; over 10 days that is 0.29957 a day.
    got = rate_per_day(0, 10 * DAY_NS)
    assert (got.per_day, got.low) == (0.0, 0.0)
    assert got.high == pytest.approx(-math.log(0.05) / 10, rel=1e-12)


def test_rates() -> None:
    got = rate_per_day(3, 6 * DAY_NS)
    assert (got.per_day, got.per_week) == (0.5, 3.5)
    assert got.low < 0.5 < got.high
    assert math.isnan(rate_per_day(3, 0).high)


def test_bad_input_is_refused() -> None:
    with pytest.raises(EvaluationError, match="-1 events"):
        rate_per_day(-1, 5)
    with pytest.raises(EvaluationError, match=r"at level 1\.0"):
        poisson_interval(2, 1.0)

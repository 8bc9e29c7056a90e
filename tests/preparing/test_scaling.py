"""Robust scaling: what a scale is taken from, and that it follows the unit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.preparing.scaling import quantum, robust_scale


def test_normal_values_have_their_standard_deviation() -> None:
    values = np.random.default_rng(0).normal(7, 3, size=50_000)
    center, scale, by = robust_scale(values)
    assert center == pytest.approx(7, abs=0.05)
    assert scale == pytest.approx(3, rel=0.02)
    assert by == "robust"


def test_one_per_cent_of_spikes_changes_nothing() -> None:
    values = np.random.default_rng(0).normal(7, 3, size=50_000)
    values[::100] = 1e6
    assert robust_scale(values)[1] == pytest.approx(3, rel=0.05)


def test_a_tag_that_mostly_rests_is_scaled_by_its_spread() -> None:
    """Rests at 0 for nine tenths of the time, else between 5 and 10: the median deviation is 0."""
    values = np.zeros(10_000)
    values[::10] = np.linspace(5, 10, 1000)
    _, scale, by = robust_scale(values)
    assert by == "spread"
    assert 0.3 < scale < 3


def test_a_flag_that_was_seldom_up_is_scaled_by_its_quantum() -> None:
    values = np.zeros(10_000)
    values[:20] = 1.0
    assert robust_scale(values) == (0.0, 0.5, "quantum")


def test_constants() -> None:
    five = np.full(100, 5.0)
    assert robust_scale(five, 0.0, 20.0) == (5.0, 0.2, "range")
    assert robust_scale(five) == (5.0, 0.05, "level")
    assert robust_scale(np.zeros(100)) == (0.0, 0.05, "unit")
    assert robust_scale(np.zeros(100), -1.0, 1.0) == (0.0, 0.02, "range")
    assert robust_scale(np.array([3.0]))[1] > 0


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([1e-6, 0.5, 1000.0]), st.sampled_from([0.0, 0.3]))
def test_the_scale_follows_the_unit(seed: int, factor: float, rest: float) -> None:
    random = np.random.default_rng(seed)
    values = np.where(random.random(500) < rest, 1.0, np.round(random.normal(1, 1, size=500), 2))
    center, scale, by = robust_scale(values)
    moved = robust_scale(values * factor)
    assert moved[0] == pytest.approx(center * factor)
    assert moved[1] == pytest.approx(scale * factor)
    assert moved[2] == by


def test_quantum() -> None:
    assert quantum(np.array([0.0, 0.5, 0.5, 1.0, 0.0, 2.0, 2.0, 0.5])) == 0.5
    assert quantum(np.linspace(0, 1, 100)) == 0.0
    assert quantum(np.ones(5)) == 0.0
    assert quantum(np.tile(np.arange(10.0), 10_000)) == 1.0

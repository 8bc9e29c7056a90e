"""Stuck stretches, coarse steps, straight lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.arrays import Float64Array
from tests.auditing.signals import ar, kinds


def with_stuck(length: int, phi: float = 0.9, step: float = 0.0, seed: int = 0) -> Float64Array:
    x = ar(5000, phi, seed)[:, 0] * 5 + 50
    x = np.round(x / step) * step if step else x
    x[2000 : 2000 + length] = x[2000]
    return x


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.9, 0.99, 0.999]), st.sampled_from([0.0, 0.02, 1.0, 5.0]))
@settings(max_examples=40, deadline=None)
def test_a_moving_tag_is_not_stuck_however_coarse(seed: int, phi: float, step: float) -> None:
    assert "stuck" not in kinds(with_stuck(1, phi, step, seed))


@pytest.mark.parametrize(("phi", "step", "length"), [(0.0, 0.0, 40), (0.9, 0.0, 40), (0.99, 0.5, 300), (0.9, 1.0, 200)])
def test_a_stuck_stretch_is_found(phi: float, step: float, length: int) -> None:
    found = kinds(with_stuck(length, phi, step))["stuck"]
    assert found.evidence.args["count"] == 1
    assert found.evidence.args["start"] == "2024-01-02 09:20:00Z"


def test_longer_weighs_more() -> None:
    weights = [kinds(with_stuck(length))["stuck"].weight for length in (30, 60, 200, 800)]
    assert weights == sorted(weights)
    assert weights[0] < 0.5 < weights[-1]


def test_rest_of_a_setpoint_is_not_stuck() -> None:
    assert "stuck" not in kinds(np.repeat(np.round(np.random.default_rng(0).uniform(0, 9, 30), 1), 200))


@pytest.mark.parametrize(("step", "found"), [(5.0, True), (2.0, True), (0.05, False), (0.0, False)])
def test_coarse_steps(step: float, found: bool) -> None:
    x = ar(3000, 0.9, 1)[:, 0] * 5 + 50
    assert ("quantised" in kinds(np.round(x / step) * step if step else x)) is found


def interpolated(every: int, seed: int = 0) -> Float64Array:
    x = ar(6000, 0.98, seed)[:, 0] * 5 + 50
    knots = np.arange(0, 6000, every)
    return np.interp(np.arange(6000), knots, x[knots])


@pytest.mark.parametrize("every", [6, 12, 40])
def test_straight_lines_are_found(every: int) -> None:
    found = kinds(interpolated(every))["compressed"]
    assert isinstance(found.evidence.args["share"], float)
    assert found.evidence.args["share"] > 0.9


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.99, 0.999]), st.sampled_from([0.0, 0.1, 1.0, 3.0]))
@settings(max_examples=30, deadline=None)
def test_noise_has_no_straight_lines_however_coarse(seed: int, phi: float, step: float) -> None:
    x = ar(3000, phi, seed)[:, 0] * 5 + 50
    assert "compressed" not in kinds(np.round(x / step) * step if step else x)

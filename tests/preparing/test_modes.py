"""Modes are discovered only where the evidence is strong."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import Float64Array
from andon.preparing.modes import discover_modes, levels_of


def steps(*levels: float, each: int = 300) -> Float64Array:
    return np.repeat(np.array(levels), each)


def test_levels() -> None:
    random = np.random.default_rng(0)
    found = levels_of(steps(1, 5, 9) + random.normal(0, 0.05, size=900), 8)
    assert found is not None
    np.testing.assert_allclose(found[0], [1, 5, 9], atol=0.05)
    assert levels_of(random.normal(size=900), 8) is None
    assert levels_of(random.uniform(size=900), 8) is None
    assert levels_of(np.full(900, 3.0), 8) is None
    assert levels_of(np.linspace(0, 1, 900), 8) is None
    assert levels_of(steps(1, 5, 9), 2) is None
    assert levels_of(np.concatenate((np.zeros(890), np.ones(10))), 8) is None  # a level of one per cent


def test_two_products_by_a_set_point() -> None:
    random = np.random.default_rng(1)
    setpoint = steps(0, 4, 0, 4, 0) + random.normal(0, 0.01, size=1500)
    noise = random.normal(size=1500)
    values = np.stack([noise, setpoint], axis=1)
    found = discover_modes(values, np.arange(1500), ("noise", "setpoint"), np.array([False, True]), 8)
    assert found.source == "discovered"
    assert found.channels == ("setpoint",)
    assert sorted(round(center[0]) for center in found.centers) == [0, 4]
    assert abs(found.radius - 2) < 0.1
    assert found.names == ("mode 1", "mode 2")
    assert found.reason == ("found", "2: setpoint; 100.0%")


def test_no_modes_in_noise_with_the_reason() -> None:
    values = np.random.default_rng(2).normal(size=(1000, 3))
    found = discover_modes(values, np.arange(1000), ("a", "b", "c"), np.zeros(3, dtype=bool), 8)
    assert found.source == "none"
    assert found.reason == ("no-levels", "")
    assert found.names == ("",)


def test_a_valve_that_opens_every_third_tick_is_no_mode() -> None:
    values = np.tile([0.0, 0.0, 1.0], 400)[:, None]
    found = discover_modes(values, np.arange(1200), ("valve",), np.zeros(1, dtype=bool), 8)
    assert found.source == "none"
    assert found.reason == ("too-often", "2")


def test_too_many_combinations_are_no_modes() -> None:
    random = np.random.default_rng(3)
    values = np.repeat(random.integers(0, 4, size=(120, 3)), 30, axis=0).astype(float)
    found = discover_modes(values, np.arange(len(values)), ("a", "b", "c"), np.ones(3, dtype=bool), 8)
    assert found.source == "none"
    assert found.reason[0] == "combinations"

"""Levels a tag switches between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.auditing.modes import Levels, levels_of
from andon.auditing.statistics import describe
from andon.plant.arrays import Float64Array
from andon.plant.time import MINUTE_NS
from tests.auditing.signals import ar, kinds, series


def levels(values: Float64Array) -> Levels | None:
    made = series(values)
    return levels_of(made, describe(made, MINUTE_NS))


def switching(distance: float, stay: int, phi: float = 0.9, seed: int = 0) -> Float64Array:
    return ar(8000, phi, seed)[:, 0] + 50 + distance * (np.arange(8000) // stay % 2)


@given(st.integers(0, 100_000), st.sampled_from([0.0, 0.9, 0.99, 0.999, 1.0]))
@settings(max_examples=60, deadline=None)
def test_one_process_has_one_level_even_when_it_wanders(seed: int, phi: float) -> None:
    x = ar(4000, phi, seed)[:, 0] if phi < 1 else np.cumsum(np.random.default_rng(seed).normal(size=4000))
    assert levels(x) is None


def test_a_wave_is_no_switch() -> None:
    assert levels(np.sin(np.arange(8000) / 150) * 5 + 0.2 * ar(8000, 0.5, 1)[:, 0]) is None


@pytest.mark.parametrize(("distance", "stay"), [(8.0, 100), (12.0, 700), (100.0, 2000)])
def test_two_levels_are_found(distance: float, stay: int) -> None:
    found = levels(switching(distance, stay))
    assert found is not None
    assert found.high - found.low == pytest.approx(distance, rel=0.15)
    assert found.low < found.threshold < found.high
    assert kinds(switching(distance, stay))["modes"].toml == '[modes]\nfrom = "discovered"'


def test_one_step_is_not_yet_a_mode() -> None:
    assert levels(switching(20.0, 4000)) is None


def test_a_flat_level_near_zero_is_off() -> None:
    x = switching(0.0, 100)
    x[np.arange(8000) // 900 % 3 == 2] = 0.0
    found = levels(x)
    assert found is not None
    assert found.low_is_off
    assert found.off_below
    assert "modes" not in kinds(x)
    assert (found.in_off(np.array([0.0, 50.0]))).tolist() == [True, False]

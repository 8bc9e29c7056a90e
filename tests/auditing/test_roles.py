"""Counter, clock, countdown, angle, category, set-point, constant, or measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.auditing import audit
from andon.auditing.roles import full_turn_of, guess_role
from andon.auditing.statistics import describe
from andon.plant.arrays import Float64Array
from andon.plant.tag import Role
from andon.plant.time import MINUTE_NS
from tests.auditing.signals import ar, kinds, kinds_of, recording, series


def role_of(values: Float64Array) -> Role:
    made = series(values)
    return guess_role(made, describe(made, MINUTE_NS)).role


def counter(rows: int, seed: int, reset: int = 0) -> Float64Array:
    total = np.cumsum(np.random.default_rng(seed).exponential(2.0, rows))
    return total % (total[-1] / reset) if reset else total


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.9, 0.99, 1.0]), st.integers(60, 2000))
@settings(max_examples=40, deadline=None)
def test_noise_and_random_walks_are_measured(seed: int, phi: float, rows: int) -> None:
    x = ar(rows, phi, seed)[:, 0] if phi < 1 else np.cumsum(np.random.default_rng(seed).normal(size=rows))
    assert role_of(x * 20 + 100) is Role.MEASURED


@given(st.integers(0, 10_000), st.integers(0, 6))
@settings(max_examples=25, deadline=None)
def test_a_counter_is_found_whatever_its_resets(seed: int, reset: int) -> None:
    assert role_of(counter(3000, seed, reset)) is Role.COUNTER


def test_a_drifting_sensor_is_no_counter() -> None:
    rng = np.random.default_rng(0)
    assert role_of(np.linspace(0, 50, 3000) + rng.normal(size=3000)) is Role.MEASURED
    assert role_of(np.repeat([1.0, 2.0, 3.0], 400) + 0.001 * rng.random(1200)) is not Role.COUNTER


def test_counter_countdown_and_clock_say_what_to_write() -> None:
    assert kinds(counter(2000, 1))["counter"].toml == '[[tag]]\nid = "t0"\nrole = "counter"'
    assert kinds(1e4 - counter(2000, 1))["countdown"].toml.endswith('role = "ignored"')
    assert kinds(np.arange(2000.0) * 3)["clock"].toml.endswith('role = "ignored"')
    assert "clock" not in kinds(counter(2000, 1))


@pytest.mark.parametrize("turn", [360.0, 2 * np.pi])
def test_an_angle_is_found(turn: float) -> None:
    walk = np.cumsum(np.random.default_rng(1).normal(turn / 200, turn / 60, 20_000)) % turn
    made = series(walk)
    assert full_turn_of(made, describe(made, MINUTE_NS)) == turn
    found = kinds(walk)
    assert f"full_turn = {turn!r}" in found["angle"].toml
    assert set(found) == {"angle"}


def test_noise_over_a_full_turn_and_a_valve_on_its_rails_are_no_angle() -> None:
    rng = np.random.default_rng(2)
    assert role_of(rng.uniform(0, 360, 5000)) is Role.MEASURED
    assert role_of(np.clip(ar(5000, 0.99, 3)[:, 0] * 400 + 180, 0, 360)) is Role.MEASURED
    assert role_of(np.repeat(rng.choice([0.0, 360.0], 100), 50) + rng.normal(0, 1e-3, 5000)) is not Role.ANGLE


def test_categories() -> None:
    rng = np.random.default_rng(3)
    assert role_of(np.repeat(rng.integers(0, 5, 60), 50).astype(float)) is Role.CATEGORY
    assert role_of(rng.integers(0, 2, 3000).astype(float)) is Role.CATEGORY
    assert role_of(rng.integers(0, 9, 3000).astype(float)) is Role.MEASURED  # a coarse noisy reading
    rec = recording(np.repeat(rng.integers(0, 3, 40), 50).astype(float), texts={"t0": ("A", "B", "C")})
    assert audit(rec).suggestions["t0"].tag.role is Role.CATEGORY


def test_setpoints() -> None:
    rng = np.random.default_rng(4)
    assert role_of(np.repeat(np.round(rng.uniform(20, 80, 25), 1), 200)) is Role.SETPOINT
    # A slow temperature in coarse steps rests as long, and moves by single steps.
    slow = np.rint(np.cumsum(rng.normal(0, 0.05, 5000))).astype(np.float64)
    assert np.unique(slow).size > 3
    assert role_of(slow * 1.5 + 0.5) is not Role.SETPOINT


def test_a_constant_is_to_be_ignored() -> None:
    result = audit(recording(np.full((300, 1), 4.2)))
    assert set(kinds_of(result, "t0")) == {"constant"}
    assert result.suggestions["t0"].tag.role is Role.IGNORED
    assert result.statistics[0].constant

"""Changes of unit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.auditing.jumps import CONVERSIONS
from tests.auditing.signals import ar, kinds


@pytest.mark.parametrize("name", sorted(CONVERSIONS))
@pytest.mark.parametrize("backwards", [False, True])
def test_every_conversion_is_found(name: str, backwards: bool) -> None:
    factor, offset = CONVERSIONS[name]
    level, noise = (20.0, 0.5) if offset else (80.0, 1.0)
    x = ar(4000, 0.8, 1)[:, 0] * noise + level
    part = slice(0, 2500) if backwards else slice(2500, None)
    x[part] = x[part] * factor + offset
    found = kinds(x)["unit-jump"]
    assert found.evidence.args["start"] == "2024-01-02 17:40:00Z"
    named = CONVERSIONS[str(found.evidence.args["name"])]
    assert named[0] == pytest.approx(factor, rel=0.03)  # 9.81 and 10 cannot be told apart
    assert named[1] == offset


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.9, 0.999]), st.floats(0.3, 3.0))
@settings(max_examples=40, deadline=None)
def test_noise_and_ordinary_steps_are_none(seed: int, phi: float, size: float) -> None:
    x = ar(3000, phi, seed)[:, 0] + 40
    x[1500:] += 8 * size
    assert "unit-jump" not in kinds(x)


def test_a_level_ten_times_higher_with_the_same_noise_is_another_state_of_the_machine() -> None:
    x = ar(4000, 0.8, 2)[:, 0] + 50
    x[2000:] += 450
    assert "unit-jump" not in kinds(x)


def test_a_burst_that_returns_is_none() -> None:
    x = ar(4000, 0.8, 3)[:, 0] + 50
    x[2000:2010] *= 10
    assert "unit-jump" not in kinds(x)

"""An event is relevant for quality where it costs more than normal time of the same length: as often by chance at any length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from andon.plant.arrays import Float64Array
from andon.scoring.quality_relevance import BY_CHANCE, attributable, leaves_range, usual_distances, usual_losses
from tests.scoring.soft_sensor import sensor

HELD, TRIES = 300, 1500


def errors(count: int, rng: np.random.Generator, rho: float) -> Float64Array:
    """Distances in normal time: first-order, unit variance."""
    out = np.zeros(count)
    step = rng.normal(size=count) * np.sqrt(1.0 - rho**2)
    out[0] = step[0] / np.sqrt(1.0 - rho**2)
    for at in range(1, count):
        out[at] = rho * out[at - 1] + step[at]
    return out


def called(count: int, shift: float, rho: float = 0.0, seed: int = 0) -> float:
    """Share of simulated events with so many results that are called relevant, over several sets of held-back errors."""
    rng = np.random.default_rng(seed)
    found = 0
    for at in range(TRIES):
        if at % 100 == 0:
            usual = errors(HELD, rng, rho)
        found += attributable(errors(count, rng, rho) + shift, usual) > 0.0
    return found / TRIES


@pytest.mark.parametrize("count", [1, 4, 20, 80])
@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_no_length_is_called_by_chance_more_often_than_another(count: int, rho: float) -> None:
    # One result beyond 2.58 called 1, 4, 18 and 55 % of these.
    assert called(count, 0.0, rho) <= 2.0 * BY_CHANCE


@pytest.mark.parametrize(("count", "shift", "least"), [(4, 3.0, 0.9), (20, 1.5, 0.8), (80, 1.0, 0.85), (20, 2.0, 0.95)])
def test_shifts_of_the_product_are_called(count: int, shift: float, least: float) -> None:
    assert called(count, shift, seed=1) >= least


def test_the_share_is_what_normal_time_does_not_explain() -> None:
    usual = errors(HELD, np.random.default_rng(3), 0.0)
    mean, largest = usual_losses(5, usual**2)
    shifted = np.full(5, 4.0)
    assert attributable(shifted, usual) == pytest.approx(max(1.0 - mean / 16.0, 1.0 - largest / 16.0))
    assert attributable(np.full(5, 1.0), usual) == 0.0
    assert attributable(np.zeros(0), usual) == 0.0
    assert attributable(np.array([1e9]), usual) > 0.0
    assert attributable(np.array([5.0]), np.zeros(0)) > 0.0, "without held-back errors Gaussian ones are taken"


def test_distances_of_normal_time_are_in_standard_deviations() -> None:
    model = replace(sensor(), results=np.random.default_rng(5).normal(size=4000) * 7.0 + 2.0)
    usual = usual_distances(model)
    assert usual.std() == pytest.approx(1.0, rel=0.05)
    assert abs(float(np.median(usual))) < 0.1


def test_predictions_leave_the_range_by_more_than_their_error() -> None:
    model = sensor()  # trained on 40 to 60
    inside = np.full(50, 59.0)
    assert not leaves_range(inside, inside - 5, inside + 5, model)
    slightly = np.full(50, 60.5)
    assert not leaves_range(slightly, slightly - 5, slightly + 5, model)
    assert leaves_range(slightly, slightly - 0.2, slightly + 0.2, model)
    below = np.full(50, 20.0)
    assert leaves_range(below, below - 5, below + 5, model)

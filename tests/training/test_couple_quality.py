"""The second coupling: calibrated within the same budget, worth what product shifts are found, and left out where it costs too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest

from andon.evidence.calibrate import calibrate
from andon.evidence.calibration import Calibration
from andon.plant.arrays import Float64Array
from andon.plant.budget import parse_budget
from andon.plant.time import MINUTE_NS
from andon.training.couple_quality import Coupled, couple_quality, held_checks
from andon.training.quality.report import Held, QualityReport

ROWS = 40_000
TICK = np.arange(5000, 5000 + ROWS, dtype=np.int64)


@dataclass(frozen=True)
class Told:
    """What of a report the coupling reads."""

    target: str
    level: float
    held: Held


def reports(count: int = 1600, seed: int = 0, delay: int = 20) -> list[QualityReport]:
    """Honest predictions whose errors are normal with standard deviation 2, stated as such."""
    rng = np.random.default_rng(seed)
    tick = TICK[0] + np.linspace(100, ROWS - 200, count).astype(np.int64)
    predicted: Float64Array = 50.0 + rng.normal(size=count)
    value, half = predicted + 2.0 * rng.normal(size=count), 2.0 * 1.6449
    held = Held(tick - TICK[0], tick, tick + delay, value, predicted, predicted - half, predicted + half)
    return [cast(QualityReport, Told("purity", 0.9, held))]


@pytest.fixture(scope="module")
def alone() -> Calibration:
    """The sensors' evidence on held-back time: exponential bursts that last a few ticks."""
    rng = np.random.default_rng(1)
    noise = rng.exponential(size=ROWS)
    trace = np.convolve(noise, np.full(5, 0.2), "same")
    return calibrate(trace, np.ones(ROWS, dtype=bool), TICK, MINUTE_NS, parse_budget("1/day"))


def test_checks_are_distances_in_standard_deviations() -> None:
    (report,) = reports()
    rows = held_checks(report.held, 0.9)
    np.testing.assert_allclose(rows[:, 2], (report.held.value - report.held.predicted) / 2.0, rtol=1e-4)
    assert (rows[:, 1] - rows[:, 0] == 20).all()


def test_product_shifts_are_found_that_no_sensor_shows_and_the_promise_is_kept(alone: Calibration) -> None:
    coupled = couple_quality(alone, reports())
    assert coupled is not None
    assert coupled.product_alone <= 0.2
    assert coupled.product >= 0.8
    assert coupled.used
    both = coupled.calibration
    assert both.budget == alone.budget
    assert both.threshold > alone.threshold * 0.9
    days = ROWS / 1440
    assert both.counted <= 1.5 * days
    assert coupled.evidence.reference == alone.threshold


def test_few_results_are_not_coupled(alone: Calibration) -> None:
    assert couple_quality(alone, reports(count=39)) is None
    assert couple_quality(alone, []) is None


def test_what_costs_too_many_standard_faults_is_left_out(alone: Calibration) -> None:
    coupled = couple_quality(alone, reports())
    assert coupled is not None
    dear = Coupled(coupled.evidence, coupled.calibration, 0.80, 0.77, 0.0, 1.0)
    assert not dear.used
    assert Coupled(coupled.evidence, coupled.calibration, 0.80, 0.79, 0.0, 1.0).used
    assert not Coupled(coupled.evidence, coupled.calibration, 0.80, 0.80, 0.1, 0.1).used

"""What a budget costs in misses and delay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.evidence.budget import budget_curve, cost, found_share, tightest_budget
from andon.evidence.calibrate import calibrate, rebudget
from andon.evidence.calibration import Calibration
from andon.evidence.events import Opening
from andon.evidence.fault_trace import FaultTrace, detect
from andon.evidence.normal_trace import NormalTrace
from andon.plant.budget import parse_budget
from andon.plant.time import DAY_NS
from tests.evidence.steady import MINUTE, every, steady_trace


def ramp(size: float, slope: float, seed: int, kind: str = "drift") -> FaultTrace:
    """Evidence that rises by `slope` a tick up to `size` from tick 100 on."""
    trace = steady_trace(500, seed).astype(np.float32)
    trace[100:] += np.minimum(slope * np.arange(400), size).astype(np.float32)
    return FaultTrace(kind, size, 0, "P1", 100, NormalTrace(trace, *every(500)))


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    faults = [ramp(size, slope, seed) for seed in range(10) for size, slope in ((4.0, 1.0), (1.0, 0.01), (0.0, 0.0))]
    return calibrate(steady_trace(43_200, 1), *every(43_200), MINUTE, parse_budget("1/day"), faults=faults)


def test_cost_per_standard_fault(calibration: Calibration) -> None:
    rows = {row.size: row for row in cost(calibration)}
    assert {row.count for row in rows.values()} == {10}
    assert rows[4.0].found == 1.0
    assert rows[4.0].median_delay_ns is not None
    assert rows[4.0].median_delay_ns <= 5 * MINUTE
    assert rows[0.0].found < 0.5
    assert rows[0.0].median_delay_ns is None


def test_a_tighter_promise_finds_less_and_later(calibration: Calibration) -> None:
    points = budget_curve(calibration)
    assert [point.budget.per_ns for point in points] == sorted(point.budget.per_ns for point in points)
    found = [point.found for point in points]
    assert found == sorted(found, reverse=True)
    assert len(points) == 7
    week = rebudget(calibration, parse_budget("1/week"))
    assert found_share(cost(week)) <= found_share(cost(calibration))


def test_the_curve_leaves_out_what_cannot_be_promised(calibration: Calibration) -> None:
    points = budget_curve(calibration, [parse_budget("1/day"), parse_budget("1/year")])
    assert [str(point.budget) for point in points] == ["1/day"]
    assert rebudget(calibration, tightest_budget(calibration)).budget.per_ns == 30 * DAY_NS


def test_detection_counts_from_the_injection_and_a_standing_event_must_get_worse() -> None:
    opening = Opening(1, 1, 0.5, 0.0, 0.0, 5, 1.0)
    trace = np.zeros(100, np.float32)
    trace[60:70] = 5.0
    piece = NormalTrace(trace, *every(100))
    assert detect(FaultTrace("step", 2.0, 0, "P", 50, piece), opening, 3.0) == 10.0
    assert detect(FaultTrace("step", 2.0, 0, "P", 65, piece), opening, 3.0) == float("inf")
    trace[68] = 6.0
    assert detect(FaultTrace("step", 2.0, 0, "P", 65, piece), opening, 3.0) == 3.0
    trace[80:82] = 4.0  # opened anew after it had ended, a merge gap and more after the injection
    assert detect(FaultTrace("step", 2.0, 0, "P", 79, piece), opening, 3.0) == 1.0


@given(st.lists(st.integers(0, 20), min_size=20, max_size=60), st.integers(1, 19), st.tuples(st.integers(1, 19), st.integers(1, 19)))
def test_a_lower_threshold_never_finds_less_or_later(values: list[int], at: int, thresholds: tuple[int, int]) -> None:
    piece = NormalTrace(np.array(values, dtype=np.float32), *every(len(values)))
    fault = FaultTrace("step", 2.0, 0, "P", at, piece)
    low, high = sorted(thresholds)
    for opening in (Opening(1, 1, 0.7, 0.0, 0.0, 5, 1.0), Opening(2, 3, 0.7, 0.0, 0.0, 5, 1.0)):
        assert detect(fault, opening, float(low)) <= detect(fault, opening, float(high))


def test_shares_of_nothing_and_of_one_size(calibration: Calibration) -> None:
    assert np.isnan(found_share([]))
    assert found_share(cost(calibration), 4.0) == 1.0


def test_the_candidate_that_finds_most_is_taken() -> None:
    """Faults of a single tick cannot be found by two of three."""
    short = []
    for seed in range(6):
        fault = ramp(0.0, 0.0, seed, "spike")
        fault.piece.trace[100] = 50.0
        short.append(fault)
    chosen = calibrate(steady_trace(20_000, 1), *every(20_000), MINUTE, parse_budget("1/day"), faults=short)
    assert (chosen.opening.n, chosen.opening.m) == (1, 1)
    assert found_share(cost(chosen)) == 1.0

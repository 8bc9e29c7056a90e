"""Has the process moved: rarely said of a steady process, nearly always of one that has."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from andon.evidence.calibrate import calibrate
from andon.evidence.moved import moved, standing_tail, student_tail
from andon.plant.budget import parse_budget
from tests.evidence.steady import MINUTE, every, steady_trace


@pytest.mark.parametrize("freedom", [0.7, 1.0, 3.5, 30.0])
def test_student_tail_is_scipys(freedom: float) -> None:
    for t in (-3.0, 0.0, 0.5, 2.0, 8.0):
        assert student_tail(t, freedom) == pytest.approx(stats.t(freedom).sf(t), abs=2e-4)


def test_a_steady_process_has_not_moved_and_one_that_moved_has() -> None:
    said, seen = 0, 0
    for seed in range(30):
        rho = (0.5, 0.9, 0.97)[seed % 3]
        trace = steady_trace(20_000, 900 + seed, rho)
        calibration = calibrate(trace[:10_000], *every(10_000), MINUTE, parse_budget("1/day"))
        judge, tick = every(10_000, 10_000)
        said += moved(calibration, trace[10_000:], judge, tick).moved
        verdict = moved(calibration, trace[10_000:] * 1.25 + 0.1, judge, tick)
        seen += verdict.moved
        assert not moved(calibration, trace[10_000:] * 0.7, judge, tick).moved  # quieter keeps the promise
    assert said <= 3  # level 0.01: four or more of thirty has a chance of 1 in 4,500
    assert seen >= 27


def test_what_it_reports() -> None:
    trace = steady_trace(40_000, 3)
    calibration = calibrate(trace[:20_000], *every(20_000), MINUTE, parse_budget("1/day"))
    judge, tick = every(20_000)
    judge[:5_000] = False
    verdict = moved(calibration, trace[20_000:] * 1.3, judge, tick)
    assert verdict.judged_ns == 15_000 * MINUTE
    assert verdict.promised == pytest.approx(15_000 / 1440)
    assert verdict.ratio > 2
    assert verdict.events / verdict.promised == pytest.approx(verdict.ratio)
    assert verdict.p < 0.01


def test_a_step_in_the_level_is_seen_within_a_day() -> None:
    trace = steady_trace(21_440, 4)
    calibration = calibrate(trace[:20_000], *every(20_000), MINUTE, parse_budget("1/week"))
    judge, tick = every(1_440, 20_000)
    assert moved(calibration, trace[20_000:] + 0.8 * np.std(trace), judge, tick).moved


def test_an_alarm_that_stands_for_days_is_no_normal_event() -> None:
    trace = steady_trace(40_000, 6, 0.995)
    calibration = calibrate(trace[:20_000], *every(20_000), MINUTE, parse_budget("1/week"))
    assert standing_tail(calibration, 6_000, 1) < 0.001
    assert standing_tail(calibration, 20, 10) > 0.5
    assert standing_tail(calibration, 6_000, 0) == 1.0
    later = trace[20_000:].copy()
    later[:6_000] = np.maximum(later[:6_000], calibration.threshold * 1.01)
    assert moved(calibration, later, *every(20_000)).moved

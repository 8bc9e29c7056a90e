"""Calibration: what is promised is kept on later time of a steady process; what cannot be promised is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from andon.evidence.calibrate import CalibrationRefused, calibrate, rebudget, rebudget_many
from andon.evidence.calibration import Calibration
from andon.evidence.events import EventOpener, first_exceedances, ground
from andon.evidence.fault_trace import FaultTrace
from andon.evidence.normal_trace import NormalTrace
from andon.plant.arrays import Float64Array
from andon.plant.budget import Budget, parse_budget
from andon.plant.errors import EvidenceError
from tests.evidence.steady import MINUTE, every, steady_trace


def count(calibration: Calibration, trace: Float64Array) -> int:
    judge, tick = every(len(trace))
    return len(first_exceedances(ground(trace, judge, tick, calibration.opening), calibration.threshold, calibration.opening)[0])


@pytest.fixture(scope="module")
def week() -> Calibration:
    return calibrate(steady_trace(43_200, 1), *every(43_200), MINUTE, parse_budget("1/day"))


def test_the_promise_is_kept_on_later_time() -> None:
    """24 processes of different memory; ten events promised on each later stretch."""
    realised, inside, upper = [], 0, []
    for seed in range(24):
        ticks, rho = 14_400, (0.5, 0.9, 0.98)[seed % 3]
        trace = steady_trace(2 * ticks, 100 + seed, rho)
        calibration = calibrate(trace[:ticks], *every(ticks), MINUTE, parse_budget("1/day"))
        events = count(calibration, trace[ticks:])
        low, high = calibration.prediction_interval(ticks * MINUTE)
        realised.append(events / calibration.promised(ticks * MINUTE))
        inside += low <= events <= high
        upper.append(high / calibration.promised(ticks * MINUTE))
    assert 0.4 <= np.mean(realised) <= 1.0
    assert inside >= 20
    assert np.mean(upper) <= 2.5


def test_a_promise_rarer_than_counting_resolves_is_kept_too() -> None:
    """One event promised on each of 36 held-back stretches: the tail carries it."""
    realised = 0
    for seed in range(36):
        trace = steady_trace(20_000, 500 + seed, (0.5, 0.9, 0.97)[seed % 3])
        calibration = calibrate(trace[:10_000], *every(10_000), MINUTE, Budget(1.0, 10_000 * MINUTE))
        assert calibration.method == "tail"
        realised += count(calibration, trace[10_000:])
    assert 0.3 * 36 <= realised <= 1.25 * 36  # 120 others gave 0.73, and 36 spread by 0.2


def test_counting_takes_over_where_it_resolves(week: Calibration) -> None:
    assert rebudget(week, parse_budget("3/day")).method == "counting"


def test_p_is_uniform_on_later_time_of_a_steady_process() -> None:
    trace = steady_trace(400_000, 7, 0.8)
    calibration = calibrate(trace[:200_000], *every(200_000), MINUTE, parse_budget("1/day"))
    p = calibration.p_map(trace[200_000:])
    for share, within in ((0.001, 0.4), (0.01, 0.15), (0.1, 0.05), (0.5, 0.03), (0.9, 0.03)):
        assert np.mean(p <= share) == pytest.approx(share, rel=within)


def test_p_falls_with_evidence_and_goes_on_beyond_what_was_seen(week: Calibration) -> None:
    evidence = np.linspace(0.0, 50.0, 500)
    p = week.p_map(evidence)
    assert (np.diff(p) <= 0).all()
    assert p[0] <= 1.0
    assert 0 < p[-1] < 1e-6
    assert np.isnan(week.p_map(np.array([np.nan]))).all()


def test_rarer_promises_have_higher_thresholds(week: Calibration) -> None:
    levels = [rebudget(week, parse_budget(text)).threshold for text in ("10/day", "2/day", "1/day", "1/week", "1/month")]
    assert levels == sorted(levels)
    assert len(set(levels)) == len(levels)


def test_another_budget_without_data_is_the_same_as_with_it() -> None:
    for seed in (0, 7):
        day = calibrate(steady_trace(43_200, 1), *every(43_200), MINUTE, parse_budget("1/day"), seed=seed)
        again = calibrate(steady_trace(43_200, 1), *every(43_200), MINUTE, parse_budget("1/week"), seed=seed)
        other, (many,) = rebudget(day, parse_budget("1/week")), rebudget_many(day, [parse_budget("1/week")])
        assert other.to_dict() == again.to_dict()
        assert isinstance(many, Calibration)
        assert many.to_dict() == again.to_dict()


def test_through_json_and_arrays_nothing_changes(week: Calibration) -> None:
    fault = FaultTrace("step", 4.0, 0, "P1", 50, NormalTrace(np.ones(9, np.float32), np.ones(9, bool), np.arange(45, 54)))
    gap = np.concatenate([np.arange(0, 20_000), np.arange(30_000, 53_200)])
    one = calibrate(steady_trace(43_200, 1), np.arange(43_200) % 7 != 0, gap, MINUTE, parse_budget("1/day"), faults=[fault])
    back = Calibration.from_parts(json.loads(json.dumps(one.to_dict())), one.to_arrays())
    assert back.to_dict() == one.to_dict()
    for a, b in zip(back.normal + tuple(f.piece for f in back.faults), one.normal + tuple(f.piece for f in one.faults), strict=True):
        assert np.array_equal(a.trace, b.trace)
        assert np.array_equal(a.judge, b.judge)
        assert np.array_equal(a.tick, b.tick)
    assert rebudget(back, parse_budget("1/week")).threshold == rebudget(one, parse_budget("1/week")).threshold


def test_parts_of_another_version_or_incomplete_are_refused(week: Calibration) -> None:
    with pytest.raises(EvidenceError, match="calibration of schema version 99, known is 1"):
        Calibration.from_parts(week.to_dict() | {"schema_version": 99}, week.to_arrays())
    with pytest.raises(EvidenceError, match="the calibration is incomplete"):
        Calibration.from_parts({"schema_version": 1}, {})
    with pytest.raises(EvidenceError, match="the calibration is incomplete"):
        Calibration.from_parts(week.to_dict(), {})


def test_too_short_for_the_promise_names_the_days_and_the_tightest_promise() -> None:
    with pytest.raises(CalibrationRefused) as caught:
        calibrate(steady_trace(7_200, 3), *every(7_200), MINUTE, parse_budget("1/week"))
    assert str(caught.value) == (
        "a promise of 1/week needs 7.0 days of held-back normal running time, there are 5.0 days\n"
        "  do: hold back 2.0 days more of normal running time; the tightest promise now is 1/5d"
    )
    assert caught.value.missing_days == pytest.approx(2.0)
    assert caught.value.tightest is not None
    calibrate(steady_trace(7_200, 3), *every(7_200), MINUTE, caught.value.tightest)


def test_too_few_peaks_is_refused() -> None:
    with pytest.raises(CalibrationRefused) as caught:
        calibrate(steady_trace(200, 3), *every(200), MINUTE, parse_budget("12/day"))
    assert re.fullmatch(
        r"only \d+ separate peaks of evidence in 3\.3 hours of held-back normal running time, 30 are needed\n"
        r"  do: hold back .* more of normal running time; no promise can be made yet",
        str(caught.value),
    )
    assert caught.value.tightest is None
    assert caught.value.missing_days > 0


def test_a_short_time_is_promised_with_a_shorter_merge_gap() -> None:
    """A day holds no thirty peaks an hour apart; counted five minutes apart they are more, so the promise holds for both."""
    kept = promised = 0.0
    for seed in range(12):
        trace = steady_trace(1_440 + 10_000, seed)
        short = calibrate(trace[:1_440], *every(1_440), MINUTE, parse_budget("2/day"))
        assert str(short.budget) == "2/day"
        assert short.budget.merge_gap_ns == 4 * MINUTE
        assert short.opening.gap_ticks == 4
        later = EventOpener(replace(short.opening, gap_ticks=60))
        found, _ = later.run(trace[1_440:], *every(10_000), later.start(), short.threshold)
        kept += len(found.opened)
        promised += 2 * 10_000 / 1_440
    assert 0.2 * promised < kept < promised
    assert calibrate(steady_trace(20_000, 1), *every(20_000), MINUTE, parse_budget("2/day")).budget.merge_gap_ns == 60 * MINUTE


@pytest.mark.parametrize("constant", [0.0, 3.0])
def test_constant_evidence_is_refused_not_a_crash(constant: float) -> None:
    with pytest.raises(CalibrationRefused, match="separate peaks"):
        calibrate(np.full(20_000, constant), *every(20_000), MINUTE, parse_budget("1/day"))


def test_bad_arrays_are_named() -> None:
    judge, tick = every(10)
    with pytest.raises(EvidenceError, match="stretch 0 has 9 values of evidence, 10 marks and 10 ticks"):
        calibrate(np.ones(9), judge, tick, MINUTE, parse_budget("1/day"))
    with pytest.raises(EvidenceError, match="the ticks of stretch 0 do not increase"):
        calibrate(np.ones(10), judge, tick[::-1], MINUTE, parse_budget("1/day"))
    with pytest.raises(EvidenceError, match="no tick of the held-back normal time can be judged"):
        calibrate(np.full(10, np.nan), judge, tick, MINUTE, parse_budget("1/day"))


def test_time_that_cannot_be_judged_does_not_count() -> None:
    trace, (judge, tick) = steady_trace(43_200, 5), every(43_200)
    judge[::2] = False
    calibration = calibrate(np.where(judge, trace, 1e9), judge, tick, MINUTE, parse_budget("1/day"))
    assert calibration.judged_ns == 21_600 * MINUTE
    assert calibration.running_share == pytest.approx(0.5, abs=1e-4)
    assert calibration.threshold < 100


def test_the_unit_of_the_evidence_does_not_matter() -> None:
    trace = steady_trace(20_000, 5).astype(np.float32).astype(np.float64)
    one = calibrate(trace, *every(20_000), MINUTE, parse_budget("1/day"))
    other = calibrate(trace * 1024.0, *every(20_000), MINUTE, parse_budget("1/day"))
    assert other.threshold == pytest.approx(1024.0 * one.threshold, rel=1e-6)
    assert other.rates == pytest.approx(one.rates, rel=1e-6)


def test_stretches_share_one_threshold_and_their_time_adds() -> None:
    trace = steady_trace(40_000, 9)
    judge, tick = every(20_000)
    both = calibrate([trace[:20_000], trace[20_000:]], [judge, judge], [tick, tick + 50_000], MINUTE, parse_budget("1/day"))
    assert both.judged_ns == 40_000 * MINUTE
    whole = calibrate(trace, *every(40_000), MINUTE, parse_budget("1/day"))
    assert both.threshold == pytest.approx(whole.threshold, rel=0.1)


def test_severity_has_its_fixed_meaning(week: Calibration) -> None:
    assert week.severity(week.threshold) == 0.0
    assert week.severity(week.threshold - 1.0) == 0.0
    assert week.severity(week.threshold + week.decade) == pytest.approx(0.5)
    assert week.severity(float("inf")) == 1.0
    ten_times = rebudget(week, Budget(week.budget.events, week.budget.per_ns * 10, week.budget.merge_gap_ns))
    assert ten_times.threshold - week.threshold == pytest.approx(week.decade, rel=0.3)


def test_a_year_of_minutes_takes_seconds() -> None:
    import time

    trace = steady_trace(525_600, 11)
    begin = time.process_time()
    calibrate(trace, *every(525_600), MINUTE, parse_budget("1/week"))
    assert time.process_time() - begin < 15.0

"""Group budgets: parts add up, pooled events keep the promise."""

from __future__ import annotations

import numpy as np
import pytest

from andon.evidence.budget import cost, found_share, group_cost, group_curve
from andon.evidence.calibrate import CalibrationRefused, calibrate
from andon.evidence.calibration import Calibration
from andon.evidence.fault_trace import FaultTrace
from andon.evidence.group import HeldBack, calibrate_group, judged_by_any, pooled_events, promise_group, rebudget_group, split_budget
from andon.evidence.normal_trace import NormalTrace, as_pieces
from andon.plant.arrays import Float64Array
from andon.plant.budget import parse_budget
from andon.plant.errors import EvidenceError
from tests.evidence.steady import MINUTE, every, steady_trace


def held(trace: Float64Array, faults: tuple[FaultTrace, ...] = (), first: int = 0) -> HeldBack:
    return HeldBack(as_pieces(trace, *every(len(trace), first)), MINUTE, faults)


def fault(seed: int, size: float) -> FaultTrace:
    trace = steady_trace(400, seed).astype(np.float32)
    trace[150:] += np.float32(size)
    return FaultTrace("step", size, 0, "P", 150, NormalTrace(trace, *every(400)))


def test_parts_add_up_to_the_groups_count() -> None:
    budget = parse_budget("1/day")
    ticks = {"a": 1000, "b": 3000, "c": 500}
    parts = split_budget(budget, ticks, 3200)
    total = sum(parts[asset].rate_per_hour * count for asset, count in ticks.items())
    assert total == pytest.approx(budget.rate_per_hour * 3200)


def test_the_pooled_events_keep_the_promise_later() -> None:
    later = 0
    for seed in range(4):
        whole = {asset: steady_trace(57_600, 40 + 10 * seed + number, 0.9) for number, asset in enumerate("abc")}
        judge, tick = every(28_800)
        half = {asset: trace[:28_800] for asset, trace in whole.items()}
        group = calibrate_group(half, dict.fromkeys(whole, judge), dict.fromkeys(whole, tick), MINUTE, parse_budget("1/day"))
        assert group.pooled <= group.promised == pytest.approx(20.0)
        later += pooled_events({asset: held(trace[28_800:]) for asset, trace in whole.items()}, group.assets)
    assert 0.4 * 80 <= later <= 1.05 * 80


def test_events_of_two_assets_at_once_count_once() -> None:
    trace, (judge, tick) = steady_trace(43_200, 2), every(43_200)
    same = calibrate_group({"a": trace, "b": trace}, {"a": judge, "b": judge}, {"a": tick, "b": tick}, MINUTE, parse_budget("2/day"))
    one = pooled_events({"a": held(trace)}, same.assets)
    assert same.pooled == one


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(EvidenceError, match="a budget group without an asset"):
        calibrate_group({}, {}, {}, MINUTE, parse_budget("1/day"))


def test_no_event_at_all_is_zero() -> None:
    trace, (judge, tick) = steady_trace(43_200, 2), every(43_200)
    group = calibrate_group({"a": trace}, {"a": judge}, {"a": tick}, MINUTE, parse_budget("1/day"))
    assert pooled_events({"a": held(np.zeros(100))}, group.assets) == 0


def test_a_group_of_one_has_the_whole_budget() -> None:
    trace = steady_trace(43_200, 2)
    alone = promise_group({"a": held(trace)}, parse_budget("1/day")).assets["a"]
    assert alone.to_dict() == calibrate(trace, *every(43_200), MINUTE, parse_budget("1/day")).to_dict()


def test_time_of_the_group_is_the_time_of_any_asset() -> None:
    members = {"a": held(np.ones(100)), "b": held(np.ones(100), first=60), "c": held(np.ones(10), first=500)}
    assert judged_by_any(members) == (160 + 10) * MINUTE
    five = HeldBack(as_pieces(np.ones(20), *every(20, first=1)), 5 * MINUTE)  # minutes 1 to 100
    assert judged_by_any({"a": held(np.ones(100), first=1), "five": five}) == 100 * MINUTE
    gaps = as_pieces(np.ones(10), np.arange(10) % 2 == 0, np.arange(10))
    assert judged_by_any({"a": HeldBack(gaps, MINUTE)}) == 5 * MINUTE


def test_assets_of_other_intervals_share_a_promise() -> None:
    slow = HeldBack(as_pieces(steady_trace(8_640, 5), *every(8_640)), 5 * MINUTE)
    group = promise_group({"fast": held(steady_trace(43_200, 4)), "slow": slow}, parse_budget("2/day"))
    assert group.pooled <= group.promised == pytest.approx(60.0, abs=0.1)
    assert {str(one.budget) for one in group.assets.values()} == {"2/2d"}


def test_short_sisters_share_a_threshold_where_their_scale_is_one() -> None:
    traces = {asset: steady_trace(4_320, 70 + number) for number, asset in enumerate("abc")}
    members = {asset: held(trace) for asset, trace in traces.items()}
    with pytest.raises(CalibrationRefused) as caught:
        promise_group(members, parse_budget("1/3d"))
    assert caught.value.what.startswith("1/3d for 3 assets: a promise of 1/9d needs 9.0 days")
    assert str(caught.value.tightest) == "1/day"
    promise_group(members, caught.value.tightest or parse_budget("1/day"))
    group = promise_group(members, parse_budget("1/3d"), one_scale=True)
    assert len({one.threshold for one in group.assets.values()}) == 1
    assert [len(one.normal) for one in group.assets.values()] == [3, 3, 3]
    for number, (asset, one) in enumerate(group.assets.items()):
        assert one.own == (number, number + 1)
        assert np.array_equal(one.own_normal[0].trace, traces[asset].astype(np.float32))
        assert HeldBack.of(one).judged_ns == 4_320 * MINUTE
        assert Calibration.from_parts(one.to_dict(), one.to_arrays()).own_normal[0].judged_ticks == 4_320
    again = rebudget_group(group.assets, parse_budget("1/3d"), one_scale=True)
    assert {a: one.to_dict() for a, one in again.assets.items()} == {a: one.to_dict() for a, one in group.assets.items()}
    with pytest.raises(CalibrationRefused) as too_rare:
        promise_group(members, parse_budget("1/week"), one_scale=True)
    assert str(too_rare.value.tightest) == "1/3d"


def test_the_cost_of_a_group_is_over_all_its_injections() -> None:
    members = {
        asset: held(steady_trace(28_800, 90 + number), tuple(fault(seed, size) for seed in range(8)))
        for number, (asset, size) in enumerate((("a", 9.0), ("b", 0.0)))
    }
    group = promise_group(members, parse_budget("1/day"))
    rows = {row.size: row for row in group_cost(group.assets.values())}
    assert rows[9.0] == cost(group.assets["a"])[0]
    assert rows[9.0].found == 1.0
    assert sum(row.count for row in rows.values()) == 16
    points = group_curve(group.assets, group.budget)
    assert [str(point.budget) for point in points][:4] == ["1/2.4h", "1/4.8h", "1/12h", "1/day"]
    assert points[3].found == found_share(group_cost(group.assets.values()))
    found = [point.found for point in points]
    assert found == sorted(found, reverse=True)

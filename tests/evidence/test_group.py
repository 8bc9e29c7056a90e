"""Group budgets: parts add up, pooled events keep the promise."""

from __future__ import annotations

import numpy as np
import pytest

from andon.evidence.group import calibrate_group, pooled_events, split_budget
from andon.evidence.normal_trace import as_pieces
from andon.plant.budget import parse_budget
from andon.plant.errors import EvidenceError
from tests.evidence.steady import MINUTE, every, steady_trace


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
        pieces = {asset: as_pieces(trace[28_800:], judge, tick)[0] for asset, trace in whole.items()}
        later += pooled_events(pieces, group.assets)
    assert 0.4 * 80 <= later <= 1.05 * 80


def test_events_of_two_assets_at_once_count_once() -> None:
    trace, (judge, tick) = steady_trace(43_200, 2), every(43_200)
    same = calibrate_group({"a": trace, "b": trace}, {"a": judge, "b": judge}, {"a": tick, "b": tick}, MINUTE, parse_budget("2/day"))
    one = pooled_events({"a": as_pieces(trace, judge, tick)[0]}, same.assets)
    assert same.pooled == one


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(EvidenceError, match="a budget group without an asset"):
        calibrate_group({}, {}, {}, MINUTE, parse_budget("1/day"))


def test_no_event_at_all_is_zero() -> None:
    trace, (judge, tick) = steady_trace(43_200, 2), every(43_200)
    group = calibrate_group({"a": trace}, {"a": judge}, {"a": tick}, MINUTE, parse_budget("1/day"))
    assert pooled_events({"a": as_pieces(np.zeros(100), *every(100))[0]}, group.assets) == 0

"""Events of assets in lockstep are those of each by itself, whatever their rules, thresholds, holes and restarts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evidence.events import EventOpener, OpenerState, Opening, Span
from andon.evidence.lockstep_events import AllOpenerState, OpenTogether
from andon.plant.errors import EvidenceError


@st.composite
def openings(draw: st.DrawFn) -> Opening:
    m = draw(st.integers(1, 5))
    return Opening(
        n=draw(st.integers(1, m)), m=m, hysteresis=draw(st.sampled_from([0.3, 0.7, 1.0])), centre=1.0, band=1.3,
        gap_ticks=draw(st.sampled_from([1, 3, 8])), unit=draw(st.sampled_from([0.2, 1.0])),
    )  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_in_lockstep_events_are_those_of_each_asset_by_itself(data: st.DataObject) -> None:
    count, ticks = data.draw(st.integers(1, 5)), 60
    rules = [data.draw(openings()) for _ in range(count)]
    if data.draw(st.booleans()):
        rules = [rules[0]] * count
    random = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    trace = 1.0 + np.abs(np.cumsum(random.normal(size=(ticks, count)), axis=0)) * data.draw(st.sampled_from([0.1, 0.5]))
    trace[random.random(trace.shape) < 0.03] = np.nan
    judge = random.random(trace.shape) > data.draw(st.sampled_from([0.0, 0.2, 0.5]))
    begin = random.integers(0, 20, size=count)
    levels = 1.5 + random.random((ticks, count))
    together = OpenTogether(rules)
    state, alone = together.start(), [OpenerState()] * count
    restarts = data.draw(st.sets(st.integers(0, ticks - 1), max_size=4))
    for tick in range(ticks):
        if tick in restarts:
            alone = list(together.split(state))
            state = AllOpenerState.from_arrays(together.start(), together.join(alone).to_arrays())
        live = begin <= tick
        turned = together.advance(tick, trace[tick], judge[tick], live, levels[tick], state)
        closed: dict[int, Span] = dict(turned.closed)
        for at, rule in enumerate(rules):
            if not live[at]:
                assert not turned.active[at]
                continue
            before = alone[at].span
            alone[at], ended = EventOpener(rule).advance(
                tick, float(trace[tick, at]), bool(judge[tick, at]), float(levels[tick, at]), alone[at]
            )
            assert closed.get(at) == ended
            assert state.span(at) == alone[at].span
            assert turned.active[at] == (alone[at].last_on == tick)
            now = alone[at].span
            assert (at in turned.opened) == (now is not None and (before is None or before.start != now.start))
    for at, own in enumerate(together.split(state)):
        assert (own.judged_tick, own.on, own.cusum, own.zero_tick) == (
            alone[at].judged_tick, alone[at].on, alone[at].cusum, alone[at].zero_tick,
        )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_another_budget_may_look_at_more_ticks_or_fewer(data: st.DataObject) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    trace = 1.0 + np.abs(np.cumsum(random.normal(size=(40, 3)), axis=0)) * 0.3
    judge = random.random(trace.shape) > data.draw(st.sampled_from([0.0, 0.3]))
    rule, change = data.draw(openings()), data.draw(st.integers(0, 39))
    together, live, levels = OpenTogether([rule] * 3), np.ones(3, dtype=bool), np.full(3, 1.8)
    state, alone = together.start(), [OpenerState()] * 3
    for tick in range(40):
        if tick == change:
            rule = data.draw(openings())
            together = OpenTogether([rule] * 3)
            state = AllOpenerState.from_arrays(together.start(), state.to_arrays())
        turned = together.advance(tick, trace[tick], judge[tick], live, levels, state)
        for at in range(3):
            alone[at], ended = EventOpener(rule).advance(tick, float(trace[tick, at]), bool(judge[tick, at]), 1.8, alone[at])
            assert dict(turned.closed).get(at) == ended
            assert state.span(at) == alone[at].span
    assert [own.on for own in together.split(state)] == [own.on for own in alone]


def test_a_state_of_other_assets_is_refused() -> None:
    arrays = OpenTogether([Opening()] * 2).start().to_arrays()
    with pytest.raises(EvidenceError, match=r"does not fit \(recent\)"):
        AllOpenerState.from_arrays(OpenTogether([Opening()] * 3).start(), arrays)

"""The controller: pure, bounded, causal, and it holds the rate of a process that has moved."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evidence.controller import Controller, EventRecord, Step, thresholds_at
from andon.plant.time import DAY_NS, HOUR_NS

START = 20_000 * DAY_NS
CONTROLLER = Controller(threshold=10.0, tail_scale=0.5, rate_per_hour=1.0 / 24.0)


@st.composite
def logs(draw: st.DrawFn) -> list[EventRecord]:
    records = []
    for number in range(draw(st.integers(0, 25))):
        opened = START + draw(st.integers(0, 20 * 24)) * HOUR_NS
        closed = opened + draw(st.integers(0, 30)) * HOUR_NS // 4
        false = draw(st.sampled_from([None, True, False]))
        marked = closed + draw(st.integers(0, 72)) * HOUR_NS if false is not None else None
        records.append(EventRecord(f"e{number}", opened, closed, draw(st.floats(8.0, 14.0)), false, marked))
    return records


@settings(max_examples=80, deadline=None)
@given(logs(), st.integers(0, 30 * 24), st.randoms())
def test_a_replay_is_the_same_and_what_comes_later_changes_nothing(records: list[EventRecord], hours: int, random: object) -> None:
    now, end = START + hours * HOUR_NS, START + 31 * DAY_NS
    whole = CONTROLLER.steps(records, START, end)
    assert CONTROLLER.steps(records[::-1], START, end) == whole
    known = [
        replace(r, false=None, marked_at=None) if r.marked_at is not None and r.marked_at > now else r for r in records if r.closed <= now
    ]
    assert CONTROLLER.steps(known, START, now) == tuple(step for step in whole if step.time <= now)


@settings(max_examples=80, deadline=None)
@given(logs())
def test_steps_are_bounded(records: list[EventRecord]) -> None:
    steps = CONTROLLER.steps(records, START, START + 31 * DAY_NS)
    for step in steps:
        assert CONTROLLER.threshold <= step.threshold <= 10.0 + 2.5 + 90.0 + 1e-9
        assert 0 <= step.unmarked <= 2.5 + 1e-9
        assert step.threshold == pytest.approx(10.0 + step.marked + step.unmarked)
        rise = sum(max(b.unmarked - a.unmarked, 0.0) for a, b in pairwise(steps) if step.time <= b.time < step.time + DAY_NS and b.counted)
        assert rise <= 0.02 * 10.0 + 1e-9


@settings(max_examples=50, deadline=None)
@given(logs())
def test_true_alarms_never_raise_the_threshold(records: list[EventRecord]) -> None:
    true = [replace(r, false=False, marked_at=r.closed + HOUR_NS) for r in records]
    assert all(step.threshold == 10.0 for step in CONTROLLER.steps(true, START, START + 31 * DAY_NS))


def test_unmarked_events_move_it_two_percent_a_day_and_a_quarter_in_all() -> None:
    many = [EventRecord(f"e{h}", START + h * HOUR_NS, START + h * HOUR_NS, 99.0) for h in range(24 * 40)]
    steps = CONTROLLER.steps(many, START, START + 40 * DAY_NS)
    assert thresholds_at(steps, np.array([START + 12 * HOUR_NS]))[0] == 10.0  # nothing is unmarked before 24 hours
    assert 10.0 < thresholds_at(steps, np.array([START + 47 * HOUR_NS]))[0] <= 10.2 + 1e-9
    assert max(step.threshold for step in steps) <= 12.5
    assert steps[-1].threshold > 12.0


def test_a_mark_that_comes_late_takes_back_what_the_unmarked_event_did() -> None:
    event = EventRecord("e", START, START, 99.0)
    true = replace(event, false=False, marked_at=START + 25 * HOUR_NS)
    assert CONTROLLER.steps([event], START, START + 25 * HOUR_NS)[-1].threshold > 10.0
    last = CONTROLLER.steps([true], START, START + 26 * HOUR_NS)[-1]
    assert last == Step(START + 25 * HOUR_NS, 10.0, 0.0, 0.0, "e", 0)


def test_quiet_time_brings_it_back() -> None:
    false = [EventRecord(f"e{h}", START, START, 10.0 + h, True, START + h) for h in range(1, 4)]
    steps = CONTROLLER.steps(false, START, START + 60 * DAY_NS)
    # 10 + (0.5 + 1) / 4 = 10.375; then + (0.5 + 1.625) / 4; then + (0.5 + 2.09375) / 4
    assert [step.threshold for step in steps[:4]] == pytest.approx([10.0, 10.375, 10.90625, 11.5546875])
    assert steps[-1].threshold == 10.0


def test_marked_events_move_it_a_quarter_a_day_at_most() -> None:
    false = [EventRecord(f"e{h}", START, START, 1e6, True, START + h) for h in range(1, 30)]
    steps = CONTROLLER.steps(false, START, START + DAY_NS // 2)
    assert max(step.threshold for step in steps) == pytest.approx(12.5)


def test_time_in_an_event_is_not_quiet() -> None:
    false = [EventRecord(f"e{h}", START, START, 10.5, True, START + h) for h in range(1, 3)]
    long = EventRecord("long", START + HOUR_NS, START + 49 * HOUR_NS, 99.0, False, START + 49 * HOUR_NS)
    quiet = CONTROLLER.steps(false, START, START + 3 * DAY_NS)[-1]
    busy = CONTROLLER.steps([*false, long], START, START + 3 * DAY_NS)[-1]
    assert busy.threshold > quiet.threshold


@pytest.mark.parametrize("times", [1.0, 5.0, 20.0])
def test_it_holds_the_rate_of_a_process_that_has_moved(times: float) -> None:
    """Events come `times` as often as promised at the calibrated threshold; marked false a day later."""
    rng = np.random.default_rng(1)
    records: list[EventRecord] = []
    steps: tuple[Step, ...] = ()
    for hour in range(24 * 120):
        now = START + hour * HOUR_NS
        if hour % 12 == 0:
            steps = CONTROLLER.steps(records, START, now)
        rate = times / 24.0 * np.exp(-(steps[-1].threshold - 10.0) / 0.5)
        if rng.random() < rate:
            peak = steps[-1].threshold + rng.exponential(0.5)
            records.append(EventRecord(f"e{hour}", now, now + HOUR_NS // 2, peak, True, now + DAY_NS))
    later = [r for r in records if r.opened > START + 7 * DAY_NS]
    assert 0.3 <= len(later) / 113.0 <= 1.25


def test_thresholds_at_each_time() -> None:
    steps = (Step(100, 1.0, 0, 0), Step(200, 2.0, 0, 0), Step(200, 3.0, 0, 0), Step(300, 1.5, 0, 0))
    assert thresholds_at(steps, np.array([50, 100, 199, 200, 299, 300, 999])).tolist() == [1.0, 1.0, 1.0, 3.0, 3.0, 1.5, 1.5]

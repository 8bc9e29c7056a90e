"""Events against labels, each case small enough to count by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evaluating.events import EventScores, Span, label_mask, match_events, spans
from andon.plant.errors import EvaluationError
from andon.plant.label import Label, LabelKind
from andon.plant.time import DAY_NS


def fault(start: int, end: int, kind: LabelKind = LabelKind.FAULT) -> Label:
    return Label("pump", start, end, kind)


def match(events: list[Span], labels: list[Label], **more: int) -> EventScores:
    return match_events(events, labels, running_ns=10 * DAY_NS, **more)


def test_caught_missed_false() -> None:
    got = match([Span(110, 120), Span(300, 310)], [fault(100, 150), fault(200, 250)])
    assert [c.label.start for c in got.caught] == [100]
    assert [label.start for label in got.missed] == [200]
    assert (got.true, got.false, got.false_count) == ((0,), (1,), 1)
    assert (got.recall, got.precision, got.f1) == (0.5, 0.5, 0.5)
    assert got.caught[0].delay_ns == got.median_delay_ns == 10
    assert (got.caught[0].lead_ns, got.caught[0].before_end_ns) == (0, 40)
    assert got.false_rate.per_day == 0.1


def test_lead_time_counts_only_within_the_agreed_lead() -> None:
    early = [Span(80, 90)]
    assert match(early, [fault(100, 150)]).recall == 0.0
    got = match(early, [fault(100, 150)], lead_ns=30)
    assert (got.recall, got.caught[0].lead_ns, got.caught[0].delay_ns) == (1.0, 20, -20)


def test_an_alarm_that_always_stands_catches_nothing() -> None:
    got = match([Span(0, None)], [fault(100, 150), fault(200, 250)])
    assert (got.recall, got.precision, got.f1) == (0.0, 0.0, 0.0)
    assert got.alarm_share == 1.0


def test_a_true_event_that_lasts_covers_the_next_fault() -> None:
    got = match([Span(110, 230)], [fault(100, 150), fault(200, 250)])
    assert (len(got.caught), got.true, got.precision) == (2, (0,), 1.0)
    assert got.caught[1].delay_ns == -90


def test_an_event_that_opened_before_and_runs_into_a_fault_is_false() -> None:
    got = match([Span(10, 120)], [fault(100, 150)])
    assert (got.recall, got.false_count) == (0.0, 1)


def test_planned_and_unknown_time_excuses() -> None:
    labels = [fault(100, 150, LabelKind.PLANNED), fault(200, 250, LabelKind.UNKNOWN), fault(300, 350, LabelKind.FALSE)]
    got = match([Span(140, 160), Span(210, 220), Span(310, 320)], labels)
    assert (got.excused, got.false) == ((0, 1), (2,))
    assert math.isnan(got.recall)
    assert math.isnan(got.f1)


def test_false_events_close_together_count_once() -> None:
    events = [Span(0, 10), Span(15, 20), Span(60, 70)]
    assert match(events, []).false_count == 3
    assert match(events, [], merge_gap_ns=10).false_count == 2
    assert match(events, [], merge_gap_ns=100).false_count == 1


def test_several_events_in_one_fault_are_all_true_and_the_first_gives_the_delay() -> None:
    got = match([Span(140, 145), Span(105, 110)], [fault(100, 150)])
    assert (got.true, got.caught[0].event, got.caught[0].delay_ns) == ((1, 0), 1, 5)
    assert got.precision == 1.0


def test_a_fault_labelled_by_one_instant_can_be_caught() -> None:
    assert match([Span(100, 120)], [fault(100, 100)]).recall == 1.0


def test_labels_outside_the_period_are_left_out() -> None:
    labels = [fault(0, 100), fault(90, 110), fault(150, 150), fault(200, 250), fault(201, 250)]
    got = match([Span(195, None)], labels, since_ns=100, until_ns=200, lead_ns=10)
    assert [label.start for label in got.missed] == [90, 150]
    assert [c.label.start for c in got.caught] == [200]


def test_an_event_that_lasts_ends_with_the_period() -> None:
    got = match([Span(50, None)], [], until_ns=50 + DAY_NS)
    assert got.alarm_share == pytest.approx(0.1)


def test_nothing_at_all() -> None:
    got = match([], [])
    assert math.isnan(got.precision)
    assert math.isnan(got.median_delay_ns)
    assert (got.false_rate.per_day, got.alarm_share) == (0.0, 0.0)


def test_spans_of_a_row_of_alarms() -> None:
    time = np.arange(10, dtype=np.int64) * 60
    alarm = np.array([1, 1, 0, 1, 0, 0, 0, 1, 1, 1])
    assert spans(time, alarm) == (Span(0, 60), Span(180, 180), Span(420, 540))
    assert spans(time, alarm, 121) == (Span(0, 180), Span(420, 540))
    assert spans(time, np.zeros(10)) == ()


def test_label_mask_is_half_open() -> None:
    time = np.arange(6, dtype=np.int64)
    assert label_mask(time, [fault(1, 3)]).tolist() == [False, True, True, False, False, False]
    both = label_mask(time, [fault(1, 3), fault(4, 5, LabelKind.PLANNED)], LabelKind.FAULT, LabelKind.PLANNED)
    assert both.tolist() == [False, True, True, False, True, False]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60)), max_size=8), st.lists(st.integers(0, 7), max_size=3), st.randoms())
def test_laws(raw: list[tuple[int, int]], where: list[int], random: object) -> None:
    events = [Span(start, start + length) for start, length in raw]
    labels = [fault(50 * w, 50 * w + 20) for w in sorted(set(where))]
    got = match(events, labels, merge_gap_ns=7)
    assert sorted([*got.true, *got.false, *got.excused]) == list(range(len(events)))  # every event has one fate
    assert len(got.caught) + len(got.missed) == len(labels)
    turned = match(events[::-1], labels[::-1], merge_gap_ns=7)
    assert (len(turned.caught), turned.false_count) == (len(got.caught), got.false_count)
    more = match(events, labels, merge_gap_ns=7, lead_ns=15)
    assert len(more.caught) >= len(got.caught)  # allowing lead never loses a fault
    assert more.false_count <= got.false_count + len(more.true)


def test_bad_input_is_refused() -> None:
    with pytest.raises(EvaluationError, match="pump ends before it starts"):
        match([], [fault(5, 3)])
    with pytest.raises(EvaluationError, match="must not be negative"):
        match([], [], lead_ns=-1)

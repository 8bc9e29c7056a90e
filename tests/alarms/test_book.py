"""The book: events become alarms, join their case, are suppressed below a parent or in a pause; nothing is lost or doubled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from andon.alarms.book import KEEP_NS, Book
from andon.alarms.life import replay
from andon.alarms.pausing import lift
from andon.plant.alarm import (
    Acknowledge,
    AlarmKind,
    Clear,
    Comment,
    Pause,
    Raise,
    Reset,
    Shelve,
    State,
    SuppressedBy,
    TakeOut,
    Unshelve,
)
from andon.plant.errors import AlarmConflictError, AlarmError
from andon.plant.time import DAY_NS, HOUR_NS
from andon.plant.verdict import Event
from tests.alarms.events import MIN, T0, closed, event
from tests.alarms.plants import do, plant


def state_of(book: Book, alarm_id: str, now: int) -> State:
    alarm = book.alarm(alarm_id, now)
    assert alarm is not None
    return alarm.state


def names(book: Book, event_: Event, at: int) -> list[str]:
    return [record.act.name for record in do(book, book.opened(event_, at))]


def test_an_event_with_an_action_is_an_alarm_and_one_without_a_notification() -> None:
    book = Book(plant())
    hot, low = event(), event(T0 + 1, shares={"LIC-1": 1.0})
    assert names(book, hot, T0) == names(book, low, T0 + 1) == ["raise"]
    alarm, notification = book.open(T0 + 1)
    assert (alarm.id, alarm.kind, alarm.priority, alarm.action) == (hot.id, AlarmKind.ALARM, 2, "close V-3")
    assert (notification.kind, notification.priority, notification.action) == (AlarmKind.NOTIFICATION, 4, "")


def test_the_same_event_comes_once() -> None:
    book = Book(plant())
    do(book, book.opened(event(), T0))
    assert book.opened(event(), T0).records == ()
    assert book.opened(event(), T0 + MIN).records == ()
    do(book, book.closed(event(), T0 + MIN))
    assert book.closed(event(), T0 + MIN).records == ()
    assert book.closed(event(T0 + HOUR_NS), T0 + MIN).records == ()
    assert book.opened(event(), T0 + 2 * MIN).records == ()


def test_events_of_one_cause_share_a_case_and_others_do_not() -> None:
    book = Book(plant())
    first = event()
    do(book, book.opened(first, T0))
    do(book, book.opened(event(T0 + MIN, shares={"TIC-2": 1.0}), T0 + MIN))  # the same group of tags
    do(book, book.opened(event(T0 + 2 * MIN, shares={"LIC-1": 1.0}), T0 + 2 * MIN))
    do(book, book.opened(event(T0 + 3 * MIN, "pump 2"), T0 + 3 * MIN))
    assert [(alarm.asset, len(alarm.open_events)) for alarm in book.open(T0 + 4 * MIN)] == [("pump 1", 2), ("pump 1", 1), ("pump 2", 1)]


def test_what_comes_again_soon_after_it_was_over_is_the_same_alarm() -> None:
    book = Book(plant(rejoin_ns=HOUR_NS))
    first = event()
    do(book, book.opened(first, T0))
    do(book, book.act(first.id, Acknowledge(), at=T0 + MIN, by="ann"))
    do(book, book.closed(closed(first, T0 + MIN), T0 + 2 * MIN))
    assert book.open(T0 + 2 * MIN) == ()
    do(book, book.opened(event(T0 + HOUR_NS), T0 + HOUR_NS))
    (alarm,) = book.open(T0 + HOUR_NS)
    assert (alarm.id, alarm.count, alarm.state) == (first.id, 2, State.UNACKNOWLEDGED)
    do(book, book.act(first.id, Acknowledge(), at=T0 + HOUR_NS, by="ann"))
    do(book, book.closed(event(T0 + HOUR_NS), T0 + HOUR_NS + MIN))
    late = event(T0 + 2 * HOUR_NS + MIN)
    do(book, book.opened(late, late.start))
    assert [alarm.id for alarm in book.open(late.start)] == [late.id]


def test_an_unacknowledged_case_takes_in_what_comes_days_later() -> None:
    book = Book(plant())
    first = event()
    do(book, book.opened(first, T0))
    do(book, book.closed(first, T0 + MIN))
    do(book, book.opened(event(T0 + 5 * DAY_NS), T0 + 5 * DAY_NS))
    (alarm,) = book.open(T0 + 5 * DAY_NS)
    assert (alarm.id, alarm.count) == (first.id, 2)


def test_what_is_known_at_the_end_is_kept_and_rings_no_more() -> None:
    book = Book(plant())
    do(book, book.opened(event(severity=0.2), T0))
    do(book, book.act(event().id, Acknowledge(), at=T0 + MIN, by="ann"))
    worse = closed(event(severity=0.9), T0 + HOUR_NS)
    assert [record.act.name for record in do(book, book.closed(worse, T0 + 2 * HOUR_NS))] == ["clear", "revise"]
    alarm = book.alarm(event().id, T0 + 2 * HOUR_NS)
    assert alarm is not None
    assert (alarm.state, alarm.event.severity, alarm.event.end) == (State.NORMAL, 0.9, T0 + HOUR_NS)


def test_an_event_that_grows_rings_again_once_it_is_more_urgent() -> None:
    book = Book(plant())
    do(book, book.opened(event(severity=0.2), T0))  # major: priority 3
    do(book, book.act(event().id, Acknowledge(), at=T0 + MIN, by="ann"))
    assert book.revised(event(severity=0.4), T0 + 2 * MIN).records == ()
    assert len(do(book, book.revised(event(severity=0.6), T0 + 3 * MIN))) == 1
    (alarm,) = book.open(T0 + 3 * MIN)
    assert (alarm.priority, alarm.state) == (2, State.UNACKNOWLEDGED)
    assert book.revised(event(severity=0.7), T0 + 4 * MIN).records == ()
    do(book, book.closed(event(severity=0.7), T0 + 5 * MIN))
    assert book.revised(event(severity=0.9), T0 + 6 * MIN).records == ()


def test_a_parent_suppresses_its_children_and_lets_them_go() -> None:
    book = Book(plant())
    pump, line, motor = event(), event(T0 + MIN, "line", {"TIC-9": 1.0}, severity=0.9), event(T0 + 2 * MIN, "motor")
    other = event(T0 + 2 * MIN, "other")
    do(book, book.opened(pump, T0))
    records = do(book, book.opened(line, T0 + MIN))
    assert [(record.alarm_id, record.act.name) for record in records] == [(line.id, "raise"), (pump.id, "suppress")]
    assert names(book, motor, T0 + 2 * MIN) == ["raise", "suppress", "suppress"]
    assert names(book, other, T0 + 2 * MIN) == ["raise"]
    now = T0 + 3 * MIN
    assert [state_of(book, found.id, now) for found in (pump, line, motor, other)] == [
        State.SUPPRESSED, State.UNACKNOWLEDGED, State.SUPPRESSED, State.UNACKNOWLEDGED,
    ]  # fmt: skip
    alarm = book.alarm(motor.id, now)
    assert alarm is not None
    assert alarm.case == pump.id
    assert book.case(alarm) == line.id
    records = do(book, book.closed(line, now))
    assert [record.act.name for record in records] == ["clear", "unsuppress", "unsuppress", "revise"]
    # The motor is still below the pump, which is in alarm itself.
    assert [state_of(book, found.id, now) for found in (pump, motor)] == [State.UNACKNOWLEDGED, State.SUPPRESSED]
    assert book.case(alarm) == pump.id


def test_a_child_that_is_more_urgent_is_not_suppressed() -> None:
    book = Book(plant())
    do(book, book.opened(event(T0, "pump 1", {"TIC-1": 1.0}, severity=0.2), T0))  # priority 3
    child = event(T0, "motor", {"TIC-1": 1.0}, severity=0.9)  # priority 1
    assert names(book, child, T0) == ["raise"]


def test_a_child_that_becomes_more_urgent_comes_out_and_a_parent_that_does_takes_it_in_again() -> None:
    book = Book(plant())
    parent, child = event(T0, severity=0.6), event(T0 + MIN, "motor", severity=0.6)  # both priority 2
    do(book, book.opened(parent, T0))
    do(book, book.opened(child, T0 + MIN))
    assert state_of(book, child.id, T0 + MIN) is State.SUPPRESSED
    worse = replace(child, severity=0.9)
    assert [record.act.name for record in do(book, book.revised(worse, T0 + 2 * MIN))] == ["revise", "unsuppress"]
    assert state_of(book, child.id, T0 + 2 * MIN) is State.UNACKNOWLEDGED
    records = do(book, book.revised(replace(parent, severity=0.9), T0 + 3 * MIN))
    assert [(record.alarm_id, record.act.name) for record in records] == [(parent.id, "revise"), (child.id, "suppress")]


def test_a_child_that_is_no_longer_more_urgent_goes_below_its_parent() -> None:
    book = Book(plant())
    urgent, other = event(T0, "motor", severity=0.9), event(T0 + MIN, "motor", {"TIC-2": 1.0})
    parent = event(T0 + 2 * MIN, shares={"TIC-2": 1.0})
    for found in (urgent, other, parent):
        do(book, book.opened(found, found.start))
    assert state_of(book, urgent.id, T0 + 2 * MIN) is State.UNACKNOWLEDGED
    do(book, book.closed(urgent, T0 + 3 * MIN))
    assert state_of(book, urgent.id, T0 + 3 * MIN) is State.SUPPRESSED


def test_a_case_that_was_over_and_is_taken_out_of_service_stands_below_its_parent() -> None:
    book = Book(plant())
    child, parent = event(T0, "motor"), event(T0 + HOUR_NS)
    do(book, book.opened(child, T0))
    do(book, book.act(child.id, Acknowledge(), at=T0 + MIN, by="ann"))
    do(book, book.closed(closed(child, T0 + 2 * MIN), T0 + 2 * MIN))
    do(book, book.opened(parent, T0 + HOUR_NS))
    assert [alarm.id for alarm in book.open(T0 + HOUR_NS)] == [parent.id]
    records = do(book, book.act(child.id, TakeOut("away"), at=T0 + HOUR_NS, by="ann"))
    assert [(record.alarm_id, record.act.name) for record in records] == [(child.id, "take-out"), (child.id, "suppress")]


def test_an_event_that_a_calibration_does_not_cover_brings_its_case_out() -> None:
    book = Book(plant())
    pause = Pause(SuppressedBy.CALIBRATION, T0, T0 + HOUR_NS, "pump 1", ("TIC-1",), "yearly", "eve", T0)
    book.keep(pause, T0)
    covered, real = event(T0, shares={"TIC-1": 1.0}), event(T0 + MIN, shares={"TIC-2": 1.0})
    assert names(book, covered, T0) == ["raise", "suppress"]
    assert names(book, real, T0 + MIN) == ["raise", "unsuppress"]
    assert state_of(book, covered.id, T0 + MIN) is State.UNACKNOWLEDGED
    # And one that it covers does not take a case with it that stands for another reason.
    assert names(book, event(T0 + 2 * MIN, shares={"TIC-1": 1.0}), T0 + 2 * MIN) == ["raise"]


def test_what_is_hidden_hides_nothing() -> None:
    book = Book(plant())
    line, pump = event(T0, "line", {"TIC-9": 1.0}, severity=0.9), event(T0 + MIN)
    do(book, book.opened(line, T0))
    do(book, book.opened(pump, T0 + MIN))
    assert state_of(book, pump.id, T0 + MIN) is State.SUPPRESSED
    do(book, book.act(line.id, Shelve(T0 + 10 * MIN, "known"), at=T0 + 2 * MIN, by="ann"))
    assert state_of(book, pump.id, T0 + 2 * MIN) is State.UNACKNOWLEDGED
    # The shelf ends by time, and the parent stands above its child again, from that time on.
    (record,) = do(book, book.tick(T0 + 15 * MIN))
    assert (record.alarm_id, record.act.name, record.at) == (pump.id, "suppress", T0 + 10 * MIN)
    do(book, book.act(line.id, TakeOut("away"), at=T0 + 20 * MIN, by="eve"))
    assert state_of(book, pump.id, T0 + 20 * MIN) is State.UNACKNOWLEDGED


def test_delays_end_in_order_whenever_somebody_looks() -> None:
    """A parent that commands from its on-delay to its off-delay: looked at late, the records are those of somebody who looked often."""
    line, pump = event(T0, "line", {"TIC-9": 1.0}, severity=0.9), event(T0 - MIN)

    def run(looks: list[int]) -> list[tuple[str, str, int]]:
        book = Book(plant(on_delay_ns=5 * MIN, off_delay_ns=5 * MIN))
        records = [*do(book, book.opened(pump, T0 - MIN)), *do(book, book.opened(line, T0))]
        for look in looks[: len(looks) // 2]:
            records += do(book, book.tick(look))
        records += do(book, book.closed(line, T0 + 6 * MIN))
        for look in looks[len(looks) // 2 :]:
            records += do(book, book.tick(look))
        records += do(book, book.opened(event(T0 + 20 * MIN, "other"), T0 + 20 * MIN))
        return [(record.alarm_id, record.act.name, record.at) for record in records]

    often = run([T0 + step * MIN for step in (1, 5, 6, 7, 11, 15)])
    assert often == run([])
    assert [(name, at) for alarm_id, name, at in often if alarm_id == pump.id and name != "raise"] == [
        ("suppress", T0 + 5 * MIN),
        ("unsuppress", T0 + 11 * MIN),
    ]


def test_two_things_at_one_moment_are_both_followed_up() -> None:
    """The shelf of the pump ends when the delay of the line does: both stand above the motor then."""
    book = Book(plant(on_delay_ns=5 * MIN))
    pump, motor, line = event(T0), event(T0 + 2 * MIN, "motor"), event(T0 + 15 * MIN, "line", {"TIC-9": 1.0}, severity=0.9)
    do(book, book.opened(pump, pump.start))
    do(book, book.opened(motor, motor.start))
    do(book, book.act(pump.id, Shelve(T0 + 20 * MIN, "known"), at=T0 + 6 * MIN, by="ann"))
    do(book, book.opened(line, line.start))
    do(book, book.tick(T0 + 20 * MIN))
    alarm = book.alarm(motor.id, T0 + 20 * MIN)
    assert alarm is not None
    assert {found.cause for found in alarm.suppressions} == {pump.id, line.id}


@pytest.mark.parametrize("kind", [SuppressedBy.MAINTENANCE, SuppressedBy.SETTLING, SuppressedBy.SETPOINT])
def test_a_pause_works_at_once_on_what_stands_and_what_comes(kind: SuppressedBy) -> None:
    book = Book(plant())
    do(book, book.opened(event(), T0))
    pause = Pause(kind, T0 + MIN, T0 + HOUR_NS, "pump 1", why="new recipe", by="eve", at=T0 + MIN)
    records = do(book, book.pausing(pause, T0 + MIN))
    book.keep(pause, T0 + MIN)
    assert [record.act.name for record in records] == ["suppress"]
    assert names(book, event(T0 + 2 * MIN, shares={"LIC-1": 1.0}), T0 + 2 * MIN) == ["raise", "suppress"]
    assert names(book, event(T0 + 2 * MIN, "pump 2"), T0 + 2 * MIN) == ["raise"]
    assert {alarm.state for alarm in book.open(T0 + 3 * MIN) if alarm.asset == "pump 1"} == {State.SUPPRESSED}
    assert book.pauses(T0 + 3 * MIN) == (pause,)
    # It ends by its time, without a record, or earlier by a person.
    assert {alarm.state for alarm in book.open(T0 + HOUR_NS)} == {State.UNACKNOWLEDGED}
    lifted, _ = lift(pause, "eve", T0 + 5 * MIN)
    assert [record.act.name for record in do(book, book.pausing(lifted, T0 + 5 * MIN))] == ["unsuppress", "unsuppress"]
    book.keep(lifted, T0 + 5 * MIN)
    assert {alarm.state for alarm in book.open(T0 + 5 * MIN)} == {State.UNACKNOWLEDGED}
    assert names(book, event(T0 + 6 * MIN, shares={"LIC-9": 1.0}), T0 + 6 * MIN) == ["raise"]
    assert book.pauses(T0 + 6 * MIN) == ()


def test_a_calibration_suppresses_the_alarms_of_its_transmitter_only() -> None:
    book = Book(plant())
    pause = Pause(SuppressedBy.CALIBRATION, T0, T0 + HOUR_NS, "pump 1", ("TIC-1",), "yearly", "eve", T0)
    do(book, book.pausing(pause, T0))
    book.keep(pause, T0)
    assert names(book, event(T0, shares={"TIC-1": 0.5, "LIC-1": 0.5, "x": -0.1}), T0) == ["raise", "suppress"]
    assert names(book, event(T0 + 1, shares={"TIC-9": 0.51, "PIC-9": 0.49}), T0) == ["raise"]


def test_a_pause_that_begins_later_suppresses_what_stands_then() -> None:
    book = Book(plant())
    do(book, book.opened(event(), T0))
    pause = Pause(SuppressedBy.MAINTENANCE, T0 + HOUR_NS, T0 + 2 * HOUR_NS, why="cleaning", by="eve", at=T0)
    assert do(book, book.pausing(pause, T0)) == ()
    book.keep(pause, T0)
    assert do(book, book.tick(T0 + HOUR_NS - 1)) == ()
    (record,) = do(book, book.tick(T0 + HOUR_NS + 5 * MIN))
    assert (record.act.name, record.at) == ("suppress", T0 + HOUR_NS)


def test_a_pause_that_was_lifted_stays_so_and_those_that_are_over_are_dropped() -> None:
    book = Book(plant())
    pause = Pause(SuppressedBy.MAINTENANCE, T0, T0 + HOUR_NS, why="cleaning")
    book.keep(pause, T0)
    book.keep(replace(pause, end=T0 + MIN), T0 + MIN)
    book.keep(pause, T0 + MIN)
    assert book.pauses(T0 + MIN) == ()
    for number in range(1000):
        at = T0 + number * DAY_NS
        book.keep(Pause(SuppressedBy.MAINTENANCE, at, at + HOUR_NS), at)
        do(book, book.tick(at))
    assert len(book._pauses) < 200


def test_a_decision_changes_nothing_until_it_is_committed() -> None:
    book = Book(plant())
    first, second = book.opened(event(), T0), book.opened(event(asset="pump 2"), T0)
    assert len(book) == 0
    assert book.opened(event(), T0) == first
    book.commit(first)
    with pytest.raises(AlarmConflictError, match="the book has changed since this was decided"):
        book.commit(second)
    book.commit(book.opened(event(asset="pump 2"), T0))
    assert len(book) == 2
    # What time has brought waits for its commit as well.
    book.commit(book.act(event().id, Shelve(T0 + HOUR_NS, "known"), at=T0, by="ann"))
    assert len(book.tick(T0 + 2 * HOUR_NS).records) == len(book.tick(T0 + 2 * HOUR_NS).records) == 0


def test_two_people_at_once() -> None:
    book = Book(plant())
    do(book, book.opened(event(), T0))
    do(book, book.act(event().id, Acknowledge(), at=T0 + 1, by="ann", seen=1))
    with pytest.raises(AlarmConflictError):
        book.act(event().id, Shelve(T0 + HOUR_NS, "known"), at=T0 + 2, by="bo", seen=1)
    do(book, book.act(event().id, Comment("me too"), at=T0 + 2, by="bo"))


def test_acts_that_are_refused() -> None:
    book = Book(plant())
    do(book, book.opened(event(), T0))
    with pytest.raises(AlarmError, match="no alarm x in the book"):
        book.act("x", Acknowledge(), at=T0, by="ann")
    with pytest.raises(AlarmError, match="'clear' is not for people"):
        book.act(event().id, Clear(event().id), at=T0, by="ann")
    with pytest.raises(AlarmError, match="a shelf of 12h1min is too long, at most 12h"):
        book.act(event().id, Shelve(T0 + 12 * HOUR_NS + MIN, "known"), at=T0, by="ann")
    with pytest.raises(AlarmError, match="is unacknowledged: it cannot take 'reset'"):
        book.act(event().id, Reset(), at=T0, by="ann")
    with pytest.raises(AlarmError, match="it cannot take 'unshelve'"):
        book.act(event().id, Unshelve(), at=T0, by="ann")


def test_a_closed_alarm_is_forgotten_and_can_be_loaded_again() -> None:
    book = Book(plant())
    records = list(do(book, book.opened(event(shares={"LIC-1": 1.0}), T0)))
    alarm_id = event(shares={"LIC-1": 1.0}).id
    records += do(book, book.closed(event(shares={"LIC-1": 1.0}), T0 + MIN))
    do(book, book.tick(T0 + MIN + KEEP_NS - 1))
    assert len(book) == 1
    do(book, book.tick(T0 + MIN + KEEP_NS))
    assert len(book) == 0
    book.load(records)
    assert book.alarm(alarm_id, T0 + MIN) == replay(records)
    do(book, book.tick(T0 + 2 * KEEP_NS))
    assert len(book) == 0
    book.load(records, T0 + 2 * KEEP_NS)
    do(book, book.act(alarm_id, Comment("late"), at=T0 + 2 * KEEP_NS, by="ann"))


def test_the_first_fortnight_gives_notifications_only() -> None:
    settings = replace(plant().alarms, first_fortnight=True)
    book = Book(replace(plant(), alarms=settings), {"pump 1": T0 - 13 * DAY_NS})
    do(book, book.opened(event(), T0))
    do(book, book.opened(event(asset="pump 2"), T0))
    assert [alarm.kind for alarm in book.open(T0)] == [AlarmKind.NOTIFICATION, AlarmKind.ALARM]
    assert not book.notify_only("pump 1", T0 + DAY_NS)
    book.serve("pump 1", T0)
    assert book.notify_only("pump 1", T0 + DAY_NS)
    # One that began as a notification stays one, however it grows.
    assert book.revised(event(severity=0.99), T0 + MIN).records == ()


def test_changes_are_told_once_those_by_time_too() -> None:
    book = Book(plant())
    do(book, book.opened(event(), T0))
    assert book.take_changed() == (event().id,)
    assert book.take_changed() == ()
    do(book, book.act(event().id, Shelve(T0 + HOUR_NS, "known"), at=T0, by="ann"))
    book.take_changed()
    do(book, book.tick(T0 + HOUR_NS - 1))
    assert book.take_changed() == ()
    do(book, book.tick(T0 + HOUR_NS))
    assert book.take_changed() == (event().id,)


def test_the_raise_keeps_the_largest_shares() -> None:
    shares = {f"T{number:03}": 1.0 / (number + 2) for number in range(100)} | {"against": -0.4}
    book = Book(plant())
    (record,) = do(book, book.opened(event(shares=shares), T0))
    assert isinstance(record.act, Raise)
    assert len(record.act.event.shares) == 32
    assert "against" in record.act.event.shares
    assert record.act.event.id == event(shares=shares).id
